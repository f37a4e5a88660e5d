//===- Passes.h - kernels and entries to LLVM -----------------------------===//
//
// Declares the passes that end in the LLVM dialect.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_CONVERSION_KERNELTOLLVM_PASSES_H
#define FOVEA_COMPILER_CONVERSION_KERNELTOLLVM_PASSES_H

#include "dialects/Fovea/FoveaDialect.h"
#include "dialects/FoveaKernel/FoveaKernelDialect.h"

#include "mlir/Pass/Pass.h"

namespace fovea {

/// On the module: array of node names; faults name nodes by their place in it.
inline constexpr llvm::StringLiteral kNodesAttr = "fovea.nodes";
/// On a weight that the code uses: its offset in the weights section.
inline constexpr llvm::StringLiteral kWeightOffsetAttr = "fovea_kernel.offset";

/// Weights start at multiples of this many bytes.
inline constexpr int64_t kWeightAlignment = 64;
/// Double-precision function of the host: (fovea_math, a, b) -> value.
inline constexpr llvm::StringLiteral kHostMath = "fovea_math_f64";

#define GEN_PASS_DECL
#include "compiler/Conversion/KernelToLLVM/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "compiler/Conversion/KernelToLLVM/Passes.h.inc"

} // namespace fovea

#endif // FOVEA_COMPILER_CONVERSION_KERNELTOLLVM_PASSES_H
