//===- ScalarMath.h - scalar functions of elementwise operators -----------===//
//
// The functions of ONNX's elementwise operators on one element, as operations and as numbers.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_FRONTENDS_ONNX_SCALARMATH_H
#define FOVEA_COMPILER_FRONTENDS_ONNX_SCALARMATH_H

#include "compiler/Frontends/Onnx/OnnxTypes.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace fovea::onnx_frontend {

// clang-format off
enum class Unary {
  Abs, Acos, Acosh, Asin, Asinh, Atan, Atanh, BitwiseNot, Ceil, Cos, Cosh, Erf, Exp, Floor, Gelu,
  GeluTanh, HardSwish, Identity, IsNaN, IsInf, Log, Mish, Neg, Not, Reciprocal, Relu, Round,
  Sigmoid, Sign, Sin, Sinh, Softplus, Softsign, Sqrt, Tan, Tanh,
  // With the parameters alpha and beta:
  Celu, Elu, HardSigmoid, LeakyRelu, Selu, Shrink, Swish, ThresholdedRelu, ScaledTanh, Affine
};
enum class Binary {
  Add, Sub, Mul, Div, Min, Max, Pow, Mod, FMod, And, Or, Xor,
  Equal, Less, LessOrEqual, Greater, GreaterOrEqual
};
// clang-format on

/// True for comparisons, whose result is bool.
bool isComparison(Binary function);

/// The function on scalars of the element type `dtype`. Integer division by 0 gives 0; half types
/// are computed in f32 where rounding once needs it.
mlir::Value emitUnary(mlir::ImplicitLocOpBuilder &b, Unary function, Dtype dtype, mlir::Value x,
                      double alpha = 0, double beta = 0);
mlir::Value emitBinary(mlir::ImplicitLocOpBuilder &b, Binary function, Dtype dtype, mlir::Value x,
                       mlir::Value y);

/// Conversion as by Cast. Floats outside the range of an integer type give its nearest value, NaN
/// gives 0.
mlir::Value emitCast(mlir::ImplicitLocOpBuilder &b, Dtype from, Dtype to, mlir::Value x);
/// f16 and bf16 to f32 and back; other types unchanged.
mlir::Value emitWiden(mlir::ImplicitLocOpBuilder &b, mlir::Value x);
mlir::Value emitNarrow(mlir::ImplicitLocOpBuilder &b, mlir::Type type, mlir::Value x);

/// The same on numbers, where the importer evaluates them; nothing where it does not.
std::optional<double> evaluateUnary(Unary function, double x);
std::optional<double> evaluateBinary(Binary function, double x, double y);
std::optional<int64_t> evaluateUnary(Unary function, int64_t x, bool isBool);
std::optional<int64_t> evaluateBinary(Binary function, int64_t x, int64_t y, bool isUnsigned);

} // namespace fovea::onnx_frontend

#endif // FOVEA_COMPILER_FRONTENDS_ONNX_SCALARMATH_H
