//===- RowElements.h - how rows reach the multiply-adds of a product ------===//
//
// A multiply-add of x86 takes a row's element from a broadcast. One of NEON takes any lane of a
// register instead, so that one load serves several rows, or several steps of the depth.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_CONVERSION_KERNELTOVECTOR_ROWELEMENTS_H
#define FOVEA_COMPILER_CONVERSION_KERNELTOVECTOR_ROWELEMENTS_H

#include "dialects/FoveaKernel/FoveaKernelDialect.h"

namespace fovea {

/// What one load of the rows operand brings: elements of `rows` rows at one step of the depth, or
/// of one row at `steps` steps.
struct RowLoad {
  int64_t rows = 1, steps = 1;
};

/// The load for a product whose loop takes `turn` steps a turn, by where the rows operand is
/// contiguous. With what it brings the sums stay in registers.
RowLoad chooseRowLoad(kernel::ProductOp op, int64_t turn);

/// The rows operand at the steps of one load.
class RowElements {
public:
  /// `at` are the indices of the product's rows, `k` is the first step.
  RowElements(mlir::OpBuilder &builder, kernel::ProductOp op, llvm::ArrayRef<mlir::Value> at,
              mlir::Value k, RowLoad load)
      : builder(builder), op(op), at(at), k(k), load(load) {}

  /// The element of a row `step` steps behind the first, on all lanes of `type`, in f32. What one
  /// load brings is loaded where the first of it is asked for.
  mlir::Value onAllLanes(int64_t row, int64_t step, mlir::VectorType type);

private:
  mlir::Value widened(mlir::Value loaded);

  mlir::OpBuilder &builder;
  kernel::ProductOp op;
  llvm::ArrayRef<mlir::Value> at;
  mlir::Value k;
  RowLoad load;
  llvm::SmallVector<mlir::Value> vectors;
};

} // namespace fovea

#endif // FOVEA_COMPILER_CONVERSION_KERNELTOVECTOR_ROWELEMENTS_H
