//===- Launcher.cpp - kernels of a device, for one context ----------------===//
//
// Kernels compiled for the emulator run when they are launched.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Core/Launcher.h"

#include "runtime/CUDA/Launcher.h"
#include "runtime/Core/Module.h"
#include "runtime/Emulator/Launch.h"

#include <deque>

namespace fovea::core {

namespace {

class EmulatedLauncher final : public Launcher {
public:
  explicit EmulatedLauncher(std::span<const fovea_device_kernel> kernels) : kernels(kernels) {}

  fvm::Status begin(fovea_stream *stream) override {
    if (stream)
      return {fvm::Code::InvalidArgument,
              "kernels that are emulated have no streams; pass a null stream"};
    ranges.clear();
    names.clear();
    text.clear();
    record = {};
    return {};
  }

  void admit(std::string name, const void *data, int64_t bytes, bool writable) override {
    names.push_back(std::move(name));
    ranges.push_back({data, bytes, writable, names.back()});
  }

  const char *launch(int64_t kernel, int64_t blocks, const int64_t *args) override {
    if (kernel < 0 || size_t(kernel) >= kernels.size()) {
      text =
          "it launches kernel " + std::to_string(kernel) + " of " + std::to_string(kernels.size());
      return text.c_str();
    }
    if (blocks == 0)
      return nullptr;
    auto failure = emulator.run({&kernels[size_t(kernel)], blocks, args, ranges, &record, options});
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
  std::vector<emulator::Range> ranges;
  /// Names of the ranges; a deque, so that they stay where they are.
  std::deque<std::string> names;
  std::string text;
  fovea_fault_record record{};
};

} // namespace

fvm::Status makeLauncher(const Module &module, std::unique_ptr<Launcher> &launcher) {
  if (module.deviceProgram())
    return cuda::makeLauncher(module.deviceProgram(), launcher);
  if (!module.kernels().empty())
    launcher = std::make_unique<EmulatedLauncher>(module.kernels());
  return {};
}

} // namespace fovea::core
