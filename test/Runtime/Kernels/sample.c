//===- sample.c - stands in for compiled code: ordinary entries -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/include/fovea_abi.h"

// main: y[b, s, k] = x[b, s, k] * mask[b, s] * weights[k], by way of scratch and arena.
static void scaleRow(void *args, int64_t task, void *scratch) {
  fovea_call *call = ((void **)args)[0];
  float *out = ((void **)args)[1];
  const float *x = call->inputs[0], *mask = call->inputs[1], *weights = call->weights;
  float *row = scratch, *arena = call->arena;
  for (int k = 0; k < 8; ++k)
    row[k] = x[task * 8 + k] * mask[task];
  for (int k = 0; k < 8; ++k)
    arena[task * 8 + k] = row[k] * weights[k];
  for (int k = 0; k < 8; ++k)
    out[task * 8 + k] = arena[task * 8 + k];
}

void fovea_run_main(fovea_call *call) {
  int64_t shape[3] = {call->dims[0], call->dims[1], 8};
  void *args[2] = {call, call->host->output(call, 0, 3, shape)};
  call->host->parallel_for(call, scaleRow, args, shape[0] * shape[1]);
}

int64_t fovea_plan_main(const int64_t *dims) {
  int64_t bytes;
  if (__builtin_mul_overflow(dims[0], dims[1], &bytes) || bytes > INT64_MAX / 32)
    return INT64_MAX;
  return bytes * 32;
}

// gather: out[i, :] = table[ids[i], :], with a fault of node 1 for a bad index.
static void gatherRow(void *args, int64_t task, void *scratch) {
  fovea_call *call = ((void **)args)[0];
  float *out = ((void **)args)[1];
  const float *table = call->inputs[0];
  int64_t id = ((const int64_t *)call->inputs[1])[task];
  if (id < -16 || id >= 16) {
    call->host->fault(call, FOVEA_FAULT_INDEX, 1, id, 16);
    id = 0;
  }
  id = id < 0 ? id + 16 : id;
  for (int k = 0; k < 4; ++k)
    out[task * 4 + k] = table[id * 4 + k];
}

void fovea_run_gather(fovea_call *call) {
  int64_t shape[2] = {call->dims[0], 4};
  void *args[2] = {call, call->host->output(call, 0, 2, shape)};
  call->host->parallel_for(call, gatherRow, args, shape[0]);
  if (call->dims[0] > 1000)
    *(volatile int *)0 = 0; // Not reached: callers of that many ids pass a bad one.
}

int64_t fovea_plan_gather(const int64_t *dims) { return 0; }

// halt: stops when the input is negative, else returns it.
static void haltDeeper(fovea_call *call, int64_t value) {
  if (value < 0) {
    call->host->stop(call, FOVEA_FAULT_LENGTH, 2, value, 100);
    *(volatile int *)0 = 0; // Not reached: stop unwinds.
  }
}

void fovea_run_halt(fovea_call *call) {
  int64_t value = *(const int64_t *)call->inputs[0];
  haltDeeper(call, value);
  *(int64_t *)call->host->output(call, 0, 0, 0) = value;
}

int64_t fovea_plan_halt(const int64_t *dims) { return 0; }

// nonzero: indices of the elements that are not zero; how many depends on the data.
void fovea_run_nonzero(fovea_call *call) {
  const float *x = call->inputs[0];
  int64_t count = 0, next = 0;
  for (int64_t i = 0; i < call->dims[0]; ++i)
    count += x[i] != 0;
  int64_t *out = call->host->output(call, 0, 1, &count);
  for (int64_t i = 0; i < call->dims[0]; ++i)
    if (x[i] != 0)
      out[next++] = i;
}

int64_t fovea_plan_nonzero(const int64_t *dims) { return 0; }
