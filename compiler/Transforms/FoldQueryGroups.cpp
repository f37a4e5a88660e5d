//===- FoldQueryGroups.cpp - query heads that share keys as queries -------===//
//
// Decoding has few queries and reads all keys and values: heads that share these are made queries
// of one head, so that they are read once.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Transforms/Passes.h"
#include "dialects/Fovea/StructuredOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Pass/Pass.h"

namespace fovea {
#define GEN_PASS_DEF_FOLDQUERYGROUPS
#include "compiler/Transforms/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;
using Dim = AttentionOp::Dim;

/// Position of an iteration dimension among a map's results.
static unsigned placeOf(AffineMap map, unsigned dim) {
  return *map.getResultPosition(getAffineDimExpr(dim, map.getContext()));
}

/// True when heads share keys, have one query each, and their number is known.
static bool folds(AttentionOp op) {
  auto query = dyn_cast<RankedTensorType>(op.getQuery().getType());
  if (!query || op.getGroup() == 1)
    return false;
  int64_t heads = query.getDimSize(placeOf(op.getQueryMap(), Dim::H));
  return query.getDimSize(placeOf(op.getQueryMap(), Dim::I)) == 1 && !ShapedType::isDynamic(heads);
}

namespace {

/// Rewrites one attention.
class Folding {
public:
  explicit Folding(AttentionOp op)
      : op(op), builder(op.getLoc(), op), group(op.getGroup()), context(op.getContext()) {}

  void write() {
    op.getQueryMutable().assign(folded(op.getQuery(), op.getQueryMap()));
    unsigned firstInit = 3 + op.getCaptures().size();
    SmallVector<Attribute> maps(op.getIndexingMaps().getValue());
    maps[0] = AffineMapAttr::get(foldedMap(op.getQueryMap()));
    for (unsigned operand = 1; operand < firstInit; ++operand)
      maps[operand] = AffineMapAttr::get(seenFrom(op.getMap(operand)));
    for (auto [index, init] : llvm::enumerate(op.getInitsMutable())) {
      AffineMap map = op.getMap(firstInit + index);
      init.set(folded(init.get(), map));
      maps[firstInit + index] = AffineMapAttr::get(foldedMap(map));
    }
    for (Region *region : {&op.getScore(), &op.getMask(), &op.getProb()})
      if (!region->empty())
        rewrite(region->front(), region == &op.getMask() ? 0 : 1);
    builder.setInsertionPointAfter(op);
    for (auto [index, result] : llvm::enumerate(op.getResults()))
      unfold(result, op.getMap(firstInit + index), op.getInits()[index].getType());
    op.setIndexingMapsAttr(ArrayAttr::get(context, maps));
  }

private:
  /// Dimensions in groups of one, but for `first` and the next.
  static SmallVector<ReassociationIndices> joining(int64_t rank, int64_t first) {
    SmallVector<ReassociationIndices> groups;
    for (int64_t dim = 0; dim < rank; ++dim)
      if (dim == first + 1)
        groups.back().push_back(dim);
      else
        groups.push_back({dim});
    return groups;
  }

  /// Drops the one query's dimension, merging it with a neighbour.
  static SmallVector<ReassociationIndices> dropping(int64_t rank, AffineMap map) {
    return joining(rank, std::max<int64_t>(placeOf(map, Dim::I), 1) - 1);
  }

  /// Makes two dimensions of the heads'.
  static SmallVector<ReassociationIndices> splitting(int64_t rank, AffineMap map) {
    return joining(rank, headsPlace(map));
  }

  /// Dimension of the heads once the query's is dropped.
  static int64_t headsPlace(AffineMap map) {
    unsigned heads = placeOf(map, Dim::H), query = placeOf(map, Dim::I);
    return query < heads ? heads - 1 : heads;
  }

  /// (..., h, ..., i = 1, ...) as (..., h / G, G, ...).
  Value folded(Value tensor, AffineMap map) {
    auto type = cast<RankedTensorType>(tensor.getType());
    SmallVector<ReassociationIndices> dropped = dropping(type.getRank(), map);
    Value flat = tensor::CollapseShapeOp::create(builder, tensor, dropped);
    return tensor::ExpandShapeOp::create(builder, foldedType(type, map), flat,
                                         splitting(type.getRank(), map));
  }

  RankedTensorType foldedType(RankedTensorType type, AffineMap map) {
    SmallVector<int64_t> shape(type.getShape());
    shape.erase(shape.begin() + placeOf(map, Dim::I));
    int64_t heads = headsPlace(map);
    shape[heads] /= group;
    shape.insert(shape.begin() + heads + 1, group);
    return RankedTensorType::get(shape, type.getElementType());
  }

  AffineMap foldedMap(AffineMap map) {
    SmallVector<AffineExpr> results(map.getResults());
    AffineExpr query = getAffineDimExpr(Dim::I, context), heads = getAffineDimExpr(Dim::H, context);
    llvm::erase(results, query);
    results.insert(llvm::find(results, heads) + 1, query);
    return AffineMap::get(map.getNumDims(), 0, results, context);
  }

  /// A map of the old positions on the new ones: h is h * G + i, i is 0.
  AffineMap seenFrom(AffineMap map) {
    SmallVector<AffineExpr> dims;
    for (unsigned dim = 0; dim < map.getNumDims(); ++dim)
      dims.push_back(getAffineDimExpr(dim, context));
    dims[Dim::H] = dims[Dim::H] * group + dims[Dim::I];
    dims[Dim::I] = getAffineConstantExpr(0, context);
    // What shares keys does not depend on the number in the group.
    SmallVector<AffineExpr> results;
    for (AffineExpr result : map.getResults()) {
      auto shared = dyn_cast<AffineBinaryOpExpr>(result);
      bool isKeyHead = shared && shared.getKind() == AffineExprKind::FloorDiv &&
                       result == getAffineDimExpr(Dim::H, context).floorDiv(group);
      results.push_back(isKeyHead ? getAffineDimExpr(Dim::H, context)
                                  : result.replaceDimsAndSymbols(dims, {}));
    }
    return AffineMap::get(map.getNumDims(), 0, results, context);
  }

  /// Positions of a region, which begin at argument `first`.
  void rewrite(Block &block, unsigned first) {
    ImplicitLocOpBuilder inside(op.getLoc(), context);
    inside.setInsertionPointToStart(&block);
    Value heads = block.getArgument(first + Dim::H), query = block.getArgument(first + Dim::I);
    Value size = arith::ConstantIndexOp::create(inside, group);
    Value scaled = arith::MulIOp::create(inside, heads, size);
    Value old = arith::AddIOp::create(inside, scaled, query);
    Value zero = arith::ConstantIndexOp::create(inside, 0);
    heads.replaceAllUsesExcept(old, scaled.getDefiningOp());
    query.replaceAllUsesExcept(zero, old.getDefiningOp());
  }

  /// Gives the users of a result its old shape.
  void unfold(OpResult result, AffineMap map, Type type) {
    auto old = cast<RankedTensorType>(result.getType());
    result.setType(cast<RankedTensorType>(type));
    SmallVector<OpOperand *> uses =
        llvm::map_to_vector(result.getUses(), [](OpOperand &use) -> OpOperand * { return &use; });
    Value flat = tensor::CollapseShapeOp::create(builder, result, splitting(old.getRank(), map));
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, op.getLoc(), flat);
    sizes.insert(sizes.begin() + placeOf(map, Dim::I), builder.getIndexAttr(1));
    Value back =
        tensor::ExpandShapeOp::create(builder, old, flat, dropping(old.getRank(), map), sizes);
    for (OpOperand *use : uses)
      use->set(back);
  }

  AttentionOp op;
  ImplicitLocOpBuilder builder;
  int64_t group;
  MLIRContext *context;
};

struct FoldQueryGroups : fovea::impl::FoldQueryGroupsBase<FoldQueryGroups> {
  void runOnOperation() override {
    SmallVector<AttentionOp> found;
    getOperation().walk([&](AttentionOp op) {
      if (folds(op))
        found.push_back(op);
    });
    for (AttentionOp op : found) {
      Folding(op).write();
      ++numFolded;
    }
  }
};

} // namespace
