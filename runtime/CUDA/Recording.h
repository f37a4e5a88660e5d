//===- Recording.h - launches that are kept as a graph --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_CUDA_RECORDING_H
#define FOVEA_RUNTIME_CUDA_RECORDING_H

#include "runtime/CUDA/Device.h"

namespace fovea::cuda {

/// One graph of the driver, recorded from the launches of a run. For one thread at a time. The
/// device's context must be current.
class Recording {
public:
  explicit Recording(const Device &device) : device(device) {}
  ~Recording();
  Recording(const Recording &) = delete;
  Recording &operator=(const Recording &) = delete;

  /// Starts to record what is queued on `stream()`, a stream of its own.
  fvm::Status begin();
  /// Ends that. What was recorded takes the place of the graph before, which must not be under way,
  /// or is dropped.
  fvm::Status end(bool keep);
  bool isOpen() const { return open; }
  StreamHandle stream() const { return own; }

  /// Queues the graph.
  fvm::Status replay(StreamHandle on) const;

private:
  const Device &device;
  StreamHandle own = nullptr;
  GraphExecHandle graph = nullptr;
  bool open = false;
};

} // namespace fovea::cuda

#endif // FOVEA_RUNTIME_CUDA_RECORDING_H
