//===- FoldQueryGroups.cpp - query heads that share keys as queries -------===//
//
// Decoding has few queries and reads all keys and values: heads that share these are made queries
// of one head, so that they are read once. With S queries each, query i of head h of a group of G
// becomes query h mod G * S + i of the group.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Transforms/AttentionRegions.h"
#include "compiler/Transforms/Passes.h"
#include "compiler/Transforms/TensorBuilders.h"
#include "dialects/Fovea/StructuredOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Pass/Pass.h"

namespace fovea {
#define GEN_PASS_DEF_FOLDQUERYGROUPS
#include "compiler/Transforms/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;
using Dim = AttentionOp::Dim;

/// Most queries of a group; with more of them, products are what takes the time.
static constexpr int64_t kMaxQueries = 16;

/// True when heads share keys, have few queries each, and the numbers of both are known.
static bool folds(AttentionOp op) {
  int64_t heads = extentOf(op.getQuery(), op.getQueryMap(), Dim::H);
  int64_t queries = extentOf(op.getQuery(), op.getQueryMap(), Dim::I);
  if (op->getNumResults() == 0 || op.getGroup() == 1 || ShapedType::isDynamic(heads) ||
      ShapedType::isDynamic(queries))
    return false;
  if (queries == 1)
    return true;
  // Along the lanes of queries, captures must move by one distance; tables are read at any index.
  for (unsigned capture = 0; capture < op.getCaptures().size(); ++capture) {
    AffineMap map = op.getCaptureMap(capture);
    if (!isTable(op.getCaptures()[capture], map) &&
        (map.isFunctionOfDim(Dim::H) || map.isFunctionOfDim(Dim::I)))
      return false;
  }
  return queries * op.getGroup() <= kMaxQueries;
}

namespace {

/// Rewrites one attention.
class Folding {
public:
  explicit Folding(AttentionOp op)
      : op(op), builder(op.getLoc(), op), group(op.getGroup()),
        queries(extentOf(op.getQuery(), op.getQueryMap(), Dim::I)), context(op.getContext()) {}

  void write() {
    if (queries > 1)
      bringTogether();
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
  /// The order of a tensor's dimensions in which queries follow heads.
  static SmallVector<int64_t> orderOf(AffineMap map) {
    auto order = llvm::to_vector(llvm::seq<int64_t>(0, map.getNumResults()));
    int64_t heads = placeOf(map, Dim::H), query = placeOf(map, Dim::I);
    llvm::erase(order, query);
    order.insert(llvm::find(order, heads) + 1, query);
    return order;
  }

  AffineMap ordered(AffineMap map) {
    SmallVector<AffineExpr> results;
    for (int64_t place : orderOf(map))
      results.push_back(map.getResult(place));
    return AffineMap::get(map.getNumDims(), 0, results, context);
  }

  /// A tensor of a value's sizes in the order that a map's dimensions take.
  Value emptyLike(Value value, AffineMap map) {
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, op.getLoc(), value), moved;
    for (int64_t place : orderOf(map))
      moved.push_back(sizes[place]);
    return tensor::EmptyOp::create(builder, moved, getElementTypeOrSelf(value));
  }

  /// Gives the query and the results layouts in which queries follow heads.
  void bringTogether() {
    unsigned firstInit = 3 + op.getCaptures().size();
    SmallVector<Attribute> maps(op.getIndexingMaps().getValue());
    auto isTogether = [](AffineMap map) { return llvm::is_sorted(orderOf(map)); };
    if (AffineMap map = op.getQueryMap(); !isTogether(map)) {
      op.getQueryMutable().assign(transposed(builder, op.getQuery(), orderOf(map)));
      maps[0] = AffineMapAttr::get(ordered(map));
    }
    for (auto [index, init] : llvm::enumerate(op.getInitsMutable())) {
      AffineMap map = op.getMap(firstInit + index);
      if (isTogether(map))
        continue;
      Value old = init.get();
      init.set(emptyLike(old, map));
      maps[firstInit + index] = AffineMapAttr::get(ordered(map));
      OpResult result = op->getResult(index);
      result.setType(cast<RankedTensorType>(init.get().getType()));
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointAfter(op);
      auto back =
          linalg::TransposeOp::create(builder, result, old, invertPermutationVector(orderOf(map)));
      result.replaceAllUsesExcept(back->getResult(0), back);
    }
    op.setIndexingMapsAttr(ArrayAttr::get(context, maps));
  }

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

  /// (..., h, ..., i, ...) as (..., h / G, G * i, ...), for one query or where it follows the head.
  Value folded(Value tensor, AffineMap map) {
    auto type = cast<RankedTensorType>(tensor.getType());
    if (queries > 1) {
      auto together = joining(type.getRank(), placeOf(map, Dim::H));
      Value flat = tensor::CollapseShapeOp::create(builder, tensor, together);
      return tensor::ExpandShapeOp::create(builder, foldedType(type, map), flat, together);
    }
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
    shape.insert(shape.begin() + heads + 1, group * queries);
    return RankedTensorType::get(shape, type.getElementType());
  }

  AffineMap foldedMap(AffineMap map) {
    SmallVector<AffineExpr> results(map.getResults());
    AffineExpr query = getAffineDimExpr(Dim::I, context), heads = getAffineDimExpr(Dim::H, context);
    llvm::erase(results, query);
    results.insert(llvm::find(results, heads) + 1, query);
    return AffineMap::get(map.getNumDims(), 0, results, context);
  }

  /// A map of the old positions on the new ones: h is h * G + i / S, i is i mod S.
  AffineMap seenFrom(AffineMap map) {
    SmallVector<AffineExpr> dims;
    for (unsigned dim = 0; dim < map.getNumDims(); ++dim)
      dims.push_back(getAffineDimExpr(dim, context));
    dims[Dim::H] = dims[Dim::H] * group + dims[Dim::I].floorDiv(queries);
    dims[Dim::I] = dims[Dim::I] % queries;
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
    Value inGroup = query, old;
    llvm::SmallPtrSet<Operation *, 4> own{scaled.getDefiningOp()};
    if (queries > 1) {
      Value count = arith::ConstantIndexOp::create(inside, queries);
      inGroup = arith::DivSIOp::create(inside, query, count);
      old = arith::RemSIOp::create(inside, query, count);
      own.insert({inGroup.getDefiningOp(), old.getDefiningOp()});
    }
    Value head = arith::AddIOp::create(inside, scaled, inGroup);
    own.insert(head.getDefiningOp());
    if (!old)
      old = arith::ConstantIndexOp::create(inside, 0);
    heads.replaceAllUsesExcept(head, own);
    query.replaceAllUsesExcept(old, own);
  }

  /// Gives the users of a result its old shape.
  void unfold(OpResult result, AffineMap map, Type type) {
    auto old = cast<RankedTensorType>(result.getType());
    result.setType(cast<RankedTensorType>(type));
    SmallVector<OpOperand *> uses =
        llvm::map_to_vector(result.getUses(), [](OpOperand &use) -> OpOperand * { return &use; });
    bool several = queries > 1;
    auto together = joining(old.getRank(), placeOf(map, Dim::H));
    Value flat = tensor::CollapseShapeOp::create(
        builder, result, several ? together : splitting(old.getRank(), map));
    if (several) {
      Value back = tensor::ExpandShapeOp::create(builder, old, flat, together);
      for (OpOperand *use : uses)
        use->set(back);
      return;
    }
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, op.getLoc(), flat);
    sizes.insert(sizes.begin() + placeOf(map, Dim::I), builder.getIndexAttr(1));
    Value back =
        tensor::ExpandShapeOp::create(builder, old, flat, dropping(old.getRank(), map), sizes);
    for (OpOperand *use : uses)
      use->set(back);
  }

  AttentionOp op;
  ImplicitLocOpBuilder builder;
  int64_t group, queries;
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
