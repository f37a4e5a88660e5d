//===- CUDA.h - the order of passes of CUDA devices -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_PIPELINES_CUDA_H
#define FOVEA_COMPILER_PIPELINES_CUDA_H

#include "compiler/Targets/CUDA/CudaTarget.h"

namespace fovea {

/// Adds the passes that lead to `phase` from the one before.
void addCudaPhase(mlir::OpPassManager &manager, Phase phase, cuda::Execution execution,
                  const PhaseOptions &options);

/// Adds what the phases do with kernels, in their order and without host code: from functions that
/// have no form yet to the `gpu.module` that addDeviceCode takes.
void addKernelsAlone(mlir::OpPassManager &manager, Products products = Products::Exact);

/// Registers the phases as pipelines `fovea-cuda-graph` ... `fovea-cuda-llvm`, and those for the
/// emulator as `fovea-cuda-emulated-graph` ... `fovea-cuda-emulated-llvm`.
void registerCudaPipelines();

} // namespace fovea

#endif // FOVEA_COMPILER_PIPELINES_CUDA_H
