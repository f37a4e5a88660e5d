//===- Launcher.cpp - kernels of a device, for one context ----------------===//
//
// Kernels compiled for the emulator run when they are launched.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Core/Launcher.h"

#include "runtime/CUDA/Launcher.h"
#include "runtime/Core/Call.h"
#include "runtime/Core/Module.h"
#include "runtime/Emulator/Launch.h"

#include <algorithm>
#include <deque>

namespace fovea::core {

namespace {

/// Bytes that kernels may write up to which each access is compared with those of other blocks: it
/// takes eight times the memory, cleared for each launch, and one thread.
constexpr int64_t mostCompared = int64_t(64) << 10;

class EmulatedLauncher final : public Launcher {
public:
  EmulatedLauncher(std::span<const fovea_device_kernel> kernels, uint32_t seed)
      : kernels(kernels), options{.seed = seed} {}

  fvm::Status begin(fovea_stream *stream) override {
    if (stream)
      return {fvm::Code::InvalidArgument,
              "kernels that are emulated have no streams; pass a null stream"};
    ranges.clear();
    written = 0;
    names.clear();
    text.clear();
    record = {};
    return {};
  }

  void admit(std::string name, const void *data, int64_t bytes, bool writable) override {
    names.push_back(std::move(name));
    ranges.push_back({data, bytes, writable, names.back()});
    written += writable ? bytes : 0;
  }

  const char *launch(int64_t number, int64_t blocks, const int64_t *args,
                     const Threads &threads) override {
    if (number < 0 || size_t(number) >= kernels.size()) {
      text =
          "it launches kernel " + std::to_string(number) + " of " + std::to_string(kernels.size());
      return text.c_str();
    }
    if (blocks == 0)
      return nullptr;
    const fovea_device_kernel &kernel = kernels[size_t(number)];
    options.checkBlocks = written <= mostCompared;
    if (kernel.cooperative) {
      blocks = std::min(blocks, emulator::residentBlocks(kernel));
      // Their blocks give each other what they compute.
      options.checkBlocks = true;
    }
    auto run = [](void *user, int64_t count, cpu::ThreadPool::Share share, void *arg) {
      static_cast<const Threads *>(user)->run(count, share, arg);
    };
    auto failure = emulator.run({&kernel,
                                 blocks,
                                 args,
                                 ranges,
                                 &record,
                                 options,
                                 {threads.count, run, const_cast<Threads *>(&threads)}});
    if (!failure)
      return nullptr;
    text = failure->text;
    return text.c_str();
  }

  // Launches have run when they return.
  fvm::Status end(bool failed) override {
    if (failed)
      record = {};
    return {};
  }
  fvm::Status synchronize() override { return {}; }

  fovea_fault_record takeFault() override { return std::exchange(record, {}); }

private:
  std::span<const fovea_device_kernel> kernels;
  emulator::Emulator emulator;
  emulator::Options options;
  /// Bytes that the run's kernels may write.
  int64_t written = 0;
  std::vector<emulator::Range> ranges;
  /// Names of the ranges; a deque, so that they stay where they are.
  std::deque<std::string> names;
  std::string text;
  fovea_fault_record record{};
};

} // namespace

fvm::Status makeLauncher(const Module &module, uint32_t seed, std::unique_ptr<Launcher> &launcher) {
  if (module.deviceProgram())
    return cuda::makeLauncher(module.deviceProgram(), launcher);
  if (!module.kernels().empty())
    launcher = std::make_unique<EmulatedLauncher>(module.kernels(), seed);
  return {};
}

} // namespace fovea::core
