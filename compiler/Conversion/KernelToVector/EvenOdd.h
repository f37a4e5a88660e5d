//===- EvenOdd.h - bf16 in memory as f32 on the lanes ---------------------===//
//
// A bf16 is the upper half of an f32: two neighbours in memory, taken as one word, become two f32
// by a shift and a mask. That is half the work of widening one after the other, which shuffles.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_CONVERSION_KERNELTOVECTOR_EVENODD_H
#define FOVEA_COMPILER_CONVERSION_KERNELTOVECTOR_EVENODD_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

namespace fovea {

/// True when vectors number `vector` and the next of a row of `vectors` are taken apart like that.
bool isPair(int64_t vector, int64_t vectors, mlir::Type element);

/// The 2 * lanes elements of a bf16 `buffer` from `at` on: those of even and of odd number, each of
/// type `lanes`, a vector of f32.
std::pair<mlir::Value, mlir::Value> loadEvenAndOdd(mlir::OpBuilder &builder, mlir::Location loc,
                                                   mlir::Value buffer, mlir::ValueRange at,
                                                   mlir::VectorType lanes);

/// The lanes of `first` and `second`, taken as one vector, of even and of odd number; and back.
std::pair<mlir::Value, mlir::Value> evenAndOdd(mlir::OpBuilder &builder, mlir::Location loc,
                                               mlir::Value first, mlir::Value second);
std::pair<mlir::Value, mlir::Value> interleaved(mlir::OpBuilder &builder, mlir::Location loc,
                                                mlir::Value even, mlir::Value odd);

} // namespace fovea

#endif // FOVEA_COMPILER_CONVERSION_KERNELTOVECTOR_EVENODD_H
