//===- SharedMemory.h - memory of a block in schedules --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_CUDA_SHAREDMEMORY_H
#define FOVEA_COMPILER_TARGETS_CUDA_SHAREDMEMORY_H

#include "compiler/Targets/Loops/Nest.h"

namespace fovea::cuda {

/// A buffer without content that the threads of a block have in common.
mlir::Value sharedBuffer(loops::Nest &nest, llvm::ArrayRef<int64_t> shape, mlir::Type element);

} // namespace fovea::cuda

#endif // FOVEA_COMPILER_TARGETS_CUDA_SHAREDMEMORY_H
