//===- Passes.h - from warps to their threads -----------------------------===//
//
// Declares the pass that gives each thread its part of fragments.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_CONVERSION_WARPTODEVICE_PASSES_H
#define FOVEA_COMPILER_CONVERSION_WARPTODEVICE_PASSES_H

#include "dialects/FoveaWarp/FoveaWarpDialect.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/Pass.h"

namespace fovea {

#define GEN_PASS_DECL
#include "compiler/Conversion/WarpToDevice/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "compiler/Conversion/WarpToDevice/Passes.h.inc"

} // namespace fovea

#endif // FOVEA_COMPILER_CONVERSION_WARPTODEVICE_PASSES_H
