//===- GateMath.h - activation functions of recurrent cells ---------------===//
//
// Scalar code for the activations and the clipping of LSTM and GRU.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TRANSFORMS_GATEMATH_H
#define FOVEA_COMPILER_TRANSFORMS_GATEMATH_H

#include "dialects/Fovea/FoveaDialect.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"

#include <optional>

namespace fovea {

/// `activation` of `x`, with ONNX's defaults for absent parameters.
mlir::Value applyActivation(mlir::ImplicitLocOpBuilder &builder, ActivationAttr activation,
                            mlir::Value x);

/// `x` limited to [-bound, bound]; a NaN stays. Without a bound `x` itself.
mlir::Value applyClip(mlir::ImplicitLocOpBuilder &builder, std::optional<double> bound,
                      mlir::Value x);

} // namespace fovea

#endif // FOVEA_COMPILER_TRANSFORMS_GATEMATH_H
