//===- FakeFacts.cpp - what programs beside the runtime ask the driver ----===//
//
// Functions of libcuda.so.1 that benchmarks/gpu/visit calls and the runtime does not: memory, and
// what is known of code.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Runtime/CUDA/FakeCalls.h"

#include <cstdio>

using namespace fovea::cuda;
using namespace fovea::test;

FAKE cuCtxSynchronize() { return calledWithin("cuCtxSynchronize"); }

FAKE cuMemGetInfo_v2(size_t *free, size_t *total) {
  *free = *total = size_t(8) << 30;
  return calledWithin("cuMemGetInfo_v2");
}

/// Noted only: to write is what it is called for, and would take its time.
FAKE cuMemsetD32Async(DevicePointer, unsigned, size_t count, StreamHandle stream) {
  return calledWithin("cuMemsetD32Async", std::to_string(count) + " " + on(stream));
}

/// Options 3 to 6 are what NVIDIA calls the buffers of the assembler's log and of its errors, and
/// their sizes. An image that is refused has its reason in the second.
FAKE cuModuleLoadDataEx(ModuleHandle *module, const void *, unsigned count, const int *options,
                        void **values) {
  int result = calledWithin("cuModuleLoadDataEx");
  *module = reinterpret_cast<ModuleHandle>(uintptr_t(8));
  if (count != 4 || options[2] != 5 || options[3] != 6)
    return kInvalidValue;
  if (result != kSuccess)
    snprintf(static_cast<char *>(values[2]), reinterpret_cast<size_t>(values[3]),
             "refused by the fake");
  return result;
}
FAKE cuFuncGetAttribute(int *value, int attribute, FunctionHandle) {
  *value = 1000 + attribute;
  return calledWithin("cuFuncGetAttribute");
}
