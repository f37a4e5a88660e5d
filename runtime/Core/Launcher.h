//===- Launcher.h - kernels of a device, for one context ------------------===//
//
// What a context and host code ask of a device. Compiled code and Call share a stack that longjmp
// may cut, so everything that a launch owns is here.
//
// A run is between `begin` and `end`; one context has one at a time.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_CORE_LAUNCHER_H
#define FOVEA_RUNTIME_CORE_LAUNCHER_H

#include "runtime/Artifact/Status.h"
#include "runtime/include/fovea_device_abi.h"
#include "runtime/include/fovea_runtime.h"

#include <memory>
#include <string>

namespace fovea::core {

/// From where to where bytes are copied.
enum class Copy { ToDevice, ToHost, WithinDevice };

/// Where tensors lie that kernels use, if that is not the host's memory.
struct DeviceMemory {
  /// As DLPack has it.
  fovea_dldevice device;
  /// Outside runs and within; what it gives may be used by every later run.
  fovea_allocator allocator;
  /// Keeps the allocator alive behind the launcher.
  std::shared_ptr<void> owner;
  /// The module's weights there.
  const void *weights;
};

struct Threads;

class Launcher {
public:
  virtual ~Launcher() = default;

  /// Null where kernels use the host's memory.
  virtual const DeviceMemory *memory() const { return nullptr; }
  /// Starts a run, which may use no memory yet. Its work is queued on `stream`, or on a stream of
  /// its own for null.
  virtual fvm::Status begin(fovea_stream *stream) = 0;
  /// Memory that the run's kernels may use from now on.
  virtual void admit(std::string name, const void *data, int64_t bytes, bool writable) = 0;
  /// Queues a kernel by its number, or runs it on the host's `threads`. Null, or why it could not
  /// be run; the text lasts until the next run.
  virtual const char *launch(int64_t kernel, int64_t blocks, const int64_t *args,
                             const Threads &threads) = 0;
  /// Queues a copy; only where `memory` is not null.
  virtual fvm::Status copy(Copy, void *, const void *, size_t) { return {}; }
  /// Ends the run, and waits for it unless it was begun with a stream. A fault of a run that has
  /// `failed` otherwise is not told.
  virtual fvm::Status end(bool failed) = 0;
  /// Waits for all runs.
  virtual fvm::Status synchronize() = 0;
  /// Waits, also within a run, for the runs before it, so that memory of the host that they use may
  /// be written or freed. Faults are kept. A failure where the run is captured.
  virtual fvm::Status drain() { return {}; }
  /// Why `memory` gave none, where that is more than that there is no more: then a failure.
  virtual fvm::Status takeRefusal() { return {}; }
  /// The first fault of kernels that have been waited for and that nobody has taken; `taken` is 0
  /// when there is none.
  virtual fovea_fault_record takeFault() = 0;

  /// Whether launches of this run may be recorded instead of queued.
  virtual bool canRecord() const { return false; }
  /// Within a run: records launches until `finishRecording`; no memory can be had meanwhile.
  virtual fvm::Status record() { return {}; }
  /// Keeps what was recorded, in place of what was before, or drops it.
  virtual fvm::Status finishRecording(bool) { return {}; }
  /// Queues what was recorded last.
  virtual fvm::Status replay() { return {}; }

  /// Time of the runs between the two on the device's clock; `stopClock` waits for them. Only where
  /// `memory` is not null.
  virtual fvm::Status startClock() { return {}; }
  virtual fvm::Status stopClock(double &) { return {}; }
};

class Module;

/// The launcher of a module's kernels; null when there are none. `seed` is that of emulated ones
/// (fovea_context_options.emulate_seed).
fvm::Status makeLauncher(const Module &module, uint32_t seed, std::unique_ptr<Launcher> &launcher);

} // namespace fovea::core

#endif // FOVEA_RUNTIME_CORE_LAUNCHER_H
