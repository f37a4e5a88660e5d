//===- ApiDevice.cpp - devices in C ---------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/CUDA/Device.h"
#include "runtime/Core/Api.h"

using fovea::core::guarded;
using fovea::core::nullArgument;
using fovea::cuda::Device;
using fvm::Code;
using fvm::concat;
using fvm::Status;

static Status unknownKind(std::string_view kind) {
  return {Code::InvalidArgument,
          concat("unknown kind of device '", kind, "', expected 'cpu' or 'cuda'")};
}

fovea_status *fovea_device_count(const char *kind, int32_t *count) {
  return guarded([&]() -> Status {
    if (!kind || !count)
      return nullArgument(kind ? "count" : "kind");
    const std::string_view name = kind;
    if (name == "cuda")
      return Device::count(*count);
    if (name != "cpu")
      return unknownKind(name);
    *count = 1;
    return {};
  });
}

fovea_status *fovea_device_open(const char *kind, int32_t index, fovea_device **device) {
  return guarded([&]() -> Status {
    if (!kind || !device)
      return nullArgument(kind ? "device" : "kind");
    const std::string_view name = kind;
    if (name == "cuda") {
      const Device *opened = nullptr;
      if (Status status = Device::open(index, opened); !status.ok())
        return status;
    } else if (name != "cpu") {
      return unknownKind(name);
    } else if (index != 0) {
      return {Code::Device, concat("there is no device ", index, " of kind 'cpu', there is 1")};
    }
    *device = new fovea_device{name == "cuda" ? "cuda" : "cpu", index};
    return {};
  });
}

const char *fovea_device_kind(const fovea_device *device) { return device ? device->kind : "cpu"; }

void fovea_device_free(fovea_device *device) { delete device; }
