//===- Launcher.cpp - launches of one context on a GPU --------------------===//
//
// The record of faults stays on the device over runs: the first fault is kept there until somebody
// has waited for it and read it.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/CUDA/Launcher.h"

#include "runtime/CUDA/Queue.h"
#include "runtime/CUDA/Recording.h"

#include <algorithm>
#include <limits>

namespace fovea::cuda {

using core::Copy;
using fvm::Code;
using fvm::concat;
using fvm::Status;

/// DLPack's type of CUDA devices.
static constexpr int32_t kDLCuda = 2;

static DevicePointer pointerOf(const void *memory) {
  return reinterpret_cast<DevicePointer>(memory);
}

namespace {

class CudaLauncher final : public core::Launcher {
public:
  explicit CudaLauncher(std::shared_ptr<const Program> shared)
      : program(std::move(shared)), device(program->device()), driver(device.driver()),
        recording(device) {}
  ~CudaLauncher() override;

  Status start();

  const core::DeviceMemory *memory() const override { return &place; }
  Status begin(fovea_stream *stream) override;
  // Kernels are not checked.
  void admit(std::string, const void *, int64_t, bool) override {}
  const char *launch(int64_t kernel, int64_t blocks, const int64_t *args) override;
  Status copy(Copy kind, void *to, const void *from, size_t bytes) override;
  Status end(bool failed) override;
  Status synchronize() override;
  Status drain() override;
  Status takeRefusal() override { return queue->takeRefusal(); }
  fovea_fault_record takeFault() override { return std::exchange(seen, {}); }
  bool canRecord() const override { return !queue->isCapturing(); }
  Status record() override;
  Status finishRecording(bool keep) override;
  Status replay() override;
  Status startClock() override;
  Status stopClock(double &milliseconds) override;

private:
  Status readFault();

  const std::shared_ptr<const Program> program;
  const Device &device;
  const Driver &driver;
  std::shared_ptr<Queue> queue;
  core::DeviceMemory place{};
  /// The record that kernels write, and where it is copied behind each run, in page-locked memory.
  DevicePointer faults = 0;
  fovea_fault_record *copied = nullptr;
  /// What was read and not taken yet.
  fovea_fault_record seen{};
  /// Every fault until the end of the run is the run's own.
  bool alone = true;
  Recording recording;
  /// Words of a launch, the record's address behind them.
  std::vector<int64_t> parameters;
  std::string text;
};

} // namespace

CudaLauncher::~CudaLauncher() {
  if (device.isLost())
    return;
  Device::Scope scope(device);
  // Copies of the record may be on their way.
  if (queue)
    (void)queue->synchronize();
  if (faults)
    driver.cuMemFree_v2(faults);
  if (copied)
    driver.cuMemFreeHost(copied);
}

Status CudaLauncher::start() {
  if (Status status = device.usable(); !status.ok())
    return status;
  Device::Scope scope(device);
  if (Status status = Queue::create(device, queue); !status.ok())
    return status;
  void *pinned = nullptr;
  int result = driver.cuMemAlloc_v2(&faults, sizeof(*copied));
  if (result == kSuccess)
    result = driver.cuMemAllocHost_v2(&pinned, sizeof(*copied));
  if (result == kSuccess) {
    copied = new (pinned) fovea_fault_record{};
    result = driver.cuMemcpyHtoD_v2(faults, copied, sizeof(*copied));
  }
  if (result != kSuccess)
    return device.check(result, "memory for faults cannot be had");
  int32_t words = 0;
  for (const Program::Kernel &kernel : program->kernels())
    words = std::max(words, kernel.facts->words);
  parameters.resize(size_t(words) + 1);
  place = {{kDLCuda, device.index()},
           queue->allocator(),
           queue,
           reinterpret_cast<const void *>(program->weights())};
  return {};
}

Status CudaLauncher::begin(fovea_stream *stream) {
  text.clear();
  alone = queue->isIdle() && !seen.taken;
  Device::Scope scope(device);
  return queue->begin(reinterpret_cast<StreamHandle>(stream));
}

const char *CudaLauncher::launch(int64_t number, int64_t blocks, const int64_t *args) {
  auto fails = [&](std::string why) {
    text = std::move(why);
    return text.c_str();
  };
  if (number < 0 || size_t(number) >= program->kernels().size())
    return fails(concat("it launches kernel ", number, " of ", program->kernels().size()));
  const Program::Kernel &kernel = program->kernels()[size_t(number)];
  const fovea_device_kernel &facts = *kernel.facts;
  if (blocks < 0 || blocks > std::numeric_limits<int32_t>::max())
    return fails(concat("kernel '", facts.name, "' cannot have ", blocks, " blocks"));
  if (blocks == 0)
    return nullptr;
  std::copy_n(args, facts.words, parameters.begin());
  parameters[size_t(facts.words)] = int64_t(faults);
  size_t bytes = sizeof(int64_t) * (size_t(facts.words) + 1);
  void *extra[] = {kParametersBuffer, parameters.data(), kParametersSize, &bytes, kParametersEnd};
  LaunchAttribute cooperative{};
  cooperative.id = LaunchAttribute::kCooperative;
  cooperative.value.cooperative = 1;
  LaunchConfig config{};
  config.gridX = unsigned(blocks);
  config.gridY = config.gridZ = config.blockY = config.blockZ = 1;
  config.blockX = unsigned(facts.threads);
  config.sharedBytes = unsigned(facts.shared_bytes);
  config.stream = queue->stream();
  config.attributes = &cooperative;
  config.attributeCount = facts.cooperative ? 1 : 0;
  Device::Scope scope(device);
  int result = driver.cuLaunchKernelEx(&config, kernel.function, nullptr, extra);
  Status status = device.check(result, concat("kernel '", facts.name, "' of ", blocks, " blocks"));
  return status.ok() ? nullptr : fails(std::string(status.message()));
}

static Status copyWhileCaptured() {
  return {Code::InvalidArgument, "a run on a stream that is captured takes and gives tensors of "
                                 "the device alone, others would be copied while the graph runs"};
}

Status CudaLauncher::copy(Copy kind, void *to, const void *from, size_t bytes) {
  if (bytes == 0)
    return {};
  if (kind != Copy::WithinDevice && queue->isCapturing())
    return copyWhileCaptured();
  Device::Scope scope(device);
  StreamHandle stream = queue->stream();
  int result = kSuccess;
  switch (kind) {
  case Copy::ToDevice:
    result = driver.cuMemcpyHtoDAsync_v2(pointerOf(to), from, bytes, stream);
    break;
  case Copy::ToHost:
    result = driver.cuMemcpyDtoHAsync_v2(to, pointerOf(from), bytes, stream);
    break;
  case Copy::WithinDevice:
    result = driver.cuMemcpyDtoDAsync_v2(pointerOf(to), pointerOf(from), bytes, stream);
    break;
  }
  return device.check(result, concat("a copy of ", bytes, " bytes"));
}

Status CudaLauncher::end(bool failed) {
  Device::Scope scope(device);
  // An exception has cut the recording short.
  if (recording.isOpen())
    (void)finishRecording(/*keep=*/false);
  bool captured = queue->isCapturing();
  int result = driver.cuMemcpyDtoHAsync_v2(copied, faults, sizeof(*copied), queue->stream());
  Status copying = device.check(result, "the record of faults cannot be read");
  Status status = queue->end();
  if (!copying.ok())
    return copying;
  // Nothing has run of what was captured, and the record cannot be cleared meanwhile.
  if (!status.ok() || captured || !queue->isIdle())
    return status;
  status = readFault();
  // A run that has failed says why; only faults of others are left to be told.
  if (failed && alone)
    seen = {};
  return status;
}

Status CudaLauncher::synchronize() {
  if (Status status = device.usable(); !status.ok())
    return status;
  Device::Scope scope(device);
  if (Status status = queue->synchronize(); !status.ok())
    return status;
  return readFault();
}

Status CudaLauncher::drain() {
  if (queue->isCapturing())
    return copyWhileCaptured();
  if (device.isLost() || queue->isIdle())
    return {};
  Device::Scope scope(device);
  return queue->synchronize();
}

/// Reads the fault that runs have left, and makes room for the next.
Status CudaLauncher::readFault() {
  if (!copied->taken)
    return {};
  if (!seen.taken)
    seen = *copied;
  *copied = {};
  return device.check(driver.cuMemcpyHtoD_v2(faults, copied, sizeof(*copied)),
                      "the record of faults cannot be cleared");
}

Status CudaLauncher::record() {
  Device::Scope scope(device);
  // The graph before may be under way.
  if (Status status = drain(); !status.ok())
    return status;
  if (Status status = recording.begin(); !status.ok())
    return status;
  queue->divert(recording.stream());
  return {};
}

Status CudaLauncher::finishRecording(bool keep) {
  Device::Scope scope(device);
  queue->restore();
  return recording.end(keep);
}

Status CudaLauncher::replay() {
  Device::Scope scope(device);
  return recording.replay(queue->stream());
}

Status CudaLauncher::startClock() {
  Device::Scope scope(device);
  return queue->startClock();
}

Status CudaLauncher::stopClock(double &milliseconds) {
  if (Status status = device.usable(); !status.ok())
    return status;
  Device::Scope scope(device);
  if (Status status = queue->stopClock(milliseconds); !status.ok())
    return status;
  return readFault();
}

fvm::Status makeLauncher(std::shared_ptr<const Program> program,
                         std::unique_ptr<core::Launcher> &launcher) {
  auto made = std::make_unique<CudaLauncher>(std::move(program));
  if (Status status = made->start(); !status.ok())
    return status;
  launcher = std::move(made);
  return {};
}

} // namespace fovea::cuda
