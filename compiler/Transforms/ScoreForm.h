//===- ScoreForm.h - scale, mask and guards found in scalar code ----------===//
//
// Separates what a score chain does: a scale of the product, the predicate that excludes keys, and
// the rest.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TRANSFORMS_SCOREFORM_H
#define FOVEA_COMPILER_TRANSFORMS_SCOREFORM_H

#include "mlir/IR/Builders.h"

namespace fovea {

/// A condition under which a key is kept; `inverted` when it is one under which it is excluded.
struct KeepCondition {
  mlir::Value condition;
  bool inverted;
};

/// Takes constant factors and divisors off the only use of `core` and gives their product;
/// `result` changes when it was one of the products.
double takeScale(mlir::Value core, mlir::Value &result);

/// Takes selections against -inf off the end of the code that computes `result`, as far as they are
/// provably nothing but exclusion: select(c, x, -inf), and x + select(c, 0, -inf). Finite constants
/// stay. A condition that depends on `core` stays too.
llvm::SmallVector<KeepCondition> takeMask(mlir::OpBuilder &builder, mlir::Value core,
                                          mlir::Value &result);

/// `core` when `result` is nothing but a selection of 0 where the probability `core` is NaN, else
/// `result`: rows without keys, which softmax makes NaN, are 0 in fovea.attention anyway.
mlir::Value dropNanGuard(mlir::Value core, mlir::Value result);

/// Operations of a chain's block from which `values` are computed.
llvm::DenseSet<mlir::Operation *> operationsFor(llvm::ArrayRef<mlir::Value> values);

/// The factor by which a copying generic's body scales its only argument: products and quotients
/// with constants, and casts. Nothing when it does something else.
std::optional<double> scaleOfBody(mlir::Block &body);

} // namespace fovea

#endif // FOVEA_COMPILER_TRANSFORMS_SCOREFORM_H
