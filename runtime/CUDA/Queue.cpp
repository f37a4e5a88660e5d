//===- Queue.cpp - the order of one context's work on a GPU ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/CUDA/Queue.h"

namespace fovea::cuda {

using fvm::Code;
using fvm::concat;
using fvm::Status;

Status Queue::create(const Device &device, std::shared_ptr<Queue> &queue) {
  std::shared_ptr<Queue> made(new Queue(device));
  const Driver &driver = device.driver();
  int result = driver.cuStreamCreate(&made->own, kStreamDefault);
  if (result == kSuccess)
    result = driver.cuEventCreate(&made->event, kEventWithoutTime);
  if (result != kSuccess)
    return device.check(result, "a stream cannot be had");
  made->current = made->own;
  queue = std::move(made);
  return {};
}

Queue::~Queue() {
  if (device.isLost())
    return;
  Device::Scope scope(device);
  // The driver keeps them until what is queued on them has ended.
  for (EventHandle made : {event, started, stopped})
    if (made)
      device.driver().cuEventDestroy_v2(made);
  if (own)
    device.driver().cuStreamDestroy_v2(own);
}

void *Queue::allocate(size_t bytes) {
  refusal = {};
  if (capturing) {
    refusal = {
        Code::InvalidArgument,
        "a run on a stream that is captured cannot allocate memory; run once with tensors of "
        "the same sizes before the capture"};
    return nullptr;
  }
  DevicePointer memory = 0;
  int result = device.driver().cuMemAllocAsync(&memory, bytes, current);
  if (result != kSuccess && result != kOutOfMemory)
    refusal = device.check(result, concat(bytes, " bytes of memory cannot be had"));
  return result == kSuccess ? reinterpret_cast<void *>(memory) : nullptr;
}

fovea_allocator Queue::allocator() {
  auto allocate = [](void *user, size_t bytes, size_t) -> void * {
    Queue &queue = *static_cast<Queue *>(user);
    Device::Scope scope(queue.device);
    return queue.allocate(bytes);
  };
  auto free = [](void *user, void *memory, size_t, size_t) {
    Queue &queue = *static_cast<Queue *>(user);
    if (queue.device.isLost())
      return;
    Device::Scope scope(queue.device);
    queue.device.driver().cuMemFreeAsync(reinterpret_cast<DevicePointer>(memory), queue.own);
  };
  return {allocate, free, this};
}

Status Queue::order(StreamHandle later, StreamHandle earlier) {
  int result = device.driver().cuEventRecord(event, earlier);
  if (result == kSuccess)
    result = device.driver().cuStreamWaitEvent(later, event, 0);
  return device.check(result, "streams cannot be ordered");
}

Status Queue::begin(StreamHandle given) {
  if (Status status = device.usable(); !status.ok())
    return status;
  waiting = !given;
  if (!given || given == reinterpret_cast<StreamHandle>(FOVEA_CONTEXT_STREAM))
    return {};
  int capture = kNotCapturing;
  if (int result = device.driver().cuStreamIsCapturing(given, &capture); result != kSuccess)
    return device.check(result, "the stream cannot be used");
  if (capture == kNotCapturing) {
    if (Status status = order(given, own); !status.ok())
      return status;
  } else if (!idle && last != given) {
    return {Code::InvalidArgument,
            "the stream is captured while earlier runs of the context may be under way on another; "
            "call fovea_context_synchronize before the capture"};
  }
  capturing = capture != kNotCapturing;
  current = given;
  return {};
}

Status Queue::end() {
  StreamHandle ended = std::exchange(current, own);
  if (ended == own && waiting)
    return synchronize();
  // A graph runs when it is launched; its order is the caller's.
  if (std::exchange(capturing, false))
    return {};
  last = ended;
  idle = false;
  return ended == own ? Status() : order(own, ended);
}

void Queue::divert(StreamHandle captured) {
  diverted = std::exchange(current, captured);
  capturing = true;
}

void Queue::restore() {
  current = diverted;
  capturing = false;
}

Status Queue::startClock() {
  if (Status status = device.usable(); !status.ok())
    return status;
  int result = kSuccess;
  for (EventHandle *mark : {&started, &stopped})
    if (!*mark && result == kSuccess)
      result = device.driver().cuEventCreate(mark, kEventWithTime);
  if (result == kSuccess)
    result = device.driver().cuEventRecord(started, own);
  return device.check(result, "the clock cannot be started");
}

Status Queue::stopClock(double &milliseconds) {
  int result = device.driver().cuEventRecord(stopped, own);
  if (result != kSuccess)
    return device.check(result, "the clock cannot be stopped");
  if (Status status = synchronize(); !status.ok())
    return status;
  float elapsed = 0;
  result = device.driver().cuEventElapsedTime(&elapsed, started, stopped);
  milliseconds = double(elapsed);
  return device.check(result, "the clock cannot be read");
}

Status Queue::synchronize() {
  Status status = device.check(device.driver().cuStreamSynchronize(own), "its kernels ended early");
  idle = status.ok();
  return status;
}

} // namespace fovea::cuda
