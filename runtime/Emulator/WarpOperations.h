//===- WarpOperations.h - what the lanes of a warp do together ------------===//
//
// Lanes come to an operation one by one; the last does it for all of them. Lanes of a mask have to
// come to the same operation, for products and matrices to the same one in the code.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_EMULATOR_WARPOPERATIONS_H
#define FOVEA_RUNTIME_EMULATOR_WARPOPERATIONS_H

#include "runtime/Emulator/Grid.h"

namespace fovea::emulator {

void warpBarrier(Thread &thread, uint32_t mask, int32_t site);

/// The value, and PTX's predicate.
struct Shuffled {
  uint32_t value;
  bool inRange;
};
Shuffled shuffle(Thread &thread, int32_t kind, uint32_t mask, uint32_t value, uint32_t operand,
                 uint32_t clamp, int32_t site);

uint32_t vote(Thread &thread, int32_t kind, uint32_t mask, bool condition, int32_t site);

void loadMatrix(Thread &thread, const void *row, int32_t count, bool transposed,
                uint32_t *registers, int32_t site);

void multiplyFragments(Thread &thread, int32_t kind, const uint32_t *a, const uint32_t *b,
                       uint32_t *sum, int32_t site);

/// The thread is about to end: an error if lanes of its warp wait for it.
void leaveMeetings(Thread &thread);

} // namespace fovea::emulator

#endif // FOVEA_RUNTIME_EMULATOR_WARPOPERATIONS_H
