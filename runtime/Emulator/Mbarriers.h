//===- Mbarriers.h - barriers in shared memory ----------------------------===//
//
// mbarrier objects: a phase is complete when as many arrivals have come as init said and no bytes
// are expected any more; then the next begins. A wait for parity p is over once the phase of that
// parity is complete: while the current phase has the other parity. The first phase has parity 0.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_EMULATOR_MBARRIERS_H
#define FOVEA_RUNTIME_EMULATOR_MBARRIERS_H

#include "runtime/Emulator/Grid.h"

namespace fovea::emulator {

void initMbarrier(Thread &thread, void *barrier, int32_t count, int32_t site);

/// Arrives; the phase waits for `expected` more bytes.
void arriveMbarrier(Thread &thread, void *barrier, int64_t expected, int32_t site);

/// Whether the phase of this parity is complete; waits for a while.
bool tryWaitMbarrier(Thread &thread, void *barrier, int32_t parity, int32_t site);

/// Arrives once the copies that the thread has under way have landed.
void arriveAfterCopies(Thread &thread, void *barrier, int32_t site);

/// An arrival of the thread happens, as the copies before it have landed.
void arriveDeferred(Thread &thread, const Copy &arrival);

/// Those who wait at an mbarrier of the block look again.
void wakePolling(Block &block);

} // namespace fovea::emulator

#endif // FOVEA_RUNTIME_EMULATOR_MBARRIERS_H
