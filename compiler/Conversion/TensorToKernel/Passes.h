//===- Passes.h - from fused tensors to kernels ---------------------------===//
//
// Declares the passes between the graph phase and the schedule.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_CONVERSION_TENSORTOKERNEL_PASSES_H
#define FOVEA_COMPILER_CONVERSION_TENSORTOKERNEL_PASSES_H

#include "dialects/Fovea/FoveaDialect.h"
#include "dialects/FoveaKernel/FoveaKernelDialect.h"

#include "mlir/Pass/Pass.h"

namespace fovea {

/// On a kernel: some buffer that it writes may overlap another argument.
inline constexpr llvm::StringLiteral kMayAliasAttr = "fovea_kernel.may_alias";

/// On an entry after fovea-bind-outputs: attributes and tensor types of its arguments and results.
inline constexpr llvm::StringLiteral kInputsAttr = "fovea.inputs";
inline constexpr llvm::StringLiteral kInputTypesAttr = "fovea.input_types";
inline constexpr llvm::StringLiteral kResultsAttr = "fovea.results";
inline constexpr llvm::StringLiteral kResultTypesAttr = "fovea.result_types";

/// On a launch of several computations: the node of each.
inline constexpr llvm::StringLiteral kComputationsAttr = "fovea.computations";

/// On a launch after fovea-count-work: its floating-point operations as a formula (SizeFormula.h),
/// the bytes of weights that it reads, and that a run may leave it out.
inline constexpr llvm::StringLiteral kFlopsAttr = "fovea.flops";
inline constexpr llvm::StringLiteral kWeightBytesAttr = "fovea.weight_bytes";
inline constexpr llvm::StringLiteral kConditionalAttr = "fovea.conditional";

#define GEN_PASS_DECL
#include "compiler/Conversion/TensorToKernel/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "compiler/Conversion/TensorToKernel/Passes.h.inc"

} // namespace fovea

#endif // FOVEA_COMPILER_CONVERSION_TENSORTOKERNEL_PASSES_H
