//===- Blocks.h - blocks of a launch, from their start to their end -------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_EMULATOR_BLOCKS_H
#define FOVEA_RUNTIME_EMULATOR_BLOCKS_H

#include "runtime/Emulator/Grid.h"

namespace fovea::emulator {

/// Sets the machine up for blocks of a launch, `resident` at the same time; false when there is no
/// memory for their stacks.
bool configure(Machine &machine, const Launch &launch, size_t resident);

/// Runs block `index` of the grid, alone on the machine, to its end or until it breaks a rule.
void runBlock(Machine &machine, int32_t index);

/// Runs all blocks at the same time.
void runResidents(Machine &machine);

/// Makes the machine ready to run another block after one that broke a rule: marks of copies and
/// mbarriers may be anywhere, and threads in the middle of their work.
void recover(Machine &machine);

} // namespace fovea::emulator

#endif // FOVEA_RUNTIME_EMULATOR_BLOCKS_H
