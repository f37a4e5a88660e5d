//===- ProductDims.cpp - the roles of a contraction's dimensions ----------===//
//
// Reads the indexing maps.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/Loops/ProductDims.h"
#include "compiler/Targets/Loops/ScalarLoops.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::loops;

/// The constant M of an index `... mod M`, else 0.
static int64_t modulusOf(AffineExpr expr) {
  auto mod = dyn_cast<AffineBinaryOpExpr>(expr);
  return mod && mod.getKind() == AffineExprKind::Mod
             ? cast<AffineConstantExpr>(mod.getRHS()).getValue()
             : 0;
}

/// Width and group of packed columns, whose map is (..., n floordiv W, k, n mod W), or with words
/// of G elements (..., n floordiv W, k floordiv G, n mod W, k mod G).
static std::pair<int64_t, int64_t> panelOf(AffineMap map, unsigned n) {
  ArrayRef<AffineExpr> results = map.getResults();
  if (results.back().isFunctionOfDim(n))
    return {modulusOf(results.back()), 1};
  return {modulusOf(results.drop_back().back()), modulusOf(results.back())};
}

bool loops::movesEvenly(AffineMap map, unsigned dim, int64_t lanes) {
  AffineExpr lane = getAffineDimExpr(dim, map.getContext());
  return llvm::all_of(map.getResults(), [&](AffineExpr expr) {
    AffineExpr step = simplifyAffineExpr(expr.replace(lane, lane + 1) - expr, map.getNumDims(), 0);
    auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
    bool divides = binary && llvm::is_contained({AffineExprKind::FloorDiv, AffineExprKind::Mod},
                                                binary.getKind());
    if (isa<AffineConstantExpr>(step) || !divides || binary.getLHS() != lane)
      return isa<AffineConstantExpr>(step);
    auto by = dyn_cast<AffineConstantExpr>(binary.getRHS());
    return by && lanes != 0 && by.getValue() % lanes == 0;
  });
}

bool loops::runsAlone(AffineMap map, unsigned dim) {
  AffineExpr alone = getAffineDimExpr(dim, map.getContext());
  return llvm::is_contained(map.getResults(), alone) &&
         llvm::count_if(map.getResults(),
                        [&](AffineExpr expr) { return expr.isFunctionOfDim(dim); }) == 1;
}

std::optional<ProductDims> ProductDims::of(ContractOp op) {
  AffineMap out = op.getOutMap(), lhs = op.getLhsMap(), rhs = op.getRhsMap();
  if (out.getNumResults() == 0)
    return std::nullopt;
  ProductDims dims;
  dims.n = out.getDimPosition(out.getNumResults() - 1);
  bool inLhs = lhs.isFunctionOfDim(dims.n), inRhs = rhs.isFunctionOfDim(dims.n);
  if (inLhs == inRhs)
    return std::nullopt;
  dims.rows = inRhs ? op.getLhs() : op.getRhs();
  dims.columns = inRhs ? op.getRhs() : op.getLhs();
  dims.rowsMap = inRhs ? lhs : rhs;
  dims.columnsMap = inRhs ? rhs : lhs;
  if (op->hasAttr(kPackedAttr))
    std::tie(dims.packedWidth, dims.packedGroup) = panelOf(dims.columnsMap, dims.n);
  SmallVector<unsigned> candidates;
  for (unsigned dim = 0; dim < op.getNumDims(); ++dim) {
    if (op.isReduction(dim))
      dims.k.push_back(dim);
    else if (dim != dims.n && dims.rowsMap.isFunctionOfDim(dim) &&
             !dims.columnsMap.isFunctionOfDim(dim) && movesEvenly(dims.rowsMap, dim))
      candidates.push_back(dim);
    else if (dim != dims.n)
      dims.loops.push_back(dim);
  }
  // The longest row dimension becomes the strips, the inner one of two; an unknown extent counts
  // as long.
  auto extent = [&](unsigned dim) {
    auto [operand, position] = bearerOf(op, dim);
    int64_t size = cast<ShapedType>(operand.getType()).getDimSize(position);
    return ShapedType::isDynamic(size) ? int64_t(1) << 20 : size;
  };
  for (unsigned dim : candidates)
    if (!dims.m || extent(dim) >= extent(*dims.m))
      dims.m = dim;
  for (unsigned dim : candidates)
    if (dim != *dims.m)
      dims.loops.push_back(dim);
  llvm::sort(dims.loops);
  return dims;
}

std::optional<int64_t> ProductDims::rowCount() const {
  if (!m)
    return 1;
  std::optional<unsigned> place =
      rowsMap.getResultPosition(getAffineDimExpr(*m, rowsMap.getContext()));
  int64_t size = place ? cast<ShapedType>(rows.getType()).getDimSize(*place) : ShapedType::kDynamic;
  return ShapedType::isDynamic(size) ? std::nullopt : std::optional(size);
}
