//===- Call.cpp - one run of compiled code --------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Core/Call.h"
#include "runtime/CPU/FloatEnvironment.h"
#include "runtime/Core/Tensors.h"

#include <algorithm>
#include <limits>
#include <new>
#include <utility>

namespace fovea::core {

using Kind = Failure::Kind;

/// With 2, no thread's first tasks are more than its share, even of a triangle's longest rows.
static constexpr int64_t kPartsOfThread = 2;

/// One parallel_for under way. Threads claim runs of neighboring tasks, which often read the same:
/// what one core has in its caches is far away for the others. Each is a part of what is left, so
/// that uneven tasks even out (Polychronopoulos and Kuck, guided self-scheduling, 1987).
struct Call::Region {
  Call *call;
  fovea_task task;
  void *args;
  int64_t count;
  /// Threads times the parts that each of them could take of what is left.
  int64_t parts;
  alignas(64) std::atomic<int64_t> next{0};

  /// The first task of a run and the one behind its last; an empty run when all are claimed.
  std::pair<int64_t, int64_t> claim() {
    int64_t first = next.load(std::memory_order_relaxed), end;
    do {
      end = first + std::max<int64_t>((count - first) / parts, 1);
    } while (first < count && !next.compare_exchange_weak(first, end, std::memory_order_relaxed));
    return {first, std::min(end, count)};
  }
};

namespace {
/// The task that a thread is in, for regions inside of tasks.
struct CurrentTask {
  const Call *call = nullptr;
  void *scratch = nullptr;
};
} // namespace

static thread_local CurrentTask currentTask;

void Call::record(const Failure &failure) {
  if (!failed.exchange(true))
    firstFailure = failure;
}

void Call::fail(const Failure &failure) {
  record(failure);
  longjmp(start, 1);
}

/// Apart from execute, so that no local variable lives across setjmp.
bool Call::enter() {
  if (setjmp(start))
    return false;
  entry.run(this);
  return !failed.load();
}

void Call::launch(int64_t kernel, int64_t blocks, const int64_t *args) {
  Failure failure;
  failure.kind = Kind::Launch;
  failure.text = "there are no kernels for a device";
  if (launcher)
    failure.text = launcher->launch(kernel, blocks, args);
  if (failure.text)
    fail(failure);
}

bool Call::execute(char *firstScratch, int64_t stride) {
  scratch = firstScratch;
  scratchStride = stride;
  cpu::FloatEnvironment environment;
  return enter();
}

void Call::runShare(void *arg, int64_t slot) {
  Region &region = *static_cast<Region *>(arg);
  Call &call = *region.call;
  cpu::FloatEnvironment environment;
  const CurrentTask before = currentTask;
  void *scratch = call.scratch + slot * call.scratchStride;
  currentTask = {&call, scratch};
  // After a failure the run is given up: the remaining tasks need not run.
  auto givenUp = [&] { return call.failed.load(std::memory_order_relaxed); };
  while (!givenUp()) {
    auto [task, end] = region.claim();
    if (task >= end)
      break;
    for (; task < end && !givenUp(); ++task)
      region.task(region.args, task, scratch);
  }
  currentTask = before;
}

void Call::parallelFor(fovea_task task, void *args, int64_t count) {
  if (currentTask.call == this) {
    for (int64_t i = 0; i < count; ++i)
      task(args, i, currentTask.scratch);
    return;
  }
  int64_t slots = std::clamp<int64_t>(count, 1, team.count);
  Region region{this, task, args, count, kPartsOfThread * slots};
  open(runShare, &region, slots);
}

/// Lets `slots` threads take part in a region.
void Call::open(cpu::ThreadPool::Share share, void *region, int64_t slots) {
  if (slots > 1 && team.hook)
    team.hook(team.hookUser, slots, share, region);
  else if (slots > 1)
    team.pool->run(slots, share, region);
  // Does what is left: all of it without other threads, else nothing.
  share(region, 0);
  if (failed.load())
    longjmp(start, 1);
}

/// A team at work.
struct Call::TeamRegion {
  Call *call;
  fovea_task task;
  void *args;
};

void Call::runMember(void *arg, int64_t slot) {
  TeamRegion &region = *static_cast<TeamRegion *>(arg);
  Call &call = *region.call;
  cpu::FloatEnvironment environment;
  const CurrentTask before = currentTask;
  void *scratch = call.scratch + slot * call.scratchStride;
  currentTask = {&call, scratch};
  call.team.members->enter(slot);
  region.task(region.args, slot, scratch);
  currentTask = before;
}

void Call::runTeam(fovea_task task, void *args, int64_t shares) {
  team.members->open(std::clamp<int64_t>(shares, 1, team.count));
  TeamRegion region{this, task, args};
  open(runMember, &region, team.members->size());
}

void Call::checkOutputShape(int64_t index, std::span<const int64_t> shape) {
  const fvm::TensorInfo &info = entry.entry->outputs[size_t(index)];
  Failure failure;
  failure.index = index;
  if (shape.size() != info.shape.size()) {
    failure.kind = Kind::OutputRank;
    failure.value = int64_t(shape.size());
    failure.limit = int64_t(info.shape.size());
    fail(failure);
  }
  const fovea_tensor *supplied = outputs[size_t(index)].supplied;
  for (size_t d = 0; d < shape.size(); ++d) {
    int64_t expected = dimValue(info.shape[d], dims);
    failure.kind = Kind::OutputDim;
    if (expected < 0 && supplied) {
      failure.kind = Kind::SuppliedDim;
      expected = supplied->shape[d];
    }
    if (expected < 0 || shape[d] == expected)
      continue;
    failure.dim = int64_t(d);
    failure.value = shape[d];
    failure.limit = expected;
    fail(failure);
  }
}

/// Lets kernels of a device use memory that the run has got.
void Call::admit(std::string_view name, const void *data, int64_t bytes) {
  if (launcher)
    launcher->admit(std::string(name), data, bytes, /*writable=*/true);
}

void Call::admitOutput(int64_t index, const void *data, int64_t bytes) {
  admit(fvm::concat("output '", entry.entry->outputs[size_t(index)].name, "'"), data, bytes);
}

void *Call::output(int64_t index, std::span<const int64_t> shape) {
  Failure failure;
  failure.index = index;
  if (index < 0 || size_t(index) >= outputs.size() || outputs[size_t(index)].produced) {
    failure.kind =
        index < 0 || size_t(index) >= outputs.size() ? Kind::NoOutput : Kind::OutputTwice;
    fail(failure);
  }
  checkOutputShape(index, shape);
  OutputSlot &slot = outputs[size_t(index)];
  int64_t bytes;
  if (!tensorBytes(fvm::dtypeBytes(entry.entry->outputs[size_t(index)].dtype), shape, bytes)) {
    failure.kind = Kind::OutputSize;
    fail(failure);
  }
  slot.produced = true;
  if (slot.inPlace) {
    admitOutput(index, dataOf(*slot.supplied), bytes);
    return dataOf(*slot.supplied);
  }
  if (!slot.buffer && (slot.buffer = new (std::nothrow) fovea_buffer)) {
    slot.buffer->owner = owner;
    slot.buffer->block = Block(allocator);
  }
  if (!slot.buffer || !slot.buffer->block.reserve(size_t(bytes))) {
    failure.kind = Kind::OutputMemory;
    failure.value = bytes;
    fail(failure);
  }
  std::ranges::copy(shape, slot.buffer->shape);
  admitOutput(index, slot.buffer->block.data(), bytes);
  return slot.buffer->block.data();
}

void *Call::allocate(int64_t bytes) {
  Failure failure;
  failure.value = bytes;
  if (bytes < 0 || bytes > std::numeric_limits<int64_t>::max() - int64_t(memoryAlignment)) {
    failure.kind = Kind::BlockSize;
    fail(failure);
  }
  void *memory = blocks.allocate(size_t(bytes));
  if (!memory) {
    failure.kind = Kind::BlockMemory;
    fail(failure);
  }
  admit("a block of the run", memory, bytes);
  return memory;
}

} // namespace fovea::core
