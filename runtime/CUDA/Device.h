//===- Device.h - one GPU of this process ---------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_CUDA_DEVICE_H
#define FOVEA_RUNTIME_CUDA_DEVICE_H

#include "runtime/CUDA/Driver.h"

#include <atomic>
#include <mutex>

namespace fovea::cuda {

/// A GPU with its primary context, which other libraries of the process share. Made once for each
/// index and never freed. All functions may be called from any thread.
class Device {
public:
  /// Number of devices; a failure where there is no usable driver.
  static fvm::Status count(int32_t &count);
  static fvm::Status open(int32_t index, const Device *&device);

  const Driver &driver() const { return api; }
  int32_t index() const { return number; }
  const std::string &name() const { return title; }
  int major() const { return capabilityMajor; }
  int minor() const { return capabilityMinor; }
  uint64_t memoryBytes() const { return totalBytes; }
  /// Most shared memory that a block can have.
  int maxSharedBytes() const { return sharedBytes; }

  /// Makes the device's context current for the calling thread, until the end of the scope.
  class Scope {
  public:
    explicit Scope(const Device &device)
        : device(device), pushed(device.api.cuCtxPushCurrent_v2(device.context) == kSuccess) {}
    ~Scope() {
      ContextHandle popped;
      // Where it was not pushed, calls within have failed, and the caller's own is on top.
      if (pushed)
        device.api.cuCtxPopCurrent_v2(&popped);
    }
    Scope(const Scope &) = delete;
    Scope &operator=(const Scope &) = delete;

  private:
    const Device &device;
    const bool pushed;
  };

  /// Success, or a sentence about what failed. A result that says that the context is broken, as
  /// after an access out of bounds, loses the device: nothing on it works in this process again.
  fvm::Status check(int result, std::string_view what) const;

  /// A failure once the device is lost.
  fvm::Status usable() const;
  bool isLost() const { return lost.load(std::memory_order_acquire); }

private:
  Device(const Driver &api, int32_t number) : api(api), number(number) {}
  fvm::Status start();

  const Driver &api;
  const int32_t number;
  ContextHandle context = nullptr;
  std::string title;
  int capabilityMajor = 0, capabilityMinor = 0, sharedBytes = 0;
  size_t totalBytes = 0;
  mutable std::atomic<bool> lost{false};
  mutable std::mutex mutex;
  /// What lost the device. Written once, before `lost`.
  mutable std::string cause;
};

} // namespace fovea::cuda

#endif // FOVEA_RUNTIME_CUDA_DEVICE_H
