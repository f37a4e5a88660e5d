//===- ApiStatus.cpp - versions, status objects and devices in C ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Core/Api.h"
#include "runtime/include/fovea_abi.h"

#include <cstring>

using fovea::core::guarded;
using fvm::Code;
using fvm::concat;
using fvm::Status;

struct fovea_status {
  Code code;
  const char *message;
  const char *node;
  /// Where the texts live; empty for the shared statuses.
  std::string messageText;
  std::string nodeText;
};

struct fovea_device {
  const char *kind;
};

namespace fovea::core {

static fovea_status noMemory = {Code::OutOfMemory, "out of memory", "", {}, {}};
static fovea_status broken = {
    Code::Internal, "an unexpected C++ exception reached the C interface", "", {}, {}};

fovea_status *outOfMemory() { return &noMemory; }
fovea_status *internalError() { return &broken; }

fovea_status *toHandle(Status status) {
  if (status.ok())
    return nullptr;
  auto *handle = new (std::nothrow) fovea_status{status.code(), "", "", {}, {}};
  if (!handle)
    return outOfMemory();
  std::unique_ptr<fovea_status> owner(handle);
  handle->messageText = status.message();
  handle->nodeText = status.node();
  handle->message = handle->messageText.c_str();
  handle->node = handle->nodeText.c_str();
  return owner.release();
}

} // namespace fovea::core

const char *fovea_version(void) { return FOVEA_VERSION; }

uint32_t fovea_abi_version(void) { return FOVEA_ABI_VERSION; }

fovea_code fovea_status_code(const fovea_status *status) {
  return status ? static_cast<fovea_code>(status->code) : FOVEA_OK;
}

const char *fovea_status_message(const fovea_status *status) {
  return status ? status->message : "";
}

const char *fovea_status_node(const fovea_status *status) { return status ? status->node : ""; }

void fovea_status_free(fovea_status *status) {
  if (status != &fovea::core::noMemory && status != &fovea::core::broken)
    delete status;
}

static Status countDevices(const char *kind, int32_t &count) {
  if (!kind)
    return fovea::core::nullArgument("kind");
  if (strcmp(kind, "cpu") == 0) {
    count = 1;
    return {};
  }
  if (strcmp(kind, "cuda") == 0)
    return {Code::Device, "this version of the runtime was not built for 'cuda' devices; "
                          "use 'cpu'"};
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
    *device = new fovea_device{"cpu"};
    return {};
  });
}

const char *fovea_device_kind(const fovea_device *device) { return device ? device->kind : "cpu"; }

void fovea_device_free(fovea_device *device) { delete device; }
