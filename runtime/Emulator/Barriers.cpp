//===- Barriers.cpp - barriers of a block and of the grid -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Emulator/Barriers.h"
#include "runtime/Emulator/Memory.h"
#include "runtime/Emulator/Report.h"
#include "runtime/Emulator/Scheduler.h"

#include <bit>
#include <cstring>

namespace fovea::emulator {

/// Threads that barriers count: a warp that is not full counts as one.
static int32_t counted(const Block &block) { return int32_t(block.warps.size()) * FOVEA_WARP; }

/// Lanes that there are not come with the last one that there is.
static int32_t weightOf(const Thread &thread) {
  bool last = thread.thread == thread.threads - 1;
  return last ? 1 + FOVEA_WARP - std::popcount(thread.warp->lanes) : 1;
}

/// Threads that have come or still can.
static int32_t attainable(const NamedBarrier &barrier, const Block &block) {
  int32_t threads = barrier.arrived;
  for (size_t i = 0; i < block.warps.size(); ++i) {
    const Warp &warp = block.warps[i];
    uint32_t rest = warp.lanes & ~warp.ended & ~barrier.came[i];
    for (; rest; rest &= rest - 1)
      threads += weightOf(warp.threads[std::countr_zero(rest)]);
  }
  return threads;
}

static bool checkBarrier(Thread &thread, int32_t id, int32_t threads, int32_t site) {
  Block &block = *thread.home;
  auto broken = [&](std::string_view what) {
    report(thread, site, Rule::Barrier, what);
    return false;
  };
  if (id < 0 || id >= namedBarriers)
    return broken(concat("names barrier ", id, ", expected 0 to ", namedBarriers - 1));
  if (threads <= 0 || threads % FOVEA_WARP || threads > counted(block))
    return broken(concat("is a barrier of ", threads, " threads, expected a multiple of 32 up to ",
                         counted(block)));
  NamedBarrier &barrier = block.barriers[size_t(id)];
  if (!(block.barriersUsed >> id & 1)) {
    if (int32_t most = attainable(barrier, block); most < threads)
      return broken(concat("waits at barrier ", id, " for ", threads, " threads, but only ", most,
                           " have not ended"));
    return true;
  }
  if (barrier.expected != threads)
    return broken(concat("comes to barrier ", id, " of ", threads, " threads, which ",
                         operationName(*thread.machine, barrier.site), " began with ",
                         barrier.expected));
  if (barrier.came[size_t(warpIndex(thread))] & laneBit(thread))
    return broken(concat("comes to barrier ", id, " again, which still waits for ",
                         barrier.expected - barrier.arrived, " other threads"));
  return true;
}

static void complete(Thread &thread, NamedBarrier &barrier, int32_t id) {
  Block &block = *thread.home;
  block.barriersUsed &= ~(uint32_t(1) << id);
  if (barrier.expected == counted(block) && !barrier.anyArrive) {
    block.clocks.joinAll();
  } else if (thread.machine->options.checkMemory) {
    uint32_t lanes[maxWarps];
    for (size_t i = 0; i < block.warps.size(); ++i)
      lanes[i] = block.warps[i].lanes;
    block.clocks.joinPart(barrier.joined, {barrier.waiting.data(), block.warps.size()},
                          {lanes, block.warps.size()});
    std::fill(barrier.joined.begin(), barrier.joined.end(), 0);
  }
  // Nobody is woken who runs.
  barrier.waiting[size_t(warpIndex(thread))] &= ~laneBit(thread);
  for (size_t i = 0; i < block.warps.size(); ++i) {
    wake(block.warps[i], barrier.waiting[i]);
    barrier.waiting[i] = barrier.came[i] = 0;
  }
  barrier.arrived = 0;
  barrier.anyArrive = false;
}

void blockBarrier(Thread &thread, int32_t id, int32_t threads, bool wait, int32_t site) {
  if (!checkBarrier(thread, id, threads, site))
    abandonLaunch(thread);
  Block &block = *thread.home;
  NamedBarrier &barrier = block.barriers[size_t(id)];
  if (!(block.barriersUsed >> id & 1)) {
    block.barriersUsed |= uint32_t(1) << id;
    barrier.expected = threads;
    barrier.site = site;
  }
  barrier.came[size_t(warpIndex(thread))] |= laneBit(thread);
  barrier.arrived += weightOf(thread);
  if (wait) {
    barrier.waiting[size_t(warpIndex(thread))] |= laneBit(thread);
  } else {
    barrier.anyArrive = true;
    if (thread.machine->options.checkMemory)
      block.clocks.release(thread.thread, barrier.joined);
  }
  if (barrier.arrived >= barrier.expected) {
    complete(thread, barrier, id);
  } else if (wait) {
    thread.barrier = id;
    suspend(thread, Wait::Barrier, site);
  }
}

/// The upper bit of a barrier's counter, which says whether the number of times that all blocks
/// came is even or odd; they are counted in the others.
constexpr uint32_t turnBit = uint32_t(1) << 31;

static void checkCounter(Thread &thread, void *counter, int32_t site) {
  Machine &machine = *thread.machine;
  checkGlobal(thread, {counter, sizeof(uint32_t), sizeof(uint32_t), Use::Atomic, site});
  uint32_t value;
  std::memcpy(&value, counter, sizeof(value));
  if (machine.atGridBarrier == 0)
    machine.gridCounter = counter;
  bool same = counter == machine.gridCounter;
  if (same && !(value & ~turnBit))
    return;
  report(thread, site, Rule::Barrier,
         same ? concat("counts blocks in a word that holds ", value & ~turnBit,
                       " and not 0 where none has come")
              : std::string("counts blocks in another word than threads that wait there"));
  abandonLaunch(thread);
}

void gridBarrier(Thread &thread, void *counter, int32_t site) {
  Machine &machine = *thread.machine;
  int64_t all = int64_t(machine.resident) * machine.kernel->threads;
  if (!machine.cooperative) {
    report(thread, site, Rule::Barrier,
           "is a barrier of the grid, in a kernel that is not cooperative");
    abandonLaunch(thread);
  }
  if (machine.live < all) {
    report(thread, site, Rule::Barrier,
           concat("waits for the grid's ", all, " threads, of which ", all - machine.live,
                  " have ended"));
    abandonLaunch(thread);
  }
  checkCounter(thread, counter, site);
  machine.gridBarrierSite = site;
  if (++machine.atGridBarrier < all) {
    suspend(thread, Wait::Grid, site);
    return;
  }
  machine.atGridBarrier = 0;
  uint32_t value;
  std::memcpy(&value, counter, sizeof(value));
  value ^= turnBit;
  std::memcpy(counter, &value, sizeof(value));
  machine.conflicts.joinAll();
  for (const auto &block : machine.residents()) {
    block->clocks.joinAll();
    for (Warp &warp : block->warps)
      wake(warp, &warp == thread.warp ? warp.lanes & ~laneBit(thread) : warp.lanes);
  }
}

void leaveBarriers(Thread &thread) {
  Machine &machine = *thread.machine;
  Block &block = *thread.home;
  if (machine.atGridBarrier) {
    report(thread, machine.gridBarrierSite, Rule::Barrier,
           concat("is a barrier of the grid where ", machine.atGridBarrier,
                  " threads wait, and this thread ends without it"));
    abandonLaunch(thread);
  }
  for (uint32_t rest = block.barriersUsed; rest; rest &= rest - 1) {
    int32_t id = std::countr_zero(rest);
    const NamedBarrier &barrier = block.barriers[size_t(id)];
    bool came = barrier.came[size_t(warpIndex(thread))] & laneBit(thread);
    int32_t most = attainable(barrier, block) - (came ? 0 : weightOf(thread));
    if (most >= barrier.expected)
      continue;
    report(thread, barrier.site, Rule::Barrier,
           concat("waits at barrier ", id, " for ", barrier.expected, " threads, of which ",
                  barrier.arrived, " have come, and this thread ends without it"));
    abandonLaunch(thread);
  }
}

} // namespace fovea::emulator
