//===- MaskedAccesses.h - masked loads and stores without instructions ----===//
//
// For CPUs such as NEON's, where LLVM takes each masked access apart, lane by lane.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_CPU_MASKEDACCESSES_H
#define FOVEA_COMPILER_TARGETS_CPU_MASKEDACCESSES_H

#include "llvm/IR/Module.h"

namespace fovea::cpu {

/// Puts a plain load or store beside each masked one, and a branch before them to it when all lanes
/// of the mask are set: masks cut off the last columns or queries, so most are whole. For optimized
/// modules.
void branchWhereMasksAreWhole(llvm::Module &module);

} // namespace fovea::cpu

#endif // FOVEA_COMPILER_TARGETS_CPU_MASKEDACCESSES_H
