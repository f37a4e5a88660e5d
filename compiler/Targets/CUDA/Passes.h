//===- Passes.h - schedules of CUDA devices -------------------------------===//
//
// Declares the passes of targets for NVIDIA's GPUs.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_CUDA_PASSES_H
#define FOVEA_COMPILER_TARGETS_CUDA_PASSES_H

#include "dialects/FoveaKernel/FoveaKernelDialect.h"
#include "dialects/FoveaWarp/FoveaWarpDialect.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/Pass.h"

namespace fovea {

#define GEN_PASS_DECL
#include "compiler/Targets/CUDA/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "compiler/Targets/CUDA/Passes.h.inc"

} // namespace fovea

#endif // FOVEA_COMPILER_TARGETS_CUDA_PASSES_H
