//===- DeviceSamples.h - an artefact for GPUs and what runs it ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_TEST_RUNTIME_CUDA_DEVICESAMPLES_H
#define FOVEA_TEST_RUNTIME_CUDA_DEVICESAMPLES_H

#include "test/Runtime/CUDA/FakeDriver.h"
#include "test/Runtime/Samples.h"

namespace fovea::test {

using DevicePtr = std::unique_ptr<fovea_device, Freer<fovea_device_free>>;

/// The state of the driver that this process uses instead of NVIDIA's.
FakeCuda &driver();

/// Manifest of device.c: every entry takes x of n values and gives y.
fvm::Manifest deviceManifest();

/// A section of device code.
struct DeviceCode {
  std::string target, content;
};
inline const std::vector<DeviceCode> kFatCode = {
    {"sm_80", "CUBIN80"}, {"sm_90", "CUBIN90"}, {"compute_80", ".version 8.0"}};

/// device.c with sections of device code and one weight, 2.
Image packDevice(const std::vector<DeviceCode> &code = kFatCode);

DevicePtr openDevice(int32_t index);
/// Loads for a device and expects success.
ModulePtr loadFor(const DevicePtr &device, const Image &image = packDevice());
StatusPtr refuseFor(const DevicePtr &device, const Image &image);

/// Memory of a device with values, as a program would have it.
class DeviceValues {
public:
  explicit DeviceValues(std::vector<float> values, size_t skipped = 0);
  ~DeviceValues();

  /// A tensor on device `index`, `skipped` values behind the start of its memory.
  fovea_tensor view(int32_t index = 0);
  std::vector<float> values() const;
  void set(const std::vector<float> &values);

private:
  std::vector<int64_t> shape;
  uint64_t memory = 0;
  size_t skipped;
};

/// One input and one output; the context is on device `index`.
struct DeviceRunner {
  explicit DeviceRunner(int32_t index = 0)
      : device(openDevice(index)), module(loadFor(device)), context(makeContext(module)) {}

  StatusPtr run(const char *entry, fovea_tensor input, fovea_stream *stream = nullptr) {
    return StatusPtr(fovea_context_run(context.get(), entry, &input, 1, &output, 1, stream));
  }

  DevicePtr device;
  ModulePtr module;
  ContextPtr context;
  fovea_tensor output = {};
};

/// Elements of an output in the host's memory.
std::vector<float> valuesOf(const fovea_tensor &tensor);

} // namespace fovea::test

#endif // FOVEA_TEST_RUNTIME_CUDA_DEVICESAMPLES_H
