//===- FakeKernels.cpp - kernels of the CUDA driver for tests -------------===//
//
// Stand in for those that test/Runtime/CUDA/device.c launches.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/include/fovea_abi.h"
#include "runtime/include/fovea_device_abi.h"
#include "test/Runtime/CUDA/FakeDriver.h"

using namespace fovea::test;

/// Words: x, y, n, weights, record. y[i] = x[i] * weights[0].
static void doubleValues(const int64_t *words, int64_t blocks, int threads) {
  const float *x = fakeHost<float>(words[0]), *weights = fakeHost<float>(words[3]);
  float *y = fakeHost<float>(words[1]);
  for (int64_t i = 0; i < words[2] && i < blocks * threads; ++i)
    y[i] = x[i] * weights[0];
}

/// Words: value, record. Faults as a kernel does: the first one is kept.
static void reportFault(const int64_t *words, int64_t, int) {
  auto *record = fakeHost<fovea_fault_record>(words[1]);
  if (record->taken)
    return;
  *record = {1, FOVEA_FAULT_INDEX, 1, words[0], 16, 0, 0};
}

/// Words: y, record.
static void gridSum(const int64_t *words, int64_t blocks, int threads) {
  *fakeHost<float>(words[0]) = float(blocks * threads);
}

FakeKernel fovea::test::findFakeKernel(const std::string &name) {
  if (name == "double_values")
    return doubleValues;
  if (name == "report_fault")
    return reportFault;
  if (name == "grid_sum")
    return gridSum;
  return [](const int64_t *, int64_t, int) {};
}
