//===- Emulator.cpp - runs kernels of a device on the CPU -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/CPU/FloatEnvironment.h"
#include "runtime/Emulator/Barriers.h"
#include "runtime/Emulator/Copies.h"
#include "runtime/Emulator/Report.h"
#include "runtime/Emulator/Scheduler.h"
#include "runtime/Emulator/Services.h"
#include "runtime/Emulator/WarpOperations.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace fovea::emulator {

constexpr int64_t sharedAlignment = 1024, localAlignment = 64;
/// What a block can have on devices of compute capability 9.0, in bytes.
constexpr int64_t mostShared = int64_t(227) << 10;
/// Local memory of a thread, in bytes.
constexpr int64_t mostLocal = int64_t(512) << 10;
/// Blocks of a launch.
constexpr int64_t mostBlocks = (int64_t(1) << 31) - 1;
/// Threads of a cooperative launch, which all have a stack at the same time.
constexpr int64_t mostResident = 1 << 14;
/// Threads of one that takes as many blocks as there are: a stack is two mappings of the process,
/// of which Linux allows 65,530.
constexpr int64_t usualResident = 1 << 11;
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

static std::string refusalOf(const Launch &launch) {
  const fovea_device_kernel &kernel = *launch.kernel;
  auto outside = [](std::string_view what, int64_t value, int64_t least, int64_t most) {
    return concat("has ", value, " ", what, ", expected ", least, " to ", most);
  };
  if (!kernel.emulated)
    return "holds no code for the emulator; compile it for the emulator";
  if (kernel.threads < 1 || kernel.threads > maxThreads)
    return outside("threads a block", kernel.threads, 1, maxThreads);
  if (kernel.shared_bytes < 0 || kernel.shared_bytes > mostShared)
    return outside("bytes of shared memory a block", kernel.shared_bytes, 0, mostShared);
  if (kernel.local_bytes < 0 || kernel.local_bytes > mostLocal)
    return outside("bytes of local memory a thread", kernel.local_bytes, 0, mostLocal);
  if (launch.blocks < 0 || launch.blocks > mostBlocks)
    return outside("blocks", launch.blocks, 0, mostBlocks);
  if (kernel.cooperative && launch.blocks * kernel.threads > mostResident)
    return outside("threads in a cooperative launch", launch.blocks * kernel.threads, 0,
                   mostResident);
  return {};
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
  int64_t localBytes = roundUp(kernel.local_bytes, localAlignment);
  block.local = alignedIn(block.localMemory, localBytes * int64_t(threads), localAlignment);
  for (size_t i = 0; i < threads; ++i) {
    Thread &thread = block.threads[i];
    thread.emulator = &services(machine.options.checkMemory);
    thread.thread = int32_t(i);
    thread.threads = kernel.threads;
    thread.blocks = machine.gridBlocks;
    thread.shared = block.shared;
    thread.windows = machine.windows.data();
    thread.local = block.local + int64_t(i) * localBytes;
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
    fillWithPoison(block.local, roundUp(kernel.local_bytes, localAlignment) * kernel.threads);
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

/// Runs all blocks, one after the other in an order by the seed.
static void runBlocks(Machine &machine) {
  auto blocks = uint64_t(machine.gridBlocks);
  // Steps of an odd number go through all residues of a power of two.
  uint64_t mask = std::bit_ceil(blocks) - 1;
  uint64_t place = machine.random.next(), step = machine.random.next() | 1;
  Block &block = *machine.blocks.front();
  for (uint64_t i = 0; i <= mask && !machine.failure; ++i, place += step) {
    if ((place & mask) >= blocks)
      continue;
    beginBlock(machine, block, 0, int32_t(place & mask));
    runThreads(machine);
    if (!machine.failure)
      endBlock(block);
  }
}

/// Runs all blocks at the same time.
static void runCooperative(Machine &machine) {
  for (size_t i = 0; i < machine.resident; ++i)
    beginBlock(machine, *machine.blocks[i], i, int32_t(i));
  runThreads(machine);
  for (size_t i = 0; i < machine.resident && !machine.failure; ++i)
    endBlock(*machine.blocks[i]);
}

/// Sets the machine up for a launch that has blocks; false when there is no memory.
static bool configure(Machine &machine, const Launch &launch) {
  machine.args = launch.args;
  machine.options = launch.options;
  machine.fault = launch.fault;
  machine.gridBlocks = int32_t(launch.blocks);
  machine.cooperative = launch.kernel->cooperative != 0;
  machine.resident = machine.cooperative ? size_t(launch.blocks) : 1;
  machine.live = machine.atGridBarrier = 0;
  machine.schedule = {};
  machine.random = Random(launch.options.seed);
  machine.globals.configure(launch.ranges, launch.fault);
  // Where nothing is checked, every address is in every window.
  machine.windows.assign(size_t(launch.kernel->site_count),
                         {0, launch.options.checkMemory ? 0 : ~uint64_t(0)});
  machine.conflicts.configure(machine.globals, launch.blocks, launch.options.checkBlocks);
  if (!machine.stacks.reserve(int64_t(machine.resident) * launch.kernel->threads))
    return false;
  while (machine.blocks.size() < machine.resident)
    machine.blocks.push_back(std::make_unique<Block>());
  for (const auto &block : machine.residents())
    configureBlock(machine, *block);
  return true;
}

/// After a launch that was abandoned, marks of copies and mbarriers may be anywhere.
static void clearAll(Machine &machine) {
  for (const auto &block : machine.residents()) {
    block->cells.clear();
    block->mbarriers.clear();
    for (size_t i = 0; i < block->threadCount; ++i) {
      block->threads[i].copies.clear();
      block->threads[i].firstCopy = 0;
    }
  }
}

int64_t residentBlocks(const fovea_device_kernel &kernel) {
  return usualResident / std::clamp(kernel.threads, 1, maxThreads);
}

Emulator::Emulator() : machine(std::make_unique<Machine>()) {}

Emulator::~Emulator() = default;

std::optional<Failure> Emulator::run(const Launch &launch) {
  cpu::FloatEnvironment environment;
  machine->kernel = launch.kernel;
  machine->failure.reset();
  if (std::string refusal = refusalOf(launch); !refusal.empty()) {
    reportLaunch(*machine, Rule::Launch, refusal);
  } else if (launch.blocks == 0) {
    return std::nullopt;
  } else if (!configure(*machine, launch)) {
    reportLaunch(*machine, Rule::Launch,
                 concat("has ", launch.blocks, " blocks of ", launch.kernel->threads,
                        " threads, and there is no memory for their stacks"));
  } else {
    prepareCaller(machine->caller);
    if (machine->cooperative)
      runCooperative(*machine);
    else
      runBlocks(*machine);
    if (machine->failure)
      clearAll(*machine);
  }
  return machine->failure;
}

int64_t Emulator::switches() const { return machine->schedule.switches; }

} // namespace fovea::emulator
