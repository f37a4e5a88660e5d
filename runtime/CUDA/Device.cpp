//===- Device.cpp - one GPU of this process -------------------------------===//
//
// Opens devices and remembers those that are lost.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/CUDA/Device.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <vector>

namespace fovea::cuda {

using fvm::Code;
using fvm::concat;
using fvm::Status;

/// Compute capability 8.0: cp.async, mma.sync of bf16.
static constexpr int kOldestMajor = 8;

/// Results after which the driver refuses everything on the context: memory errors of the hardware,
/// destroyed contexts, and kernels that ended by an error.
static bool breaksContext(int result) {
  static constexpr int list[] = {4,   214, 220, 226, 700, 702, 709, 710,
                                 714, 715, 716, 717, 718, 719, 721};
  return std::ranges::find(list, result) != std::end(list);
}

Status Device::count(int32_t &count) {
  const Driver *driver = nullptr;
  if (Status status = Driver::get(driver); !status.ok())
    return status;
  int found = 0;
  if (int result = driver->cuDeviceGetCount(&found); result != kSuccess)
    return {Code::Device, concat("the CUDA devices cannot be counted: ", driver->textOf(result))};
  count = found;
  return {};
}

Status Device::open(int32_t index, const Device *&device) {
  int32_t found = 0;
  if (Status status = count(found); !status.ok())
    return status;
  if (index < 0 || index >= found)
    return {Code::Device, concat("there is no device ", index, " of kind 'cuda', there are ", found,
                                 "; see CUDA_VISIBLE_DEVICES")};
  // Not freed at the end of the process either: what still uses a device may go later.
  static auto &mutex = *new std::mutex;
  static auto &open = *new std::vector<std::unique_ptr<Device>>;
  std::lock_guard<std::mutex> lock(mutex);
  if (open.size() < size_t(found))
    open.resize(size_t(found));
  std::unique_ptr<Device> &known = open[size_t(index)];
  if (!known) {
    const Driver *driver = nullptr;
    if (Status status = Driver::get(driver); !status.ok())
      return status;
    std::unique_ptr<Device> made(new Device(*driver, index));
    if (Status status = made->start(); !status.ok())
      return status;
    known = std::move(made);
  }
  device = known.get();
  return {};
}

Status Device::start() {
  int handle = 0, pools = 0;
  char text[256] = {};
  auto attribute = [&](DeviceAttribute which, int &value) {
    return api.cuDeviceGetAttribute(&value, which, handle);
  };
  auto first = [](std::initializer_list<int> results) {
    return *std::ranges::find_if(results.begin(), results.end() - 1,
                                 [](int result) { return result != kSuccess; });
  };
  if (int result = api.cuDeviceGet(&handle, number); result != kSuccess)
    return check(result, "the device cannot be had");
  int result = first({api.cuDeviceGetName(text, sizeof(text), handle),
                      attribute(kCapabilityMajor, capabilityMajor),
                      attribute(kCapabilityMinor, capabilityMinor),
                      attribute(kMaxSharedPerBlock, sharedBytes), attribute(kMemoryPools, pools),
                      api.cuDeviceTotalMem_v2(&totalBytes, handle)});
  if (result != kSuccess)
    return check(result, "the device cannot be asked what it is");
  title = text;
  if (capabilityMajor < kOldestMajor)
    return {Code::Device, concat("CUDA device ", number, " (", title, ") has compute capability ",
                                 capabilityMajor, ".", capabilityMinor,
                                 ", 8.0 or later is needed; use another device")};
  if (!pools)
    return {Code::Device, concat("CUDA device ", number, " (", title,
                                 ") has no memory pools, which runs need; use another device")};
  return check(api.cuDevicePrimaryCtxRetain(&context, handle), "its context cannot be had");
}

Status Device::check(int result, std::string_view what) const {
  if (result == kSuccess)
    return {};
  std::string text = concat("CUDA device ", number, ": ", what, ": ", api.textOf(result));
  if (result == kOutOfMemory)
    return {Code::OutOfMemory, std::move(text)};
  if (!breaksContext(result))
    return {Code::Device, std::move(text)};
  std::lock_guard<std::mutex> lock(mutex);
  if (!lost.load(std::memory_order_relaxed)) {
    cause = concat(what, ": ", api.textOf(result));
    lost.store(true, std::memory_order_release);
  }
  return {Code::Device,
          concat(text, "; the device is lost to this process, which must be started again")};
}

Status Device::usable() const {
  if (!isLost())
    return {};
  return {Code::Device, concat("CUDA device ", number, " was lost before (", cause,
                               "); start the process again")};
}

} // namespace fovea::cuda
