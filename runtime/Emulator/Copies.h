//===- Copies.h - copies to shared memory that go on beside the code ------===//
//
// cp.async: the hardware may write at any time from the instruction on until a wait for it. By the
// seed a copy lands at once or as late as it may. Until its thread has waited, nobody may touch
// where it goes.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_EMULATOR_COPIES_H
#define FOVEA_RUNTIME_EMULATOR_COPIES_H

#include "runtime/Emulator/Grid.h"

namespace fovea::emulator {

/// Copies `valid` bytes, and zeros behind them up to `bytes`.
void copyAsync(Thread &thread, void *to, const void *from, int32_t bytes, int32_t valid,
               int32_t site);

/// What was copied since the last commit becomes a group.
void commitCopies(Thread &thread);

/// Waits until at most `pending` of the thread's groups are under way.
void waitCopies(Thread &thread, int32_t pending, int32_t site);

/// Lets copies land and arrivals happen that are before `end` in the thread's list, and arrivals
/// that follow.
void landCopies(Thread &thread, size_t end);

/// Forgets what the thread has under way, at the end of its block.
void dropCopies(Thread &thread);

} // namespace fovea::emulator

#endif // FOVEA_RUNTIME_EMULATOR_COPIES_H
