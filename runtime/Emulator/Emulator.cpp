//===- Emulator.cpp - runs kernels of a device on the CPU -----------------===//
//
// Blocks that do not depend on each other are taken by several workers, in an order by the seed.
// Each has a machine of its own and a fault record; of what went wrong, that of the lowest block is
// told, whoever ran it.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/CPU/FloatEnvironment.h"
#include "runtime/Emulator/Blocks.h"
#include "runtime/Emulator/Report.h"

#include <algorithm>
#include <atomic>
#include <bit>

namespace fovea::emulator {

/// What a block can have on devices of compute capability 9.0, in bytes.
constexpr int64_t mostShared = int64_t(227) << 10;
/// Blocks of a launch.
constexpr int64_t mostBlocks = (int64_t(1) << 31) - 1;
/// Threads of a cooperative launch, which all have a stack at the same time.
constexpr int64_t mostResident = 1 << 14;
/// Threads of one that takes as many blocks as there are: a stack is two mappings of the process,
/// of which Linux allows 65,530.
constexpr int64_t usualResident = 1 << 11;

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
  if (launch.blocks < 0 || launch.blocks > mostBlocks)
    return outside("blocks", launch.blocks, 0, mostBlocks);
  if (kernel.cooperative && launch.blocks * kernel.threads > mostResident)
    return outside("threads in a cooperative launch", launch.blocks * kernel.threads, 0,
                   mostResident);
  return {};
}

static std::optional<Failure> noMemory(const Launch &launch) {
  const fovea_device_kernel &kernel = *launch.kernel;
  return Failure{Rule::Launch, -1, -1, -1,
                 concat("kernel '", kernelName(kernel), "': has ", launch.blocks, " blocks of ",
                        kernel.threads, " threads, and there is no memory for their stacks")};
}

namespace {
/// A launch whose blocks run one by one, on one machine for each worker.
struct Job {
  const Launch &launch;
  std::span<const std::unique_ptr<Machine>> machines;
  /// Blocks may use what others have written: they stop at the first that breaks a rule.
  bool ordered;
  /// The order by the seed: steps of an odd number go through all residues of a power of two.
  uint64_t mask, first, step;
  std::atomic<uint64_t> next{0};
  /// The lowest block that broke a rule: those behind it need not run any more.
  std::atomic<int64_t> broken{mostBlocks};

  /// The next block to run; -1 when there is none left.
  int64_t take() {
    while (true) {
      uint64_t turn = next.fetch_add(1, std::memory_order_relaxed);
      if (turn > mask)
        return -1;
      auto block = int64_t((first + turn * step) & mask);
      if (block < (ordered && hasBroken() ? 0 : std::min(launch.blocks, broken.load())))
        return block;
    }
  }
  bool hasBroken() const { return broken.load() < mostBlocks; }
  bool isDone() const { return next.load() > mask; }
};
} // namespace

/// Keeps of `block`, which has run, what went wrong, unless a lower one is kept.
static void keepLowest(Machine &machine, Job &job, int64_t block) {
  if (machine.failure && block < machine.brokenBlock) {
    machine.brokenBlock = block;
    machine.broken = std::move(machine.failure);
    int64_t lowest = job.broken.load();
    while (block < lowest && !job.broken.compare_exchange_weak(lowest, block)) {
    }
  }
  if (machine.record.taken && block < machine.faultyBlock) {
    machine.faultyBlock = block;
    machine.lowestFault = machine.record;
  }
}

/// Sets a worker's machine up; false when there is no memory, which is none of its thread's to
/// tell.
static bool configureShare(Machine &machine, const Launch &launch) {
  try {
    return configure(machine, launch, 1);
  } catch (const std::bad_alloc &) {
    return false;
  }
}

/// What a worker does.
static void runShare(void *memory, int64_t slot) {
  Job &job = *static_cast<Job *>(memory);
  if (job.isDone())
    return;
  Machine &machine = *job.machines[size_t(slot)];
  cpu::FloatEnvironment environment;
  machine.fault = job.launch.fault ? &machine.record : nullptr;
  if (!configureShare(machine, job.launch))
    return;
  prepareCaller(machine.caller);
  for (int64_t block = job.take(); block >= 0; block = job.take()) {
    machine.record = {};
    runBlock(machine, int32_t(block));
    bool failed = machine.failure.has_value();
    keepLowest(machine, job, block);
    if (failed)
      recover(machine);
  }
}

/// Runs blocks that do not wait for each other.
static std::optional<Failure> runBlocks(std::span<const std::unique_ptr<Machine>> machines,
                                        const Launch &launch) {
  for (const auto &machine : machines) {
    machine->brokenBlock = machine->faultyBlock = mostBlocks;
    machine->schedule.switches = 0;
  }
  bool ordered = launch.kernel->atomics || launch.options.checkBlocks;
  Random random(launch.options.seed);
  Job job{launch,        machines,         ordered, std::bit_ceil(uint64_t(launch.blocks)) - 1,
          random.next(), random.next() | 1};
  if (machines.size() > 1)
    launch.workers.run(launch.workers.user, int64_t(machines.size()), runShare, &job);
  // Does what is left: all of it without other workers, else nothing.
  runShare(&job, 0);
  if (!job.isDone() && !job.hasBroken())
    return noMemory(launch);
  auto lowest = [&](int64_t Machine::*block) {
    return std::min_element(machines.begin(), machines.end(),
                            [&](const auto &a, const auto &b) { return (*a).*block < (*b).*block; })
        ->get();
  };
  Machine &faulty = *lowest(&Machine::faultyBlock), &broken = *lowest(&Machine::brokenBlock);
  if (faulty.faultyBlock < mostBlocks && !launch.fault->taken)
    *launch.fault = faulty.lowestFault;
  return job.hasBroken() ? broken.broken : std::nullopt;
}

/// Runs all blocks at the same time.
static std::optional<Failure> runCooperative(Machine &machine, const Launch &launch) {
  cpu::FloatEnvironment environment;
  machine.fault = launch.fault;
  if (!configure(machine, launch, size_t(launch.blocks)))
    return noMemory(launch);
  prepareCaller(machine.caller);
  runResidents(machine);
  std::optional<Failure> failure = machine.failure;
  if (failure)
    recover(machine);
  return failure;
}

int64_t residentBlocks(const fovea_device_kernel &kernel) {
  return usualResident / std::clamp(kernel.threads, 1, maxThreads);
}

Emulator::Emulator() { machines.push_back(std::make_unique<Machine>()); }

Emulator::~Emulator() = default;

std::optional<Failure> Emulator::run(const Launch &launch) {
  used = 1;
  const fovea_device_kernel &kernel = *launch.kernel;
  if (std::string refusal = refusalOf(launch); !refusal.empty())
    return Failure{Rule::Launch, -1, -1, -1,
                   concat("kernel '", kernelName(kernel), "': ", refusal)};
  if (launch.blocks == 0)
    return std::nullopt;
  if (kernel.cooperative)
    return runCooperative(*machines.front(), launch);
  if (launch.workers.run && !kernel.atomics && !launch.options.checkBlocks)
    used = size_t(std::clamp<int64_t>(launch.workers.count, 1, launch.blocks));
  while (machines.size() < used)
    machines.push_back(std::make_unique<Machine>());
  return runBlocks({machines.data(), used}, launch);
}

int64_t Emulator::switches() const {
  int64_t sum = 0;
  for (size_t i = 0; i < used; ++i)
    sum += machines[i]->schedule.switches;
  return sum;
}

} // namespace fovea::emulator
