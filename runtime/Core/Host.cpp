//===- Host.cpp - the host table of compiled code -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/CPU/ScalarMath.h"
#include "runtime/Core/Call.h"

namespace fovea::core {

static Call &callOf(fovea_call *call) { return *static_cast<Call *>(call); }

static void parallelFor(fovea_call *call, fovea_task task, void *args, int64_t count) {
  callOf(call).parallelFor(task, args, count);
}

static void team(fovea_call *call, fovea_task task, void *args, int64_t shares) {
  callOf(call).runTeam(task, args, shares);
}

static int64_t share(fovea_call *call, int64_t slot) { return callOf(call).share(slot); }

static int64_t proceed(fovea_call *call, int64_t slot, int64_t condition) {
  return callOf(call).proceed(slot, condition != 0);
}

static int64_t steps(fovea_call *call) { return callOf(call).steps(); }

static void *output(fovea_call *call, int64_t index, int64_t rank, const int64_t *dims) {
  // A wrong rank is refused by its value, whatever it is.
  return callOf(call).output(index, {dims, size_t(rank)});
}

static void *allocate(fovea_call *call, int64_t bytes) { return callOf(call).allocate(bytes); }

static void launch(fovea_call *call, int64_t kernel, int64_t blocks, const int64_t *args) {
  callOf(call).launch(kernel, blocks, args);
}

static Failure faultOf(int64_t fault, int64_t node, int64_t value, int64_t limit) {
  Failure failure;
  failure.fault = fault;
  failure.node = node;
  failure.value = value;
  failure.limit = limit;
  return failure;
}

static void fault(fovea_call *call, int64_t fault, int64_t node, int64_t value, int64_t limit) {
  callOf(call).record(faultOf(fault, node, value, limit));
}

static void stop(fovea_call *call, int64_t fault, int64_t node, int64_t value, int64_t limit) {
  callOf(call).fail(faultOf(fault, node, value, limit));
}

const fovea_host *hostTable() {
  static const fovea_host table = {FOVEA_ABI_VERSION, parallelFor, output, allocate, fault, stop,
                                   cpu::scalarMath,   team,        share,  proceed,  steps, launch};
  return &table;
}

} // namespace fovea::core
