//===- Launcher.h - kernels of a device, for one context ------------------===//
//
// What host code asks for when it launches a kernel. Compiled code and Call share a stack that
// longjmp may cut, so everything that a launch owns is here.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_CORE_LAUNCHER_H
#define FOVEA_RUNTIME_CORE_LAUNCHER_H

#include "runtime/include/fovea_device_abi.h"

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace fovea::core {

class Launcher {
public:
  /// For the kernels of a module; null when there are none.
  static std::unique_ptr<Launcher> create(std::span<const fovea_device_kernel> kernels);
  virtual ~Launcher();

  /// Starts a run, which may use no memory yet and has no fault.
  virtual void begin() = 0;
  /// Memory that the run's kernels may use from now on.
  virtual void admit(std::string name, const void *data, int64_t bytes, bool writable) = 0;
  /// Runs a kernel by its number. Null, or why it could not be run; the text lasts until the next
  /// run.
  virtual const char *launch(int64_t kernel, int64_t blocks, const int64_t *args) = 0;
  /// The first fault of the run's kernels; `taken` is 0 when there is none.
  virtual const fovea_fault_record &fault() const = 0;
};

} // namespace fovea::core

#endif // FOVEA_RUNTIME_CORE_LAUNCHER_H
