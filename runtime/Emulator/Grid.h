//===- Grid.h - threads, warps and blocks of a launch ---------------------===//
//
// The state of a launch: a machine holds the blocks that are resident (one, or all of a cooperative
// launch), a block its warps and threads. Each worker has a machine. Who works on them is in
// Scheduler.h, Barriers.h, WarpOperations.h, Copies.h, Mbarriers.h and Atomics.h.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_EMULATOR_GRID_H
#define FOVEA_RUNTIME_EMULATOR_GRID_H

#include "runtime/Emulator/BlockConflicts.h"
#include "runtime/Emulator/Cells.h"
#include "runtime/Emulator/GlobalMemory.h"
#include "runtime/Emulator/Launch.h"
#include "runtime/Emulator/Random.h"
#include "runtime/Emulator/Stacks.h"

#include <array>
#include <cstddef>
#include <map>
#include <vector>

namespace fovea::emulator {

constexpr int32_t maxThreads = 1024, maxWarps = maxThreads / FOVEA_WARP, namedBarriers = 16;
/// Poison of memory that nothing has written: a signaling NaN of f32 and of bf16, a NaN of f16.
constexpr uint32_t poison = 0x7f817f81;

struct Warp;
struct Block;

/// What a thread waits for.
enum class Wait : uint8_t { Nothing, Barrier, Warp, Mbarrier, Grid, Ended };

/// A copy that a thread has issued, or, where `mbarrier` >= 0, an arrival there that follows the
/// copies before it.
struct Copy {
  std::byte *to;
  const std::byte *from;
  int32_t bytes, valid;
  uint32_t group;
  int32_t site;
  bool landed;
  int32_t mbarrier;
};

/// An atomic operation with all that it depended on.
struct LastAtomic {
  const void *address;
  uint64_t value, compare, before;
  int32_t site;
  bool operator==(const LastAtomic &) const = default;
};

struct Thread : fovea_thread {
  Machine *machine;
  Block *home;
  Warp *warp;
  int32_t lane;
  Wait wait;
  /// The operation that it waits in or last waited in, and its operands there: a structure of the
  /// operation for those of warps.
  int32_t site;
  void *operands;
  /// The barrier that it waits at.
  int32_t barrier;
  /// Copies not waited for yet, the oldest first, from `firstCopy` on, and the number of the group
  /// that the next one belongs to.
  std::vector<Copy> copies;
  size_t firstCopy = 0;
  uint32_t group;
  /// Its last atomic operations that were all different, to know polling by, and the place of the
  /// next one.
  std::array<LastAtomic, 4> lastAtomics;
  uint32_t nextAtomic;
  Context context;
};

/// An operation of some lanes of a warp that not all of them have come to.
struct Meeting {
  /// `qualifier` tells apart what the lanes have to agree on.
  int32_t operation, qualifier, site;
  uint32_t mask, arrived;
};

struct Warp {
  Block *home;
  /// The thread of lane 0.
  Thread *threads;
  /// Lanes that there are, that can go on, that have ended.
  uint32_t lanes, runnable, ended;
  /// Place among the warps that can go on, -1 if it cannot, and the lane whose turn it is.
  int32_t place;
  int32_t turn;
  /// Meetings that are under way: one bit each.
  uint32_t meetingsUsed;
  Meeting meetings[FOVEA_WARP];
};

/// A barrier with a number, while some threads have come.
struct NamedBarrier {
  int32_t expected = 0, arrived = 0, site = -1;
  /// Lanes of each warp that came, and that wait.
  std::array<uint32_t, maxWarps> came = {}, waiting = {};
  bool anyArrive = false;
  Clock joined;
};

struct Mbarrier {
  int64_t offset;
  int32_t count, pending;
  /// Bytes that the phase still waits for.
  int64_t transactions;
  /// Phases that are complete.
  uint32_t phase;
  /// Who initialized it.
  int32_t thread, site;
  uint32_t clock;
  /// Arrivals that wait for copies, and the lanes of each warp that wait.
  int32_t deferred;
  std::array<uint32_t, maxWarps> waiting;
  /// What those know that have arrived in this phase, and in the phases that are complete.
  Clock arriving, completed;
};

struct Block {
  Machine *machine = nullptr;
  int32_t index = 0;
  /// Threads that have not ended.
  int32_t live = 0;
  std::vector<Warp> warps;
  std::unique_ptr<Thread[]> threads;
  size_t threadCount = 0;
  std::byte *shared = nullptr;
  std::vector<std::byte> sharedMemory;
  /// Barriers that somebody has come to: one bit each.
  uint32_t barriersUsed = 0;
  std::array<NamedBarrier, namedBarriers> barriers;
  std::vector<Mbarrier> mbarriers;
  /// Of shared memory.
  Clocks clocks;
  Cells cells;
  /// What threads know that used an atomic operation: of a word of shared memory, and of any other.
  std::map<int64_t, Clock> atomicClocks;
  Clock otherAtomics;
};

/// Chooses who runs next: one warp after the other, in an order by the seed, each for a number of
/// switches by the seed or until its lanes wait. Within a warp lanes take turns.
struct Schedule {
  std::vector<Warp *> ready;
  Warp *current = nullptr;
  /// Switches until another warp's turn.
  int32_t slice = 0;
  /// Threads that wait at an mbarrier.
  int64_t polling = 0;
  /// Times that threads polled in vain since anything changed that they could see.
  int64_t idle = 0;
  int64_t switches = 0;
};

struct Machine {
  const fovea_device_kernel *kernel = nullptr;
  const int64_t *args = nullptr;
  fovea_fault_record *fault = nullptr;
  Options options;
  int32_t gridBlocks = 0;
  bool cooperative = false;
  std::vector<std::unique_ptr<Block>> blocks;
  /// Blocks of these that the launch uses.
  size_t resident = 0;
  /// Threads of the resident blocks that have not ended, and those that wait at the grid's barrier.
  int64_t live = 0, atGridBarrier = 0;
  int32_t gridBarrierSite = -1;
  void *gridCounter = nullptr;
  GlobalMemory globals;
  /// Of the sites, where plain accesses to global memory are known to be allowed.
  std::vector<fovea_window> windows;
  BlockConflicts conflicts;
  Stacks stacks;
  Random random;
  Schedule schedule;
  /// Where run() goes on.
  Context caller;
  std::optional<Failure> failure;
  /// Of blocks that ran one by one: where the one that runs records a fault, and the lowest that
  /// broke a rule or recorded a fault, with what it was.
  fovea_fault_record record = {}, lowestFault = {};
  int64_t brokenBlock = 0, faultyBlock = 0;
  std::optional<Failure> broken;

  std::span<const std::unique_ptr<Block>> residents() const { return {blocks.data(), resident}; }
};

inline Thread &threadOf(fovea_thread *thread) { return *static_cast<Thread *>(thread); }
inline uint32_t laneBit(const Thread &thread) { return uint32_t(1) << thread.lane; }
inline int32_t warpIndex(const Thread &thread) { return thread.thread / FOVEA_WARP; }

} // namespace fovea::emulator

#endif // FOVEA_RUNTIME_EMULATOR_GRID_H
