//===- ExtentDemands.h - what operations demand of extents ----------------===//
//
// The rules of fovea-require-extents: each operation's demands on the extents of its operands, and
// where the checks for those that are not provable go.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TRANSFORMS_EXTENTDEMANDS_H
#define FOVEA_COMPILER_TRANSFORMS_EXTENTDEMANDS_H

#include "compiler/Analysis/RegionRanges.h"
#include "compiler/Analysis/TensorSizes.h"
#include "dialects/Fovea/FoveaDialect.h"

namespace fovea {

/// Least and largest value of an index.
struct IndexRange {
  SizeExpr least, most;
};

/// Proves demands, or emits fovea.require as early in the operation's block as its sizes are known:
/// later passes may write parts of a result before the operation that needed the check.
class ExtentDemands {
public:
  explicit ExtentDemands(mlir::func::FuncOp function) : sizes(function) {}

  /// The operation whose demands follow.
  void at(mlir::Operation *user) { op = user; }
  /// Takes the condition of an operation that goes on with it alone for granted from there on; its
  /// block's later checks follow.
  void given(mlir::Operation *given, mlir::Value condition);
  void equal(const SizeExpr &have, const SizeExpr &want);
  /// have >= least.
  void atLeast(const SizeExpr &have, const SizeExpr &least);
  /// 0 <= range < extent, unless one of `extents` is 0 (nothing is computed then).
  void inside(const IndexRange &range, const SizeExpr &extent, llvm::ArrayRef<SizeExpr> extents,
              Fault fault = Fault::Shape);

  /// True when 0 <= range < extent needs no check.
  bool isInside(const IndexRange &range, const SizeExpr &extent);

  /// Checks an index that the operation's body computes, by fovea.checked_index in the body.
  void guard(mlir::OpOperand &index, const SizeExpr &extent);

  TensorSizes sizes;
  int64_t numRequired = 0;
  /// Whether a demand is wrong whatever the run gives; an error was emitted.
  bool contradicted = false;

private:
  mlir::OpBuilder builderAt(llvm::ArrayRef<SizeExpr> exprs);
  /// Emits an error when both sizes are known.
  bool contradicts(const SizeExpr &have, const SizeExpr &want);
  void require(mlir::OpBuilder &builder, mlir::Value condition, mlir::Value value,
               mlir::Value limit, Fault fault);

  /// Behind an operation of a block, or at its start.
  using Place = std::pair<mlir::Block *, mlir::Operation *>;

  mlir::Operation *op = nullptr;
  Place place;
  /// What a model's own last requirement in a block is.
  llvm::DenseMap<mlir::Block *, mlir::Operation *> lastGiven;
  /// The check that came last at each place.
  llvm::DenseMap<Place, mlir::Operation *> last;
};

/// Range of an affine expression whose dimensions have these extents; none when a divisor is no
/// positive constant.
std::optional<IndexRange> rangeOf(TensorSizes &sizes, mlir::AffineExpr expr,
                                  llvm::ArrayRef<SizeExpr> extents);

/// Demands of operations with indexing maps, of norms, rotary positions and recurrences. False for
/// an operation that is none of these.
bool demandStructured(mlir::Operation *op, ExtentDemands &demands);

/// Demands of the tables in the regions of an attention; `extents` are those of (b, h, i, j, d, e).
void demandTables(AttentionOp op, llvm::ArrayRef<SizeExpr> extents, ExtentDemands &demands);

/// Demands of views, casts and element accesses of the tensor dialect.
void demandViews(mlir::Operation *op, ExtentDemands &demands);

} // namespace fovea

#endif // FOVEA_COMPILER_TRANSFORMS_EXTENTDEMANDS_H
