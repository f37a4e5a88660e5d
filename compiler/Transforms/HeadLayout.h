//===- HeadLayout.h - tensors seen as batch, head, row, channel -----------===//
//
// Decides which loop indices of a raised attention are batch and which are head, and gives each
// operand as a view of rank 4 with an indexing map.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TRANSFORMS_HEADLAYOUT_H
#define FOVEA_COMPILER_TRANSFORMS_HEADLAYOUT_H

#include "compiler/Analysis/TensorAccess.h"
#include "dialects/Fovea/FoveaDialect.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace fovea {

/// Atoms of each dimension of an attention (AttentionOp::Dim), outer first.
struct HeadLayout {
  std::array<llvm::SmallVector<unsigned>, 6> atoms;
  /// Number of innermost head atoms that key and value do not have.
  unsigned shared = 0;

  /// Groups `batch` (outer first) into batch and heads, given what key and value depend on.
  /// Nothing when they lack a batch atom that is not an innermost head.
  static std::optional<HeadLayout> choose(const IndexSpace &space, llvm::ArrayRef<unsigned> batch,
                                          const TensorAccess &key, const TensorAccess &value);

  /// Query heads per key head; nothing when unknown.
  std::optional<int64_t> group(const IndexSpace &space) const;

  /// A position as an expression over the dimensions of an attention. Nothing when an atom lies
  /// inside atoms of unknown extent.
  std::optional<mlir::AffineExpr> expression(const IndexSpace &space, const LinearIndex &index,
                                             mlir::MLIRContext *context) const;
  /// Dimension and, in it, stride and extent of an atom (extent 0 for the outermost).
  struct Place {
    unsigned dim;
    int64_t stride, extent;
  };
  std::optional<Place> placeOf(const IndexSpace &space, unsigned atom) const;
};

/// How a tensor is seen as one of rank 4: dimensions split into pieces, then merged.
struct RankFourView {
  /// Pieces of each dimension of the tensor, and sizes of the pieces.
  llvm::SmallVector<mlir::ReassociationIndices> pieces;
  llvm::SmallVector<int64_t> pieceShape;
  /// Pieces of each dimension of the view.
  llvm::SmallVector<mlir::ReassociationIndices> merged;
  mlir::AffineMap map;

  /// The tensor seen that way.
  mlir::Value apply(mlir::ImplicitLocOpBuilder &builder, mlir::Value tensor) const;
  /// A tensor of rank 4 seen as `type`, with sizes as those of `like`.
  mlir::Value undo(mlir::ImplicitLocOpBuilder &builder, mlir::Value view, mlir::Value like) const;
};

/// The view in which the dimensions of `access` are the four `dims` of an attention. Nothing when
/// no reshape gives it.
std::optional<RankFourView> viewAsRankFour(const IndexSpace &space, const HeadLayout &layout,
                                           const TensorAccess &access,
                                           llvm::ArrayRef<unsigned> dims);

} // namespace fovea

#endif // FOVEA_COMPILER_TRANSFORMS_HEADLAYOUT_H
