//===- device.c - stands in for host code that launches kernels -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/include/fovea_abi.h"
#include "runtime/include/fovea_device_abi.h"

enum { DOUBLE_VALUES, REPORT_FAULT, SHARED_HOG, GRID_SUM };

#define KERNEL(name, shared, words, cooperative) {name, 128, shared, words, cooperative, 0, 0, 0, 0}

const fovea_device_kernel fovea_device_kernels[] = {
    KERNEL("double_values", 0, 4, 0),
    KERNEL("report_fault", 0, 1, 0),
    KERNEL("shared_hog", 100000, 0, 0),
    KERNEL("grid_sum", 0, 1, 1),
};
const int64_t fovea_device_kernel_count = 4;

static void scale(fovea_call *call, const void *x, void *y) {
  int64_t n = call->dims[0];
  int64_t words[4] = {(int64_t)x, (int64_t)y, n, (int64_t)call->weights};
  call->host->launch(call, DOUBLE_VALUES, (n + 127) / 128, words);
}

// main: y = 4 x, by way of the arena.
void fovea_run_main(fovea_call *call) {
  void *y = call->host->output(call, 0, 1, call->dims);
  scale(call, call->inputs[0], call->arena);
  scale(call, call->arena, y);
}
int64_t fovea_plan_main(const int64_t *dims) { return 4 * dims[0]; }

// blocks: y = 4 x, by way of memory whose size depends on data.
void fovea_run_blocks(fovea_call *call) {
  void *block = call->host->allocate(call, 4 * call->dims[0]);
  scale(call, call->inputs[0], block);
  scale(call, block, call->host->output(call, 0, 1, call->dims));
}
int64_t fovea_plan_blocks(const int64_t *dims) { return 0; }

// fault: an index that depends on data is out of range, which the host does not notice.
void fovea_run_fault(fovea_call *call) {
  int64_t words[1] = {call->dims[0]};
  call->host->launch(call, REPORT_FAULT, 1, words);
  scale(call, call->inputs[0], call->host->output(call, 0, 1, call->dims));
}
int64_t fovea_plan_fault(const int64_t *dims) { return 0; }

// shapes: kernels with much shared memory, and with a barrier of all blocks; one without blocks.
void fovea_run_shapes(fovea_call *call) {
  int64_t one = 1, words[1] = {(int64_t)call->host->output(call, 0, 1, &one)};
  call->host->launch(call, SHARED_HOG, 3, words);
  call->host->launch(call, SHARED_HOG, 0, words);
  call->host->launch(call, GRID_SUM, 5, words);
}
int64_t fovea_plan_shapes(const int64_t *dims) { return 0; }

// told: y = 4 x where x begins with 1, else y = 2 x; host and kernels read x.
void fovea_run_told(fovea_call *call) {
  const float *x = call->host_inputs[0];
  void *y = call->host->output(call, 0, 1, call->dims);
  scale(call, call->inputs[0], x[0] == 1 ? call->arena : y);
  if (x[0] == 1)
    scale(call, call->arena, y);
}
int64_t fovea_plan_told(const int64_t *dims) { return 4 * dims[0]; }

// asked: one kernel, of as many blocks as the first element of x says, which the host alone reads.
void fovea_run_asked(fovea_call *call) {
  const float *x = call->host_inputs[0];
  int64_t one = 1, words[1] = {(int64_t)call->host->output(call, 0, 1, &one)};
  call->host->launch(call, GRID_SUM, (int64_t)x[0], words);
}
int64_t fovea_plan_asked(const int64_t *dims) { return 0; }

// wrong: launches that no kernel can have.
void fovea_run_wrong(fovea_call *call) {
  int64_t words[1] = {0};
  if (call->dims[0] == 1)
    call->host->launch(call, 4, 1, words);
  call->host->launch(call, GRID_SUM, call->dims[0] == 2 ? -1 : INT64_MAX, words);
}
int64_t fovea_plan_wrong(const int64_t *dims) { return 0; }
