//===- HeaderTest.c - the public headers are plain C ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/include/fovea_abi.h"
#include "runtime/include/fovea_runtime.h"

// Offsets of DLTensor in dlpack.h on 64-bit machines.
_Static_assert(sizeof(fovea_tensor) == 48, "DLTensor");
_Static_assert(offsetof(fovea_tensor, device) == 8, "DLTensor");
_Static_assert(offsetof(fovea_tensor, ndim) == 16, "DLTensor");
_Static_assert(offsetof(fovea_tensor, dtype) == 20, "DLTensor");
_Static_assert(offsetof(fovea_tensor, shape) == 24, "DLTensor");
_Static_assert(offsetof(fovea_tensor, strides) == 32, "DLTensor");
_Static_assert(offsetof(fovea_tensor, byte_offset) == 40, "DLTensor");
