//===- ExpandRope.cpp - rotary positions as one elementwise operation -----===//
//
// Turns fovea.rope into one linalg.generic over the pairs of channels.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Transforms/TensorBuilders.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Pass/Pass.h"
#include "llvm/ADT/MapVector.h"

namespace fovea {
#define GEN_PASS_DEF_EXPANDROPE
#include "compiler/Transforms/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

using Tables = std::pair<Value, Value>;

/// cos and sin [P, half] read at `positions` [B, S]: two tensors [B, S, half].
static Tables gatherTables(ImplicitLocOpBuilder &builder, RopeOp op) {
  Location loc = builder.getLoc();
  Type element = getElementTypeOrSelf(op.getCos());
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, op.getPositions());
  sizes.push_back(tensor::getMixedSize(builder, loc, op.getCos(), 1));
  Value rows = tensor::DimOp::create(builder, op.getCos(), 0);
  SmallVector<Value> inits{emptyTensor(builder, sizes, element),
                           emptyTensor(builder, sizes, element)};
  SmallVector<Value> found = createElementwise(
      builder, op.getPositions(), mapOf(builder, 3, {0, 1}), inits,
      [&](ImplicitLocOpBuilder &scalars, ValueRange in) -> SmallVector<Value> {
        Value row = CheckedIndexOp::create(scalars, scalars.getIndexType(), in[0], rows,
                                           /*wrap=*/false, op.getNode());
        Value pair = linalg::IndexOp::create(scalars, 2);
        return {tensor::ExtractOp::create(scalars, op.getCos(), ValueRange{row, pair}),
                tensor::ExtractOp::create(scalars, op.getSin(), ValueRange{row, pair})};
      });
  return {found[0], found[1]};
}

/// [B, H, S, R] as [B, H, S, 2, half], or [B, H, S, half, 2] where the pairs are interleaved.
static Value splitPairs(ImplicitLocOpBuilder &builder, Value value, bool interleaved) {
  if (!interleaved)
    return splitDim(builder, value, 3, 2);
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, builder.getLoc(), value);
  sizes[3] = divideSize(builder, sizes[3], 2);
  sizes.push_back(builder.getIndexAttr(2));
  SmallVector<int64_t> shape(type.getShape());
  shape[3] = type.isDynamicDim(3) ? ShapedType::kDynamic : shape[3] / 2;
  shape.push_back(2);
  SmallVector<ReassociationIndices> groups{{0}, {1}, {2}, {3, 4}};
  return tensor::ExpandShapeOp::create(builder, type.clone(shape), value, groups, sizes);
}

/// Rotates the pairs of `x` [B, H, S, R] into `init` of the same shape.
static Value rotate(ImplicitLocOpBuilder &builder, RopeOp op, Value x, Value init, Tables tables) {
  // With channels seen as (q, pair), q being the place within the pair, the partner of place q is
  // at 1 - q: every access is affine, so nothing is gathered.
  bool interleaved = op.getInterleaved();
  unsigned place = interleaved ? 4 : 3, pair = interleaved ? 3 : 4;
  Value split = splitPairs(builder, x, interleaved);
  Value splitInit = splitPairs(builder, init, interleaved);
  SmallVector<AffineExpr> partner;
  for (unsigned dim = 0; dim < 5; ++dim)
    partner.push_back(dim == place ? 1 - builder.getAffineDimExpr(dim)
                                   : builder.getAffineDimExpr(dim));
  AffineMap table = mapOf(builder, 5, {0, 2, pair});
  Value rotated = createElementwise(
                      builder, {split, split, tables.first, tables.second},
                      {builder.getMultiDimIdentityMap(5),
                       AffineMap::get(5, 0, partner, builder.getContext()), table, table},
                      splitInit,
                      [&](ImplicitLocOpBuilder &scalars, ValueRange in) -> SmallVector<Value> {
                        Type sum = ContractOp::getSumType(in[0].getType());
                        auto wide = [&](Value value) { return convertFloat(scalars, value, sum); };
                        Value index = linalg::IndexOp::create(scalars, place);
                        Value zero = arith::ConstantIndexOp::create(scalars, 0);
                        Value first =
                            arith::CmpIOp::create(scalars, arith::CmpIPredicate::eq, index, zero);
                        Value sine = wide(in[3]);
                        Value minus = arith::NegFOp::create(scalars, sine);
                        Value sign = arith::SelectOp::create(scalars, first, minus, sine);
                        Value own = arith::MulFOp::create(scalars, wide(in[2]), wide(in[0]));
                        Value other = arith::MulFOp::create(scalars, sign, wide(in[1]));
                        Value turned = arith::AddFOp::create(scalars, own, other);
                        return {convertFloat(scalars, turned, in[0].getType())};
                      })
                      .front();
  SmallVector<ReassociationIndices> groups{{0}, {1}, {2}, {3, 4}};
  return tensor::CollapseShapeOp::create(builder, rotated, groups);
}

static Value expand(ImplicitLocOpBuilder &builder, RopeOp op, Tables tables) {
  Value x = op.getX();
  auto type = cast<RankedTensorType>(x.getType());
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, builder.getLoc(), x);
  Value init = emptyTensor(builder, sizes, type.getElementType());
  int64_t rotary = op.getRotaryDim();
  SmallVector<OpFoldResult> offsets(4, builder.getIndexAttr(0)),
      strides(4, builder.getIndexAttr(1));
  if (rotary == 0 || type.getDimSize(3) == rotary) {
    Value result = rotate(builder, op, x, init, tables);
    // Pairs of an unknown width do not tell that they are all of x.
    if (type.isDynamicDim(3))
      result = tensor::InsertSliceOp::create(builder, result, init, offsets, sizes, strides);
    return result;
  }
  OpFoldResult zero = builder.getIndexAttr(0), count = builder.getIndexAttr(rotary);
  Value head = rotate(builder, op, viewRange(builder, x, 3, zero, count),
                      viewRange(builder, init, 3, zero, count), tables);
  Value width = tensor::DimOp::create(builder, x, 3);
  Value rest =
      arith::SubIOp::create(builder, width, arith::ConstantIndexOp::create(builder, rotary));
  Value tail = viewRange(builder, x, 3, count, rest);
  sizes[3] = count;
  Value joined = tensor::InsertSliceOp::create(builder, head, init, offsets, sizes, strides);
  offsets[3] = count;
  sizes[3] = rest;
  return tensor::InsertSliceOp::create(builder, tail, joined, offsets, sizes, strides);
}

namespace {
struct ExpandRope : fovea::impl::ExpandRopeBase<ExpandRope> {
  void runOnOperation() override {
    SmallVector<RopeOp> ropes;
    getOperation().walk([&](RopeOp op) { ropes.push_back(op); });
    // Query and key of every layer read the same tables: they are gathered once a block.
    llvm::MapVector<std::tuple<Block *, Value, Value, Value>, Tables> gathered;
    for (RopeOp op : ropes) {
      ImplicitLocOpBuilder builder(op.getLoc(), op);
      Tables tables(op.getCos(), op.getSin());
      if (op.getPositions()) {
        Tables &known = gathered[{op->getBlock(), op.getCos(), op.getSin(), op.getPositions()}];
        if (!known.first) {
          known = gatherTables(builder, op);
          ++numGathered;
        }
        tables = known;
      }
      Value result = castTo(builder, expand(builder, op, tables), op.getType());
      op.replaceAllUsesWith(result);
      op.erase();
      ++numExpanded;
    }
  }
};
} // namespace
