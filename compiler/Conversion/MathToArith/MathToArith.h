//===- MathToArith.h - elementary functions without a math library --------===//
//
// Declares the pass that writes elementary functions as arithmetic, its patterns, and builders of
// the forms that other lowerings place in their kernels.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_CONVERSION_MATHTOARITH_MATHTOARITH_H
#define FOVEA_COMPILER_CONVERSION_MATHTOARITH_MATHTOARITH_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Pass/Pass.h"

namespace fovea {

#define GEN_PASS_DECL
#include "compiler/Conversion/MathToArith/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "compiler/Conversion/MathToArith/Passes.h.inc"

/// Private function (i64, f64, f64) -> f64 that the expansions of f64 call: the number of a
/// fovea_math of fovea_abi.h and its operands.
inline constexpr llvm::StringLiteral kHostMathName = "fovea_math_f64";

/// Name of the function that has this number as a fovea_math, e.g. "tanh"; empty when none has.
llvm::StringRef nameOfHostMath(int64_t number);

/// Patterns of the pass. They fit the walk driver: none needs another's result.
void populateMathToArithPatterns(mlir::RewritePatternSet &patterns);

/// 2^x of f32 lanes (scalar or vector) for x < 127, as softmax needs it: 11 instructions, relative
/// error 2e-7, 1 at 0, 0 below -126.5 and at -infinity, NaN for NaN.
mlir::Value buildExp2(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value x);

/// e^x of f32 lanes, within 1 ULP, results below 2^-125 flushed to 0.
mlir::Value buildExp(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value x);

/// tanh of f32 lanes, as math.tanh.
mlir::Value buildTanh(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value x);

/// 1 / (1 + e^-x) of f32 lanes; 0 below -88.7.
mlir::Value buildSigmoid(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value x);

/// erf of f32 lanes, as math.erf.
mlir::Value buildErf(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value x);

} // namespace fovea
#endif // FOVEA_COMPILER_CONVERSION_MATHTOARITH_MATHTOARITH_H
