//===- Api.h - the way from C++ results to the C interface ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_CORE_API_H
#define FOVEA_RUNTIME_CORE_API_H

#include "runtime/Artifact/Status.h"
#include "runtime/include/fovea_runtime.h"
#include <new>

/// What the C handle holds.
struct fovea_device {
  const char *kind;
  int32_t index;
};

namespace fovea::core {

/// A status handle, NULL for success. When there is no memory for one, a shared out-of-memory
/// status that fovea_status_free ignores.
fovea_status *toHandle(fvm::Status status);
fovea_status *outOfMemory();
fovea_status *internalError();

/// Runs the body of a C function: nothing that the standard library throws leaves it.
template <typename Body> fovea_status *guarded(Body body) noexcept {
  try {
    return toHandle(body());
  } catch (const std::bad_alloc &) {
    return outOfMemory();
  } catch (...) {
    return internalError();
  }
}

inline fvm::Status nullArgument(std::string_view name) {
  return {fvm::Code::InvalidArgument, fvm::concat("argument '", name, "' is null")};
}

} // namespace fovea::core

#endif // FOVEA_RUNTIME_CORE_API_H
