//===- Context.h - state of the runs of one thread ------------------------===//
//
// Keeps what runs need between them: arena and scratch, copies of inputs,
// output memory and threads. All of it grows only when a run needs more.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_CORE_CONTEXT_H
#define FOVEA_RUNTIME_CORE_CONTEXT_H

#include "runtime/Core/Call.h"

namespace fovea::core {

class Context {
public:
  /// Checks the options and makes room for the largest entry's signature.
  static fvm::Status create(std::shared_ptr<const Module> module,
                            const fovea_context_options &options,
                            std::unique_ptr<Context> &context);
  ~Context();

  fvm::Status run(const char *entry, std::span<const fovea_tensor> inputs,
                  std::span<fovea_tensor> outputs);
  fvm::Status detach(int64_t index, fovea_buffer *&buffer);

  int32_t threads() const { return int32_t(team.count); }

private:
  Context(std::shared_ptr<const Module> module, const fovea_context_options &options,
          int32_t threads);

  fvm::Status runEntry(const char *name, std::span<const fovea_tensor> inputs,
                       std::span<fovea_tensor> outputs);
  fvm::Status bindInputs(const fvm::Entry &entry, std::span<const fovea_tensor> inputs);
  fvm::Status bindOutputs(const fvm::Entry &entry, std::span<const fovea_tensor> inputs,
                          std::span<const fovea_tensor> outputs);
  fvm::Status execute(const EntryPoint &entry, const fovea_plan &plan);
  void admitMemory(const EntryPoint &point, const fovea_plan &plan);
  void publishOutputs(const fvm::Entry &entry, std::span<fovea_tensor> outputs);

  const std::shared_ptr<const Module> module;
  const fovea_allocator allocator;
  cpu::ThreadPool pool;
  cpu::Team members;
  Threads team;
  /// Arena, then the scratch of each thread.
  Block work;
  std::vector<int64_t> dims;
  std::vector<const void *> inputData;
  std::vector<Block> inputCopies;
  std::vector<OutputSlot> slots;
  /// Null where the module has no kernels of a device.
  const std::unique_ptr<Launcher> launcher;
  std::atomic<bool> busy{false};
};

/// Words the failure of a run of `entry`.
fvm::Status describeFailure(const Failure &failure, const Module &module, const fvm::Entry &entry);

} // namespace fovea::core

#endif // FOVEA_RUNTIME_CORE_CONTEXT_H
