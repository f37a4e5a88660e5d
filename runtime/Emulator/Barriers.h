//===- Barriers.h - barriers of a block and of the grid -------------------===//
//
// bar.sync and bar.arrive: a barrier with a number is complete when as many threads have come as
// each of them says, and is then as new. All barriers order accesses of those who wait behind those
// of all who came.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_EMULATOR_BARRIERS_H
#define FOVEA_RUNTIME_EMULATOR_BARRIERS_H

#include "runtime/Emulator/Grid.h"

namespace fovea::emulator {

/// Comes to barrier `id` of `threads` threads; waits for the others if `wait`.
void blockBarrier(Thread &thread, int32_t id, int32_t threads, bool wait, int32_t site);

/// The barrier of all blocks; `counter` is what a GPU counts them with.
void gridBarrier(Thread &thread, void *counter, int32_t site);

/// The thread is about to end: an error if others wait for it.
void leaveBarriers(Thread &thread);

} // namespace fovea::emulator

#endif // FOVEA_RUNTIME_EMULATOR_BARRIERS_H
