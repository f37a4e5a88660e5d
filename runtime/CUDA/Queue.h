//===- Queue.h - the order of one context's work on a GPU -----------------===//
//
// Runs may be queued on streams of the caller, one after another; memory comes from the driver's
// pool in the order of streams. A stream of the queue's own is behind every run that has ended, so
// that memory given back on it was used by nobody any more.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_CUDA_QUEUE_H
#define FOVEA_RUNTIME_CUDA_QUEUE_H

#include "runtime/CUDA/Device.h"
#include "runtime/include/fovea_runtime.h"

#include <memory>

namespace fovea::cuda {

/// For one thread at a time, but for the allocator's `free`, which any thread may call. The
/// device's context must be current in all functions but the allocator's.
class Queue {
public:
  static fvm::Status create(const Device &device, std::shared_ptr<Queue> &queue);
  ~Queue();
  Queue(const Queue &) = delete;
  Queue &operator=(const Queue &) = delete;

  /// Memory of the device, at least 256-byte aligned. None while a stream is captured.
  fovea_allocator allocator();
  /// Why the allocator gave none the last time; success when there was no more.
  fvm::Status takeRefusal() { return std::move(refusal); }

  /// Starts a run on `given`, behind all runs before it, or on the own stream for null and for
  /// FOVEA_CONTEXT_STREAM.
  fvm::Status begin(StreamHandle given);
  /// Ends it; waits for it where `begin` was given null.
  fvm::Status end();
  /// Within a run: its work goes to `captured`, which records it, until `restore`.
  void divert(StreamHandle captured);
  void restore();
  /// Waits for all runs that have ended, but for those that a graph has captured.
  fvm::Status synchronize();

  /// Time on the device between two moments of the own stream, which is behind all runs that have
  /// ended. `stopClock` waits for them.
  fvm::Status startClock();
  fvm::Status stopClock(double &milliseconds);

  /// Where the run queues its work.
  StreamHandle stream() const { return current; }
  bool isCapturing() const { return capturing; }
  /// True when nothing that was queued may still be under way.
  bool isIdle() const { return idle; }

private:
  explicit Queue(const Device &device) : device(device) {}
  fvm::Status order(StreamHandle later, StreamHandle earlier);
  void *allocate(size_t bytes);

  const Device &device;
  StreamHandle own = nullptr, current = nullptr, last = nullptr, diverted = nullptr;
  EventHandle event = nullptr, started = nullptr, stopped = nullptr;
  bool capturing = false, idle = true, waiting = true;
  fvm::Status refusal;
};

} // namespace fovea::cuda

#endif // FOVEA_RUNTIME_CUDA_QUEUE_H
