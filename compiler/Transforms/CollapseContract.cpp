//===- CollapseContract.cpp - neighbouring dimensions of products merged --===//
//
// Merges dimensions of a fovea.contract that are neighbours everywhere, so that [B, S, K] x W is
// one tall product.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Transforms/TensorBuilders.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

namespace fovea {
#define GEN_PASS_DEF_COLLAPSECONTRACT
#include "compiler/Transforms/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

/// Position of dimension `dim` as a result of its own; -1 when it is none.
static int64_t positionOf(AffineMap map, unsigned dim) {
  auto found = llvm::find(map.getResults(), getAffineDimExpr(dim, map.getContext()));
  return found == map.getResults().end() ? -1 : std::distance(map.getResults().begin(), found);
}

/// Times that dimension `dim` occurs in the map's results.
static int64_t occurrences(AffineMap map, unsigned dim) {
  return llvm::count_if(map.getResults(), [&](AffineExpr e) { return e.isFunctionOfDim(dim); });
}

/// True when `map` has neither dimension, or each once, as neighbouring results `outer`, `inner`.
static bool areNeighbours(AffineMap map, unsigned outer, unsigned inner) {
  if (occurrences(map, outer) == 0 && occurrences(map, inner) == 0)
    return true;
  if (occurrences(map, outer) != 1 || occurrences(map, inner) != 1)
    return false;
  int64_t position = positionOf(map, outer);
  return position >= 0 && positionOf(map, inner) == position + 1;
}

/// True when merging dimensions `position` and `position + 1` of `value` is a view of it: a slice
/// must hold whole rows of the inner dimension and every row of the outer one.
static bool mergesAsView(Value value, int64_t position) {
  auto slice = value.getDefiningOp<tensor::ExtractSliceOp>();
  if (!slice)
    return true;
  if (slice.getSourceType().getRank() != slice.getType().getRank()) {
    // Only leading dimensions may be missing, so that positions can be matched from the back.
    int64_t dropped = slice.getSourceType().getRank() - slice.getType().getRank();
    llvm::SmallBitVector missing = slice.getDroppedDims();
    if (missing.find_last() >= dropped)
      return false;
    position += dropped;
  }
  auto whole = [&](int64_t dim) {
    int64_t size = slice.getStaticSizes()[dim];
    return !ShapedType::isDynamic(size) && size == slice.getSourceType().getDimSize(dim);
  };
  return slice.getStaticStrides()[position] == 1 && slice.getStaticStrides()[position + 1] == 1 &&
         whole(position + 1);
}

static SmallVector<Value> shapedOperands(ContractOp op) {
  SmallVector<Value> operands{op.getLhs(), op.getRhs()};
  llvm::append_range(operands, op.getCaptures());
  return operands;
}

/// True when `outer` and `inner` can become one dimension.
static bool canMerge(ContractOp op, unsigned outer, unsigned inner) {
  SmallVector<Value> operands = shapedOperands(op);
  for (auto [index, operand] : llvm::enumerate(operands)) {
    AffineMap map = op.getMap(index);
    if (!areNeighbours(map, outer, inner))
      return false;
    if (occurrences(map, outer) && !mergesAsView(operand, positionOf(map, outer)))
      return false;
  }
  return areNeighbours(op.getOutMap(), outer, inner);
}

/// Chains of dimensions that become one, in order of their first.
static SmallVector<SmallVector<unsigned>> findChains(ContractOp op) {
  unsigned dims = op.getNumDims();
  SmallVector<int64_t> next(dims, -1);
  llvm::SmallBitVector hasOuter(dims);
  for (unsigned outer = 0; outer < dims; ++outer)
    for (unsigned inner = 0; inner < dims; ++inner)
      if (outer != inner && next[outer] < 0 && !hasOuter[inner] && canMerge(op, outer, inner)) {
        next[outer] = inner;
        hasOuter.set(inner);
      }
  SmallVector<SmallVector<unsigned>> chains;
  for (unsigned dim = 0; dim < dims; ++dim) {
    if (hasOuter[dim])
      continue;
    chains.emplace_back();
    for (int64_t at = dim; at >= 0; at = next[at])
      chains.back().push_back(at);
  }
  return chains;
}

namespace {
/// A contraction's maps and operands with chains of dimensions merged.
class Collapsed {
public:
  Collapsed(ImplicitLocOpBuilder &builder, ArrayRef<SmallVector<unsigned>> chains, unsigned dims)
      : builder(builder), chains(chains), replacements(dims) {
    for (auto [index, chain] : llvm::enumerate(chains))
      for (unsigned dim : chain)
        replacements[dim] = builder.getAffineDimExpr(index);
  }

  /// Groups of results that merge.
  SmallVector<ReassociationIndices> groups(AffineMap map) const {
    SmallVector<ReassociationIndices> result;
    for (auto [position, expr] : llvm::enumerate(map.getResults())) {
      if (isInner(expr))
        result.back().push_back(position);
      else
        result.push_back({static_cast<int64_t>(position)});
    }
    return result;
  }

  AffineMap collapse(AffineMap map) const {
    SmallVector<AffineExpr> results;
    for (AffineExpr expr : map.getResults())
      if (!isInner(expr))
        results.push_back(expr.replaceDims(replacements));
    return AffineMap::get(chains.size(), 0, results, builder.getContext());
  }

  Value collapse(Value value, AffineMap map) const {
    SmallVector<ReassociationIndices> groups = this->groups(map);
    if (groups.size() == map.getNumResults())
      return value;
    return tensor::CollapseShapeOp::create(builder, value, groups);
  }

private:
  bool isInner(AffineExpr expr) const {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    return dim && llvm::any_of(chains, [&](ArrayRef<unsigned> chain) {
             return llvm::is_contained(chain.drop_front(), dim.getPosition());
           });
  }

  ImplicitLocOpBuilder &builder;
  ArrayRef<SmallVector<unsigned>> chains;
  SmallVector<AffineExpr> replacements;
};

struct MergeNeighbours : OpRewritePattern<ContractOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ContractOp op, PatternRewriter &rewriter) const override {
    if (!op.getResult())
      return rewriter.notifyMatchFailure(op, "works on buffers");
    SmallVector<SmallVector<unsigned>> chains = findChains(op);
    if (chains.size() == op.getNumDims())
      return rewriter.notifyMatchFailure(op, "no two dimensions are neighbours in every operand");
    ImplicitLocOpBuilder builder(op.getLoc(), rewriter);
    Collapsed collapsed(builder, chains, op.getNumDims());
    SmallVector<Value> operands = shapedOperands(op);
    SmallVector<AffineMap> maps;
    for (auto [index, operand] : llvm::enumerate(operands)) {
      operand = collapsed.collapse(operand, op.getMap(index));
      maps.push_back(collapsed.collapse(op.getMap(index)));
    }
    // The destination is not read, so a view of an uninitialised one is another such tensor.
    Value init = collapsed.collapse(op.getInit(), op.getOutMap());
    maps.push_back(collapsed.collapse(op.getOutMap()));
    auto merged = ContractOp::create(builder, TypeRange(init.getType()), operands[0], operands[1],
                                     ArrayRef(operands).drop_front(2), init,
                                     builder.getAffineMapArrayAttr(maps), op.getScheduleAttr());
    merged.getEpilogue().takeBody(op.getEpilogue());
    Value result = merged.getResult();
    if (result.getType() != op.getResult().getType())
      result = tensor::ExpandShapeOp::create(
          builder, op.getResult().getType(), result, collapsed.groups(op.getOutMap()),
          tensor::getMixedSizes(builder, op.getLoc(), op.getInit()));
    rewriter.replaceOp(op, result);
    return success();
  }
};

struct CollapseContract : fovea::impl::CollapseContractBase<CollapseContract> {
  /// Dimensions of all contractions.
  int64_t countDims() {
    int64_t dims = 0;
    getOperation().walk([&](ContractOp op) { dims += op.getNumDims(); });
    return dims;
  }

  void runOnOperation() override {
    int64_t before = countDims();
    RewritePatternSet patterns(&getContext());
    patterns.add<MergeNeighbours>(&getContext());
    walkAndApplyPatterns(getOperation(), std::move(patterns));
    numMerged += before - countDims();
  }
};
} // namespace
