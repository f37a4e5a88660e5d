//===- Mbarriers.cpp - barriers in shared memory --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Emulator/Mbarriers.h"
#include "runtime/Emulator/Copies.h"
#include "runtime/Emulator/Memory.h"
#include "runtime/Emulator/Report.h"
#include "runtime/Emulator/Scheduler.h"

#include <bit>

namespace fovea::emulator {

constexpr int64_t mbarrierBytes = 8;
/// Counts of arrivals and of bytes have 20 bits.
constexpr int64_t mostCount = (1 << 20) - 1;

static void fail(Thread &thread, int32_t site, std::string_view what) {
  report(thread, site, Rule::Mbarrier, what);
}

void initMbarrier(Thread &thread, void *address, int32_t count, int32_t site) {
  Block &block = *thread.home;
  auto offset = int64_t(uintptr_t(address) - uintptr_t(block.shared));
  for (const Mbarrier &other : block.mbarriers)
    if (other.offset == offset) {
      fail(thread, site,
           concat("initializes the mbarrier at ", sharedAddress(offset), ", as ",
                  operationName(*thread.machine, other.site), " of thread ", other.thread,
                  " has done"));
      abandonLaunch(thread);
    }
  if (count < 1 || count > mostCount) {
    fail(thread, site, concat("gives an mbarrier ", count, " arrivals, expected 1 to ", mostCount));
    abandonLaunch(thread);
  }
  checkShared(thread, {address, mbarrierBytes, mbarrierBytes, Use::Write, site});
  if (thread.machine->options.checkMemory)
    block.cells.close({thread.thread, site, offset, mbarrierBytes}, Use::Mbarrier);
  Mbarrier &barrier = block.mbarriers.emplace_back();
  barrier.offset = offset;
  barrier.count = barrier.pending = count;
  barrier.thread = thread.thread;
  barrier.site = site;
  barrier.clock = block.clocks.now(thread.thread);
}

/// The mbarrier at an address, which the thread must know to be initialized.
static Mbarrier &find(Thread &thread, void *address, int32_t site) {
  Block &block = *thread.home;
  auto offset = int64_t(uintptr_t(address) - uintptr_t(block.shared));
  for (Mbarrier &barrier : block.mbarriers) {
    if (barrier.offset != offset)
      continue;
    if (thread.machine->options.checkMemory &&
        !block.clocks.knows(thread.thread, barrier.thread, barrier.clock)) {
      report(thread, site, Rule::Race,
             concat("uses the mbarrier at ", sharedAddress(offset), " without a barrier since ",
                    operationName(*thread.machine, barrier.site), " of thread ", barrier.thread,
                    " initialized it"));
      abandonLaunch(thread);
    }
    return barrier;
  }
  fail(thread, site,
       concat("uses an mbarrier at ", sharedAddress(offset), ", where none has been initialized"));
  abandonLaunch(thread);
}

static void wakeWaiting(Block &block, Mbarrier &barrier) {
  for (size_t i = 0; i < block.warps.size(); ++i) {
    block.machine->schedule.polling -= std::popcount(barrier.waiting[i]);
    wake(block.warps[i], barrier.waiting[i]);
    barrier.waiting[i] = 0;
  }
}

static void arrive(Thread &thread, Mbarrier &barrier, int64_t expected) {
  Block &block = *thread.home;
  Machine &machine = *thread.machine;
  machine.schedule.idle = 0;
  barrier.transactions += expected;
  --barrier.pending;
  if (machine.options.checkMemory)
    block.clocks.release(thread.thread, barrier.arriving);
  if (barrier.pending || barrier.transactions)
    return;
  barrier.pending = barrier.count;
  ++barrier.phase;
  // The next phase's arrivals come after these: what is known of them stays.
  barrier.completed = barrier.arriving;
  wakeWaiting(block, barrier);
}

static void checkArrival(Thread &thread, const Mbarrier &barrier, int32_t site) {
  if (barrier.pending)
    return;
  fail(thread, site,
       concat("arrives at the mbarrier at ", sharedAddress(barrier.offset), ", to which all ",
              barrier.count, " arrivals of its phase have come; it waits for ",
              barrier.transactions, " bytes"));
  abandonLaunch(thread);
}

void arriveMbarrier(Thread &thread, void *address, int64_t expected, int32_t site) {
  Mbarrier &barrier = find(thread, address, site);
  if (expected < 0 || expected > mostCount - barrier.transactions) {
    fail(thread, site,
         concat("makes the mbarrier at ", sharedAddress(barrier.offset), " expect ", expected,
                " bytes beside ", barrier.transactions, ", at most ", mostCount));
    abandonLaunch(thread);
  }
  checkArrival(thread, barrier, site);
  arrive(thread, barrier, expected);
}

/// Of the arrivals at a barrier that wait for copies, lets some happen by the seed: all of them
/// sooner or later, when somebody asks again and again.
static void landSome(Block &block, size_t mbarrier) {
  for (int32_t i = 0; i < block.machine->kernel->threads; ++i) {
    Thread &thread = block.threads[size_t(i)];
    if (!block.mbarriers[mbarrier].deferred)
      return;
    for (size_t k = thread.firstCopy; k < thread.copies.size(); ++k)
      if (thread.copies[k].mbarrier == int32_t(mbarrier) && block.machine->random.coin()) {
        landCopies(thread, k + 1);
        break;
      }
  }
}

static bool isComplete(const Mbarrier &barrier, int32_t parity) {
  return int32_t(barrier.phase & 1) != parity;
}

bool tryWaitMbarrier(Thread &thread, void *address, int32_t parity, int32_t site) {
  Block &block = *thread.home;
  Mbarrier *barrier = &find(thread, address, site);
  auto index = size_t(barrier - block.mbarriers.data());
  if (parity != 0 && parity != 1) {
    fail(thread, site, concat("waits for parity ", parity, ", expected 0 or 1"));
    abandonLaunch(thread);
  }
  if (!isComplete(*barrier, parity) && barrier->deferred)
    landSome(block, index);
  if (!isComplete(*barrier, parity)) {
    barrier->waiting[size_t(warpIndex(thread))] |= laneBit(thread);
    ++thread.machine->schedule.polling;
    thread.barrier = int32_t(index);
    suspend(thread, Wait::Mbarrier, site);
    // Others may have been made meanwhile.
    barrier = &block.mbarriers[index];
  }
  if (!isComplete(*barrier, parity))
    return false;
  if (thread.machine->options.checkMemory)
    block.clocks.acquire(thread.thread, barrier->completed);
  return true;
}

void arriveAfterCopies(Thread &thread, void *address, int32_t site) {
  Mbarrier &barrier = find(thread, address, site);
  checkArrival(thread, barrier, site);
  auto index = int32_t(&barrier - thread.home->mbarriers.data());
  ++barrier.deferred;
  thread.copies.push_back({nullptr, nullptr, 0, 0, thread.group, site, true, index});
  if (thread.firstCopy + 1 == thread.copies.size() || thread.machine->random.coin())
    landCopies(thread, thread.copies.size());
}

void arriveDeferred(Thread &thread, const Copy &arrival) {
  Mbarrier &barrier = thread.home->mbarriers[size_t(arrival.mbarrier)];
  --barrier.deferred;
  checkArrival(thread, barrier, arrival.site);
  arrive(thread, barrier, 0);
}

void wakePolling(Block &block) {
  for (Mbarrier &barrier : block.mbarriers)
    wakeWaiting(block, barrier);
}

} // namespace fovea::emulator
