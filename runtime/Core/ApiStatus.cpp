//===- ApiStatus.cpp - versions and status objects in C -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Core/Api.h"
#include "runtime/include/fovea_abi.h"

using fovea::core::guarded;
using fvm::Code;
using fvm::Status;

struct fovea_status {
  Code code;
  const char *message;
  const char *node;
  /// Where the texts live; empty for the shared statuses.
  std::string messageText;
  std::string nodeText;
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
