//===- services.c - stands in for compiled code: corners of the host table ===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/include/fovea_abi.h"

static int64_t scalar(fovea_call *call) { return *(const int64_t *)call->inputs[0]; }

// blocks: two allocations of the size given by the data; 1 when both can be used and are aligned.
void fovea_run_blocks(fovea_call *call) {
  int64_t size = scalar(call);
  char *first = call->host->allocate(call, size), *second = call->host->allocate(call, size);
  for (int64_t i = 0; i < size; ++i) {
    first[i] = 1;
    second[i] = 2;
  }
  int64_t good = (uintptr_t)first % 64 == 0 && (uintptr_t)second % 64 == 0 && first != second;
  for (int64_t i = 0; i < size; ++i)
    good &= first[i] == 1;
  *(int64_t *)call->host->output(call, 0, 0, 0) = good;
}

int64_t fovea_plan_blocks(const int64_t *dims) { return 0; }

// nested: a region inside of each task; out[i] counts the inner tasks of task i.
static void inner(void *args, int64_t task, void *scratch) {
  int64_t *count = ((void **)args)[1];
  *(int64_t *)scratch = task;
  *count += 1;
}

static void outer(void *args, int64_t task, void *scratch) {
  fovea_call *call = ((void **)args)[0];
  int64_t *out = ((void **)args)[1];
  void *innerArgs[2] = {call, out + task};
  out[task] = 0;
  call->host->parallel_for(call, inner, innerArgs, 5);
}

void fovea_run_nested(fovea_call *call) {
  void *args[2] = {call, call->host->output(call, 0, 1, call->dims)};
  call->host->parallel_for(call, outer, args, call->dims[0]);
  call->host->parallel_for(call, outer, args, 0);
}

int64_t fovea_plan_nested(const int64_t *dims) { return 0; }

// math: every function of fovea_math at 0.5 (and 0.25), and one that does not exist.
void fovea_run_math(fovea_call *call) {
  int64_t count = 11;
  double *out = call->host->output(call, 0, 1, &count);
  for (int64_t i = 0; i < count; ++i)
    out[i] = call->host->math(i, 0.5, 0.25);
}

int64_t fovea_plan_math(const int64_t *dims) { return 0; }

// denormal: per task, whether a denormal survives an addition (it would not with flush-to-zero).
static void keepDenormal(void *args, int64_t task, void *scratch) {
  volatile float tiny = 1e-40f;
  float *out = ((void **)args)[1];
  out[task] = tiny + tiny > 0 ? 1 : 0;
}

void fovea_run_denormal(fovea_call *call) {
  void *args[2] = {call, call->host->output(call, 0, 1, call->dims)};
  call->host->parallel_for(call, keepDenormal, args, call->dims[0]);
}

int64_t fovea_plan_denormal(const int64_t *dims) { return 0; }

// misbehave: breaks the contract in the way that the input says.
void fovea_run_misbehave(fovea_call *call) {
  int64_t kind = scalar(call), shape[2] = {3, 4}, negative[2] = {3, -1};
  int64_t huge[2] = {3, INT64_MAX};
  switch (kind) {
  case 0:
    return;
  case 1:
    call->host->output(call, 0, 2, shape);
    call->host->output(call, 0, 2, shape);
    return;
  case 2:
    call->host->output(call, 7, 2, shape);
    return;
  case 3:
    call->host->output(call, 0, 1, shape);
    return;
  case 4:
    shape[0] = 5;
    call->host->output(call, 0, 2, shape);
    return;
  case 5:
    call->host->output(call, 0, 2, negative);
    return;
  case 6:
    call->host->output(call, 0, 2, huge);
    return;
  case 7:
    call->host->fault(call, 99, 12345, 1, 2);
    call->host->output(call, 0, 2, shape);
    return;
  case 8:
    call->host->stop(call, FOVEA_FAULT_SHAPE, 0, 3, 4);
    return;
  case 9:
    call->host->stop(call, FOVEA_FAULT_MEMORY, 0, 1 << 20, 0);
    return;
  default:
    call->host->output(call, -1, -1, 0);
  }
}

int64_t fovea_plan_misbehave(const int64_t *dims) { return 0; }

// greedy: a plan that cannot be met. unsound: one that is no size.
void fovea_run_greedy(fovea_call *call) {}
int64_t fovea_plan_greedy(const int64_t *dims) { return INT64_MAX; }
void fovea_run_unsound(fovea_call *call) {}
int64_t fovea_plan_unsound(const int64_t *dims) { return -1; }
