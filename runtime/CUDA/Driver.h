//===- Driver.h - NVIDIA's driver, when it is there -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_CUDA_DRIVER_H
#define FOVEA_RUNTIME_CUDA_DRIVER_H

#include "runtime/Artifact/Status.h"
#include "runtime/CUDA/DriverApi.h"

namespace fovea::cuda {

/// The driver's library with its functions. Stays loaded.
class Driver : public DriverApi {
public:
  /// Oldest version of CUDA that a driver must support: PTX ISA 8.0, cuLaunchKernelEx.
  static constexpr int kOldest = 12000;

  /// Loads and initializes `library`. The failure is a sentence that says what is missing and what
  /// to do.
  static fvm::Status open(const char *library, Driver &driver);

  /// The driver of this process, libcuda.so.1 where the dynamic linker finds it, loaded when it is
  /// first asked for. From any thread.
  static fvm::Status get(const Driver *&driver);

  /// Version of CUDA that the driver supports: 1000 * major + 10 * minor.
  int version() const { return supported; }
  const std::string &library() const { return name; }

  /// "CUDA_ERROR_INVALID_VALUE (invalid argument)".
  std::string textOf(int result) const;

private:
  std::string name;
  int supported = 0;
};

/// "13.0" of 13000.
std::string versionText(int version);

} // namespace fovea::cuda

#endif // FOVEA_RUNTIME_CUDA_DRIVER_H
