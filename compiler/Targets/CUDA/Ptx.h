//===- Ptx.h - from the NVVM dialect to PTX text --------------------------===//
//
// Declares the emission of device code by LLVM's NVPTX backend.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_CUDA_PTX_H
#define FOVEA_COMPILER_TARGETS_CUDA_PTX_H

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "llvm/Support/Error.h"

#include <string>

namespace fovea::cuda {

struct PtxOptions {
  /// The architecture whose instructions may occur, e.g. "sm_80". Later ones take the text too.
  std::string arch = "sm_80";
  /// Version of the PTX ISA, ten times: drivers refuse text that is younger than they are.
  unsigned version = 80;
  /// 0 or 3.
  unsigned optimization = 3;
};

/// The PTX text of all kernels of `device`, which is in the LLVM and NVVM dialects and stays as it
/// is. Fails when LLVM does not know the architecture or cannot select an operation.
llvm::Expected<std::string> emitPtx(mlir::gpu::GPUModuleOp device, const PtxOptions &options);

} // namespace fovea::cuda

#endif // FOVEA_COMPILER_TARGETS_CUDA_PTX_H
