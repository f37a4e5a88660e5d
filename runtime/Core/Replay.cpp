//===- Replay.cpp - runs that repeat the one before -----------------------===//
//
// Host code of a device launches the same kernels with the same words when sizes and addresses are
// the same: it never sees the tensors' values, but for entries with inputs that the host reads,
// which are not recorded. Such a run is recorded when it comes for the second time, and from then
// on its launches are replayed in one call. Copies from and to the host are no part of what is
// recorded.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Core/Context.h"
#include "runtime/Core/Tensors.h"

#include <algorithm>

namespace fovea::core {

using fvm::Status;

/// True when host code reads elements of inputs, by which launches may differ.
static bool readsInputs(const fvm::Entry &entry) {
  return std::any_of(entry.inputs.begin(), entry.inputs.end(), [](const fvm::TensorInfo &info) {
    return info.readBy != fvm::Reader::Target;
  });
}

/// Entry, sizes, and addresses of inputs, arena and outputs. Weights and scratch stay where they
/// are as long as sizes do.
void Context::describeRun(const EntryPoint &point, std::vector<int64_t> &words) const {
  const fvm::Entry &entry = *point.entry;
  auto address = [](const void *data) { return int64_t(reinterpret_cast<intptr_t>(data)); };
  words.clear();
  words.push_back(address(&point));
  words.push_back(address(work.data()));
  words.insert(words.end(), dims.begin(), dims.begin() + int64_t(entry.symbols.size()));
  for (size_t i = 0; i < entry.inputs.size(); ++i)
    words.push_back(address(inputData[i]));
  for (size_t i = 0; i < entry.outputs.size(); ++i) {
    const OutputSlot &slot = slots[i];
    const void *own = slot.buffer ? slot.buffer->block.data() : nullptr;
    words.push_back(address(slot.inPlace ? dataOf(*slot.supplied) : own));
    // Its sizes are checked while host code runs.
    if (slot.supplied)
      words.insert(words.end(), slot.supplied->shape, slot.supplied->shape + slot.supplied->ndim);
  }
}

/// Runs host code while its launches are recorded, and notes in `repeat` whether that could be
/// done.
Status Context::record(const EntryPoint &point, const fovea_plan &plan, RunBlocks &blocks) {
  Status status = launcher->record();
  if (status.ok()) {
    status = execute(point, plan, blocks);
    Status kept = launcher->finishRecording(status.ok());
    if (status.ok())
      status = std::move(kept);
  }
  repeat = status.ok() ? Repeat::Recorded : Repeat::NotRecordable;
  return status;
}

Status Context::replayOrExecute(const EntryPoint &point, const fovea_plan &plan,
                                RunBlocks &blocks) {
  if (!replaying || !deviceMemory() || readsInputs(*point.entry) || !launcher->canRecord()) {
    // It may leave other shapes in the outputs than the last run.
    lastRun.clear();
    return execute(point, plan, blocks);
  }
  describeRun(point, thisRun);
  bool same = thisRun == lastRun;
  if (same && repeat == Repeat::Queued)
    (void)record(point, plan, blocks);
  if (same && repeat == Repeat::Recorded) {
    for (size_t i = 0; i < point.entry->outputs.size(); ++i)
      slots[i].produced = true;
    Status status = launcher->replay();
    if (status.ok())
      ++replayed;
    else
      lastRun.clear();
    return status;
  }
  // What could not be recorded, as memory whose size depends on data, has left outputs behind.
  for (OutputSlot &slot : slots)
    slot.produced = false;
  if (!same)
    repeat = Repeat::Queued;
  lastRun.clear();
  Status status = execute(point, plan, blocks);
  if (status.ok())
    describeRun(point, lastRun);
  return status;
}

} // namespace fovea::core
