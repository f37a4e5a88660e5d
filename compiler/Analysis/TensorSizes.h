//===- TensorSizes.h - extents of tensors as symbolic sizes ---------------===//
//
// Follows the extents of tensors, and the arithmetic of indices, back to the sizes of a function's
// arguments, so that equal sizes have equal expressions wherever they come from.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_ANALYSIS_TENSORSIZES_H
#define FOVEA_COMPILER_ANALYSIS_TENSORSIZES_H

#include "compiler/Base/SizeExpr.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/OpDefinition.h"

namespace fovea {

class RnnOp;

/// Sizes in one function, at the level of tensors. An expression assumes of the operations before
/// the one that is asked about that their extents agree.
class TensorSizes {
public:
  explicit TensorSizes(mlir::func::FuncOp function);

  /// Extent `dim` of a ranked tensor.
  SizeExpr sizeOf(mlir::Value tensor, int64_t dim);
  /// An index or i64.
  SizeExpr valueOf(mlir::Value index);
  SizeExpr valueOf(mlir::OpFoldResult index);

  /// Computes an expression at the builder's place, which what `sourcesOf` gives must dominate.
  mlir::Value materialize(mlir::OpBuilder &builder, mlir::Location loc, const SizeExpr &expr);
  /// Adds the values that an expression is computed from.
  void sourcesOf(const SizeExpr &expr, llvm::SmallVectorImpl<mlir::Value> &sources) const;

  /// True when the expressions are equal, or known to be by what the context assumes.
  bool areEqual(const SizeExpr &left, const SizeExpr &right);
  bool isAtLeast(const SizeExpr &left, const SizeExpr &right);
  /// Takes a condition for true from now on.
  void assume(mlir::Value condition);
  void assumeEqual(const SizeExpr &left, const SizeExpr &right);
  void assumeAtLeast(const SizeExpr &left, const SizeExpr &right);

  /// What is assumed while one lives is forgotten at its end, and with it the expressions that were
  /// traced meanwhile: they may hang on it.
  class Scope {
  public:
    explicit Scope(TensorSizes &sizes)
        : sizes(sizes), assumed(sizes.context), traced(sizes.order.size()) {}
    ~Scope() { sizes.forgetFrom(traced); }

  private:
    TensorSizes &sizes;
    SizeContext::Scope assumed;
    size_t traced;
  };

  SizeContext context;

private:
  /// A tensor and its dimension, or an index and -1.
  using Place = std::pair<mlir::Value, int64_t>;

  SizeExpr opaque(mlir::Value value, int64_t dim, std::optional<int64_t> least);
  SizeExpr traceArgument(mlir::BlockArgument tensor, int64_t dim);
  SizeExpr traceResult(mlir::OpResult tensor, int64_t dim);
  SizeExpr traceShape(mlir::OpResult tensor, int64_t dim);
  /// The size in the else branch where that of the then branch equals it under the condition.
  SizeExpr traceBranches(mlir::scf::IfOp branch, unsigned number, int64_t dim);
  SizeExpr traceRecurrence(mlir::OpResult tensor, int64_t dim);
  SizeExpr traceStep(RnnOp rnn, int64_t dim);
  SizeExpr traceIndex(mlir::Value index);
  const SizeExpr &remember(Place place, SizeExpr expr);
  void forgetFrom(size_t traced);

  /// Symbols that are computed at one place already.
  using Computed = llvm::DenseMap<unsigned, mlir::Value>;
  mlir::Value materialize(mlir::OpBuilder &builder, mlir::Location loc, const SizeExpr &expr,
                          Computed &computed);
  mlir::Value materializeSymbol(mlir::OpBuilder &builder, mlir::Location loc, unsigned number,
                                Computed &computed);

  mlir::func::FuncOp function;
  llvm::DenseMap<Place, SizeExpr> known;
  /// The keys of `known` as they came.
  std::vector<Place> order;
  llvm::DenseMap<unsigned, Place> origins;
};

} // namespace fovea

#endif // FOVEA_COMPILER_ANALYSIS_TENSORSIZES_H
