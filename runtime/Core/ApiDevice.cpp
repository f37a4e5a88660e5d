//===- ApiDevice.cpp - devices in C ---------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/CUDA/Device.h"
#include "runtime/Core/Api.h"

#include <cstring>

using fovea::core::guarded;
using fvm::Code;
using fvm::concat;
using fvm::Status;

static Status countDevices(const char *kind, int32_t &count) {
  if (!kind)
    return fovea::core::nullArgument("kind");
  if (strcmp(kind, "cpu") == 0) {
    count = 1;
    return {};
  }
  if (strcmp(kind, "cuda") == 0)
    return fovea::cuda::Device::count(count);
  return {Code::InvalidArgument,
          concat("unknown kind of device '", kind, "', expected 'cpu' or 'cuda'")};
}

fovea_status *fovea_device_count(const char *kind, int32_t *count) {
  return guarded([&]() -> Status {
    if (!count)
      return fovea::core::nullArgument("count");
    return countDevices(kind, *count);
  });
}

fovea_status *fovea_device_open(const char *kind, int32_t index, fovea_device **device) {
  return guarded([&]() -> Status {
    if (!device)
      return fovea::core::nullArgument("device");
    int32_t count = 0;
    if (Status status = countDevices(kind, count); !status.ok())
      return status;
    if (index < 0 || index >= count)
      return {Code::Device, concat("there is no device ", index, " of kind '", kind, "'")};
    bool isGpu = strcmp(kind, "cuda") == 0;
    const fovea::cuda::Device *opened = nullptr;
    if (isGpu)
      if (Status status = fovea::cuda::Device::open(index, opened); !status.ok())
        return status;
    *device = new fovea_device{isGpu ? "cuda" : "cpu", index};
    return {};
  });
}

const char *fovea_device_kind(const fovea_device *device) { return device ? device->kind : "cpu"; }

void fovea_device_free(fovea_device *device) { delete device; }
