//===- Recording.cpp - launches that are kept as a graph ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/CUDA/Recording.h"

namespace fovea::cuda {

using fvm::Status;

Recording::~Recording() {
  if (device.isLost())
    return;
  Device::Scope scope(device);
  if (open)
    (void)end(/*keep=*/false);
  if (graph)
    device.driver().cuGraphExecDestroy(graph);
  if (own)
    device.driver().cuStreamDestroy_v2(own);
}

Status Recording::begin() {
  int result = kSuccess;
  // Not ordered with the default stream, so that what other threads queue there is no part of it.
  if (!own)
    result = device.driver().cuStreamCreate(&own, kStreamNonBlocking);
  if (result == kSuccess)
    result = device.driver().cuStreamBeginCapture_v2(own, kCaptureThreadLocal);
  open = result == kSuccess;
  return device.check(result, "launches cannot be recorded");
}

Status Recording::end(bool keep) {
  open = false;
  GraphHandle recorded = nullptr;
  int result = device.driver().cuStreamEndCapture(own, &recorded);
  if (result == kSuccess && keep) {
    GraphExecHandle made = nullptr;
    result = device.driver().cuGraphInstantiateWithFlags(&made, recorded, 0);
    if (result == kSuccess && graph)
      device.driver().cuGraphExecDestroy(graph);
    if (result == kSuccess)
      graph = made;
  }
  if (recorded)
    device.driver().cuGraphDestroy(recorded);
  return device.check(result, "launches cannot be recorded");
}

Status Recording::replay(StreamHandle on) const {
  return device.check(device.driver().cuGraphLaunch(graph, on), "a graph of launches");
}

} // namespace fovea::cuda
