//===- Context.h - state of the runs of one thread ------------------------===//
//
// Keeps what runs need between them: arena and scratch, copies of inputs,
// output memory and threads. All of it grows only when a run needs more.
// Where kernels run on a device, tensors lie in its memory; DeviceTensors.cpp
// moves those of the caller there and back.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_CORE_CONTEXT_H
#define FOVEA_RUNTIME_CORE_CONTEXT_H

#include "runtime/Core/Call.h"

#include <chrono>
#include <optional>

namespace fovea::core {

class Context {
public:
  /// Checks the options and makes room for the largest entry's signature.
  static fvm::Status create(std::shared_ptr<const Module> module,
                            const fovea_context_options &options,
                            std::unique_ptr<Context> &context);
  ~Context();

  fvm::Status run(const char *entry, std::span<const fovea_tensor> inputs,
                  std::span<fovea_tensor> outputs, fovea_stream *stream);
  fvm::Status synchronize();
  fvm::Status detach(int64_t index, fovea_buffer *&buffer);
  fvm::Status startClock();
  fvm::Status stopClock(double &milliseconds);
  /// Copies a tensor to where kernels find tensors, `to` with memory and shape of `buffer`.
  fvm::Status upload(const fovea_tensor &from, fovea_tensor &to,
                     std::unique_ptr<fovea_buffer> &buffer);

  /// Where kernels find tensors.
  fovea_dldevice place() const;
  int64_t replays() const { return replayed; }
  int32_t threads() const { return int32_t(team.count); }

private:
  Context(std::shared_ptr<const Module> module, const fovea_context_options &options,
          int32_t threads, std::unique_ptr<Launcher> launcher);

  fvm::Status runEntry(const char *name, std::span<const fovea_tensor> inputs,
                       std::span<fovea_tensor> outputs, fovea_stream *stream);
  fvm::Status runBegun(const EntryPoint &point, std::span<const fovea_tensor> inputs,
                       std::span<fovea_tensor> outputs, RunBlocks &blocks);
  fvm::Status runToEnd(const EntryPoint &point, std::span<const fovea_tensor> inputs,
                       std::span<fovea_tensor> outputs);
  fvm::Status endRun(fvm::Status status);
  fvm::Status bindInputs(const fvm::Entry &entry, std::span<const fovea_tensor> inputs);
  fvm::Status bindOutputs(const fvm::Entry &entry, std::span<const fovea_tensor> inputs,
                          std::span<const fovea_tensor> outputs);
  fvm::Status reserve(const fvm::Entry &entry, const fovea_plan &plan);
  char *scratchOf(const fovea_plan &plan) const;
  fvm::Status execute(const EntryPoint &entry, const fovea_plan &plan, RunBlocks &blocks);
  void admitMemory(const EntryPoint &point, const fovea_plan &plan);
  void publishOutputs(const fvm::Entry &entry, std::span<fovea_tensor> outputs);

  // In Replay.cpp.
  fvm::Status replayOrExecute(const EntryPoint &point, const fovea_plan &plan, RunBlocks &blocks);
  fvm::Status record(const EntryPoint &point, const fovea_plan &plan, RunBlocks &blocks);
  void describeRun(const EntryPoint &point, std::vector<int64_t> &words) const;

  // In DeviceTensors.cpp.
  fvm::Status placeInput(size_t index, const fvm::TensorInfo &info, const fovea_tensor &tensor);
  fvm::Status bringInput(size_t index, const fvm::TensorInfo &info, const fovea_tensor &tensor);
  fvm::Status bringTensor(const fovea_tensor &from, fovea_tensor &to,
                          std::unique_ptr<fovea_buffer> &buffer);
  void placeOutput(size_t index, const fovea_tensor &tensor);
  fvm::Status returnOutputs(const fvm::Entry &entry);
  fvm::Status noMemory(std::string text);
  fvm::Status noMemory(fvm::Status status);
  fvm::Status takeFault();

  const DeviceMemory *deviceMemory() const { return launcher ? launcher->memory() : nullptr; }
  const fovea_allocator &tensorAllocator() const {
    return deviceMemory() ? deviceMemory()->allocator : allocator;
  }

  const std::shared_ptr<const Module> module;
  /// Null where the module has no kernels of a device. Before what uses its memory.
  const std::unique_ptr<Launcher> launcher;
  /// Of the host's memory.
  const fovea_allocator allocator;
  cpu::ThreadPool pool;
  cpu::Team members;
  Threads team;
  /// Arena, then the scratch of each thread.
  Block work;
  /// The scratch where the arena is in a device's memory, which tasks of the host cannot use.
  Block hostScratch;
  std::vector<int64_t> dims;
  std::vector<const void *> inputData;
  /// Inputs that host code reads, in the host's memory.
  std::vector<const void *> hostInputs;
  /// Dense copies of inputs.
  std::vector<Block> inputCopies;
  /// Those that a copy to the device has been queued of, which may still read them.
  std::vector<bool> copiesQueued;
  /// Inputs in the device's memory.
  std::vector<Block> deviceInputs;
  std::vector<OutputSlot> slots;
  std::atomic<bool> busy{false};

  using Clock = std::chrono::steady_clock;
  std::optional<Clock::time_point> clockStart;

  /// What is known of the last run, for those that repeat it.
  enum class Repeat { Queued, Recorded, NotRecordable };
  const bool replaying;
  Repeat repeat = Repeat::Queued;
  /// Everything that launches of the last run, and of the coming one, depend on.
  std::vector<int64_t> lastRun, thisRun;
  int64_t replayed = 0;
};

/// Words the failure of a run of `entry`.
fvm::Status describeFailure(const Failure &failure, const Module &module, const fvm::Entry &entry);

/// Words a fault that compiled code has recorded.
fvm::Status describeFault(const Failure &failure, const Module &module);

} // namespace fovea::core

#endif // FOVEA_RUNTIME_CORE_CONTEXT_H
