//===- FakeStreams.cpp - streams of the CUDA driver for tests -------------===//
//
// Everything that is queued happens at once, but for what a stream records for a graph.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Runtime/CUDA/FakeCalls.h"

#include <utility>

using namespace fovea::cuda;
using namespace fovea::test;

using Graph = std::vector<std::function<void()>>;

/// The one stream that records, and what it has.
static StreamHandle recording = nullptr;
static Graph recorded;

int fovea::test::queueFake(StreamHandle stream, std::function<void()> work) {
  if (stream && stream == recording)
    recorded.push_back(std::move(work));
  else
    work();
  return kSuccess;
}

FAKE cuStreamCreate(StreamHandle *stream, unsigned flags) {
  static uintptr_t next = 1000;
  *stream = reinterpret_cast<StreamHandle>(next++);
  return calledWithin("cuStreamCreate", std::to_string(flags));
}
FAKE cuStreamDestroy_v2(StreamHandle stream) {
  return calledWithin("cuStreamDestroy_v2", on(stream));
}
FAKE cuStreamSynchronize(StreamHandle stream) {
  return calledWithin("cuStreamSynchronize", on(stream));
}
FAKE cuStreamIsCapturing(StreamHandle stream, int *status) {
  *status = stream == fake_cuda()->captured ? 1 : kNotCapturing;
  return calledWithin("cuStreamIsCapturing");
}
FAKE cuStreamWaitEvent(StreamHandle stream, EventHandle, unsigned) {
  return calledWithin("cuStreamWaitEvent", on(stream));
}
FAKE cuEventCreate(EventHandle *event, unsigned) {
  static uintptr_t next = 9;
  *event = reinterpret_cast<EventHandle>(next++);
  return calledWithin("cuEventCreate");
}
FAKE cuEventRecord(EventHandle, StreamHandle stream) {
  return calledWithin("cuEventRecord", on(stream));
}
FAKE cuEventDestroy_v2(EventHandle) { return calledWithin("cuEventDestroy_v2"); }
FAKE cuEventElapsedTime(float *milliseconds, EventHandle, EventHandle) {
  *milliseconds = fake_cuda()->elapsed;
  return calledWithin("cuEventElapsedTime");
}

FAKE cuStreamBeginCapture_v2(StreamHandle stream, int mode) {
  int result = calledWithin("cuStreamBeginCapture_v2", std::to_string(mode) + " " + on(stream));
  if (result == kSuccess && recording)
    return kInvalidValue;
  if (result == kSuccess)
    recording = stream;
  return result;
}
FAKE cuStreamEndCapture(StreamHandle stream, GraphHandle *graph) {
  int result = calledWithin("cuStreamEndCapture", on(stream));
  if (stream != recording)
    return kInvalidValue;
  recording = nullptr;
  auto *made = new Graph(std::exchange(recorded, {}));
  if (result != kSuccess) {
    delete made;
    return result;
  }
  *graph = reinterpret_cast<GraphHandle>(made);
  return kSuccess;
}
FAKE cuGraphInstantiateWithFlags(GraphExecHandle *made, GraphHandle graph, unsigned long long) {
  int result = calledWithin("cuGraphInstantiateWithFlags");
  if (result == kSuccess)
    *made = reinterpret_cast<GraphExecHandle>(new Graph(*reinterpret_cast<Graph *>(graph)));
  return result;
}
FAKE cuGraphLaunch(GraphExecHandle graph, StreamHandle stream) {
  int result = calledWithin("cuGraphLaunch", on(stream));
  if (result == kSuccess)
    for (const auto &work : *reinterpret_cast<Graph *>(graph))
      work();
  return result;
}
FAKE cuGraphExecDestroy(GraphExecHandle graph) {
  delete reinterpret_cast<Graph *>(graph);
  return calledWithin("cuGraphExecDestroy");
}
FAKE cuGraphDestroy(GraphHandle graph) {
  delete reinterpret_cast<Graph *>(graph);
  return calledWithin("cuGraphDestroy");
}
