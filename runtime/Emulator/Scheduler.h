//===- Scheduler.h - which thread runs ------------------------------------===//
//
// All threads of a launch share one thread of the system; one runs until it waits, and then chooses
// the next in constant time. Where nobody can go on, or others only spin, those who poll an
// mbarrier are told that their time is up; if there are none, or they have been told too often, it
// is a deadlock.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_EMULATOR_SCHEDULER_H
#define FOVEA_RUNTIME_EMULATOR_SCHEDULER_H

#include "runtime/Emulator/Grid.h"

namespace fovea::emulator {

/// The lanes of the warp can go on.
void wake(Warp &warp, uint32_t lanes);

/// The thread waits, until it is woken.
void suspend(Thread &thread, Wait wait, int32_t site);

/// Others may run before the thread goes on, which did an operation that others may wait for with
/// their own. `vain`: it did what it did before, without effect, and may do so for ever.
void yield(Thread &thread, int32_t site, bool vain);

/// The thread has ended; never returns.
[[noreturn]] void finish(Thread &thread);

/// Goes back to run(), for a failure that has been recorded. No thread of the launch runs again;
/// `thread` is any of them.
[[noreturn]] void abandonLaunch(Thread &thread);

/// Runs the threads that have been woken until all have ended or the launch was abandoned.
void runThreads(Machine &machine);

} // namespace fovea::emulator

#endif // FOVEA_RUNTIME_EMULATOR_SCHEDULER_H
