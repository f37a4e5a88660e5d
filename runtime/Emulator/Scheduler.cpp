//===- Scheduler.cpp - which thread runs ----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Emulator/Scheduler.h"
#include "runtime/Emulator/Mbarriers.h"
#include "runtime/Emulator/Report.h"

#include <algorithm>
#include <bit>

namespace fovea::emulator {

/// Switches for which a warp keeps its turn, at least and at most.
static constexpr uint32_t leastSlice = 64, mostSlice = 4096;
/// How often every thread may poll in vain before it is taken for a deadlock: be told that its time
/// is up at an mbarrier, or do the same atomic operation. A kernel that counts its polls and gives
/// up has its chance.
static constexpr int64_t vainWaits = 1 << 12, vainAtomics = 1 << 16;
/// Atomic operations in vain after which those who poll an mbarrier are told that their time is up.
static constexpr int64_t waitsEnd = 1 << 10;

void wake(Warp &warp, uint32_t lanes) {
  if (!lanes)
    return;
  if (!warp.runnable) {
    std::vector<Warp *> &ready = warp.home->machine->schedule.ready;
    warp.place = int32_t(ready.size());
    ready.push_back(&warp);
  }
  warp.runnable |= lanes;
}

static void stop(Thread &thread) {
  Warp &warp = *thread.warp;
  warp.runnable &= ~laneBit(thread);
  if (warp.runnable)
    return;
  Schedule &schedule = thread.machine->schedule;
  Warp *last = schedule.ready.back();
  schedule.ready[size_t(warp.place)] = last;
  last->place = warp.place;
  schedule.ready.pop_back();
  warp.place = -1;
}

static Thread &pick(Machine &machine) {
  Schedule &schedule = machine.schedule;
  ++schedule.switches;
  Warp *warp = schedule.current;
  if (!warp || !warp->runnable || --schedule.slice <= 0) {
    warp = schedule.ready[machine.random.below(uint32_t(schedule.ready.size()))];
    schedule.current = warp;
    uint64_t number = machine.random.next();
    warp->turn = int32_t(number % FOVEA_WARP);
    schedule.slice = int32_t(leastSlice + (number >> 32) % (mostSlice - leastSlice));
  }
  int32_t lane =
      (std::countr_zero(std::rotr(warp->runnable, warp->turn)) + warp->turn) % FOVEA_WARP;
  warp->turn = (lane + 1) % FOVEA_WARP;
  return warp->threads[lane];
}

static void endWaits(Machine &machine) {
  for (const auto &block : machine.residents())
    wakePolling(*block);
}

/// Nobody can go on. Wakes somebody, or records a deadlock and gives false.
static bool wakeSomebody(Machine &machine) {
  Schedule &schedule = machine.schedule;
  schedule.idle += schedule.polling;
  if (schedule.polling && schedule.idle <= vainWaits * machine.live) {
    endWaits(machine);
    return true;
  }
  reportLaunch(machine, Rule::Deadlock, concat("deadlock: ", situation(machine)));
  return false;
}

static Thread &next(Thread &thread) {
  Machine &machine = *thread.machine;
  if (machine.schedule.ready.empty() && !wakeSomebody(machine))
    abandonLaunch(thread);
  return pick(machine);
}

void suspend(Thread &thread, Wait wait, int32_t site) {
  thread.wait = wait;
  thread.site = site;
  stop(thread);
  Thread &other = next(thread);
  if (&other != &thread)
    switchFiber(thread.context, other.context);
  thread.wait = Wait::Nothing;
}

void yield(Thread &thread, int32_t site, bool vain) {
  Machine &machine = *thread.machine;
  Schedule &schedule = machine.schedule;
  thread.site = site;
  if (!vain) {
    schedule.idle = 0;
  } else if (++schedule.idle > vainAtomics * machine.live) {
    reportLaunch(machine, Rule::Deadlock,
                 concat("deadlock, all threads only poll: ", situation(machine)));
    abandonLaunch(thread);
  } else if (schedule.polling && schedule.idle % waitsEnd == 0) {
    endWaits(machine);
  }
  schedule.slice = 0;
  Thread &other = pick(machine);
  if (&other != &thread)
    switchFiber(thread.context, other.context);
}

void finish(Thread &thread) {
  Machine &machine = *thread.machine;
  thread.wait = Wait::Ended;
  thread.warp->ended |= laneBit(thread);
  stop(thread);
  --thread.home->live;
  if (--machine.live == 0)
    switchFiber(thread.context, machine.caller);
  switchFiber(thread.context, next(thread).context);
  __builtin_unreachable();
}

void abandonLaunch(Thread &thread) {
  switchFiber(thread.context, thread.machine->caller);
  __builtin_unreachable();
}

void runThreads(Machine &machine) {
  machine.schedule.current = nullptr;
  switchFiber(machine.caller, pick(machine).context);
}

} // namespace fovea::emulator
