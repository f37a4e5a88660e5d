//===- Blocks.cpp - blocks of a launch, from their start to their end -----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Emulator/Blocks.h"
#include "runtime/Emulator/Barriers.h"
#include "runtime/Emulator/Copies.h"
#include "runtime/Emulator/Scheduler.h"
#include "runtime/Emulator/Services.h"
#include "runtime/Emulator/WarpOperations.h"

#include <algorithm>

namespace fovea::emulator {

constexpr int64_t sharedAlignment = 1024;
/// Clocks have 32 bits: between blocks they go back to the first.
constexpr uint32_t restartClock = uint32_t(1) << 31;

static int64_t roundUp(int64_t bytes, int64_t alignment) {
  return (bytes + alignment - 1) / alignment * alignment;
}

static std::byte *alignedIn(std::vector<std::byte> &memory, int64_t bytes, int64_t alignment) {
  memory.resize(size_t(bytes + alignment));
  auto address = uintptr_t(memory.data());
  return memory.data() + (roundUp(int64_t(address), alignment) - int64_t(address));
}

static void fillWithPoison(std::byte *memory, int64_t bytes) {
  auto *words = reinterpret_cast<uint32_t *>(memory);
  std::fill(words, words + bytes / 4, poison);
}

/// What a thread of the grid runs.
static void runThread(void *memory) {
  Thread &thread = *static_cast<Thread *>(memory);
  thread.machine->kernel->emulated(&thread, thread.machine->args);
  leaveMeetings(thread);
  leaveBarriers(thread);
  finish(thread);
}

/// Gives a block its threads and memory, once for a launch.
static void configureBlock(Machine &machine, Block &block) {
  const fovea_device_kernel &kernel = *machine.kernel;
  auto threads = size_t(kernel.threads), warps = (threads + FOVEA_WARP - 1) / FOVEA_WARP;
  if (!block.threads || block.threadCount != threads)
    block.threads = std::make_unique<Thread[]>(threads);
  block.threadCount = threads;
  block.machine = &machine;
  block.warps.resize(warps);
  block.shared = alignedIn(block.sharedMemory, roundUp(kernel.shared_bytes, 16), sharedAlignment);
  for (size_t i = 0; i < threads; ++i) {
    Thread &thread = block.threads[i];
    thread.emulator = &services(machine.options.checkMemory);
    thread.thread = int32_t(i);
    thread.threads = kernel.threads;
    thread.blocks = machine.gridBlocks;
    thread.shared = block.shared;
    thread.windows = machine.windows.data();
    thread.machine = &machine;
    thread.home = &block;
    thread.warp = &block.warps[i / FOVEA_WARP];
    thread.lane = int32_t(i % FOVEA_WARP);
  }
  for (size_t i = 0; i < warps; ++i) {
    Warp &warp = block.warps[i];
    warp.home = &block;
    warp.threads = &block.threads[i * FOVEA_WARP];
    size_t lanes = std::min(threads - i * FOVEA_WARP, size_t(FOVEA_WARP));
    warp.lanes = ~uint32_t(0) >> (FOVEA_WARP - lanes);
  }
  block.clocks.configure(kernel.threads);
  block.cells.configure(kernel.shared_bytes, kernel.threads);
}

/// Makes the block's memory and barriers as they are at its start.
static void resetBlock(Machine &machine, Block &block) {
  const fovea_device_kernel &kernel = *machine.kernel;
  block.live = kernel.threads;
  block.barriersUsed = 0;
  for (NamedBarrier &barrier : block.barriers) {
    barrier.arrived = 0;
    barrier.anyArrive = false;
    barrier.came.fill(0);
    barrier.waiting.fill(0);
    std::fill(barrier.joined.begin(), barrier.joined.end(), 0);
  }
  block.atomicClocks.clear();
  block.otherAtomics.clear();
  if (machine.options.checkMemory) {
    for (const Mbarrier &barrier : block.mbarriers)
      block.cells.forget(barrier.offset, 8);
    if (block.clocks.floor() > restartClock) {
      block.clocks.restart();
      block.cells.clear();
    }
    block.clocks.joinAll();
    fillWithPoison(block.shared, roundUp(kernel.shared_bytes, 16));
  }
  block.mbarriers.clear();
}

/// Makes the threads of block `index` of the grid ready to run. `place` is the block's among those
/// that are resident.
static void beginBlock(Machine &machine, Block &block, size_t place, int32_t index) {
  resetBlock(machine, block);
  block.index = index;
  for (size_t i = 0; i < block.threadCount; ++i) {
    Thread &thread = block.threads[i];
    thread.block = index;
    thread.fault = machine.fault;
    thread.wait = Wait::Nothing;
    thread.site = -1;
    thread.group = 0;
    thread.lastAtomics = {};
    thread.nextAtomic = 0;
    prepareFiber(thread.context, machine.stacks.at(int64_t(place * block.threadCount + i)),
                 runThread, &thread);
  }
  for (Warp &warp : block.warps) {
    warp.runnable = warp.ended = warp.meetingsUsed = 0;
    wake(warp, warp.lanes);
  }
  machine.live += int64_t(block.threadCount);
}

static void endBlock(Block &block) {
  for (size_t i = 0; i < block.threadCount; ++i)
    dropCopies(block.threads[i]);
}

/// Decisions in block `index` depend on the seed and on its number alone: not on who runs it, nor
/// on what ran before.
static Random randomOf(uint64_t seed, int32_t index) {
  return Random(Random(Random(seed).next() + uint64_t(index)).next());
}

void runBlock(Machine &machine, int32_t index) {
  Schedule &schedule = machine.schedule;
  schedule.polling = schedule.idle = 0;
  machine.random = randomOf(machine.options.seed, index);
  Block &block = *machine.blocks.front();
  beginBlock(machine, block, 0, index);
  runThreads(machine);
  if (!machine.failure)
    endBlock(block);
}

void runResidents(Machine &machine) {
  machine.random = Random(machine.options.seed);
  for (size_t i = 0; i < machine.resident; ++i)
    beginBlock(machine, *machine.blocks[i], i, int32_t(i));
  runThreads(machine);
  for (size_t i = 0; i < machine.resident && !machine.failure; ++i)
    endBlock(*machine.blocks[i]);
}

bool configure(Machine &machine, const Launch &launch, size_t resident) {
  const fovea_device_kernel &kernel = *launch.kernel;
  machine.kernel = &kernel;
  machine.args = launch.args;
  machine.options = launch.options;
  machine.gridBlocks = int32_t(launch.blocks);
  machine.cooperative = kernel.cooperative != 0;
  machine.resident = resident;
  machine.live = machine.atGridBarrier = 0;
  machine.schedule = {};
  machine.globals.configure(launch.ranges, machine.fault);
  // Where nothing is checked, every address is in every window.
  machine.windows.assign(size_t(kernel.site_count),
                         {0, launch.options.checkMemory ? 0 : ~uint64_t(0)});
  machine.conflicts.configure(machine.globals, launch.blocks, launch.options.checkBlocks);
  if (!machine.stacks.reserve(int64_t(resident) * kernel.threads))
    return false;
  while (machine.blocks.size() < resident)
    machine.blocks.push_back(std::make_unique<Block>());
  for (const auto &block : machine.residents())
    configureBlock(machine, *block);
  return true;
}

void recover(Machine &machine) {
  machine.failure.reset();
  machine.schedule.ready.clear();
  machine.live = machine.atGridBarrier = 0;
  for (const auto &block : machine.residents()) {
    block->cells.clear();
    block->mbarriers.clear();
    for (size_t i = 0; i < block->threadCount; ++i) {
      block->threads[i].copies.clear();
      block->threads[i].firstCopy = 0;
    }
  }
}

} // namespace fovea::emulator
