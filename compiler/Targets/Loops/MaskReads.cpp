//===- MaskReads.cpp - what a mask region reads, over a block -------------===//
//
// Reductions over the elements that a block's queries or keys pick.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/Loops/MaskReads.h"

#include "compiler/Targets/Loops/LaneRegion.h"

#include "dialects/Fovea/StructuredOps.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::loops;

using Dim = AttentionOp::Dim;

/// The map of an element whose indices are positions of the region and constants.
static std::optional<AffineMap> mapOfIndices(CaptureLoadOp load) {
  SmallVector<AffineExpr> results;
  for (Value index : load.getIndices()) {
    APInt known;
    auto argument = dyn_cast<BlockArgument>(index);
    if (argument && argument.getArgNumber() <= Dim::J)
      results.push_back(getAffineDimExpr(argument.getArgNumber(), load.getContext()));
    else if (matchPattern(index, m_ConstantInt(&known)))
      results.push_back(getAffineConstantExpr(known.getSExtValue(), load.getContext()));
    else
      return std::nullopt;
  }
  return AffineMap::get(6, 0, results, load.getContext());
}

/// What picks an element; nothing when query and key do, or when neighbours are not evenly apart.
static std::optional<Picked> pickedBy(AffineMap map) {
  for (AffineExpr result : map.getResults())
    for (unsigned dim : {Dim::I, Dim::J})
      if (result.isFunctionOfDim(dim) && !isa<AffineDimExpr>(result))
        return std::nullopt;
  bool query = map.isFunctionOfDim(Dim::I), key = map.isFunctionOfDim(Dim::J);
  if (query && key)
    return std::nullopt;
  return query ? Picked::ByQuery : key ? Picked::ByKey : Picked::ByHead;
}

std::optional<MaskRead> loops::maskReadOf(AttentionOp op, Value scalar) {
  if (!scalar.getType().isInteger())
    return std::nullopt;
  Value source = scalar;
  std::optional<AffineMap> map;
  if (auto load = scalar.getDefiningOp<CaptureLoadOp>()) {
    source = load.getTable();
    map = mapOfIndices(load);
    if (!map)
      return std::nullopt;
  }
  auto argument = dyn_cast<BlockArgument>(source);
  if (!argument || argument.getOwner() != &op.getMask().front() || argument.getArgNumber() < 4)
    return std::nullopt;
  unsigned capture = argument.getArgNumber() - 4;
  if (!map)
    map = op.getCaptureMap(capture);
  std::optional<Picked> picked = pickedBy(*map);
  if (!picked)
    return std::nullopt;
  return MaskRead{op.getCaptures()[capture], *map, *picked};
}

namespace {
/// A reduction: the operation, and the value that changes nothing.
struct Reduction {
  vector::CombiningKind kind;
  APInt neutral;
};
} // namespace

static Value combine(Nest &nest, vector::CombiningKind kind, Value a, Value b) {
  return vector::makeArithReduction(nest.builder, nest.loc, kind, a, b);
}

/// What the lanes of a warp have, together. They exchange no less than 32 bits.
static Value combineLanes(Nest &nest, const RowLanes &warp, vector::CombiningKind kind,
                          Value value) {
  OpBuilder &builder = nest.builder;
  Type type = value.getType();
  bool extends = type.getIntOrFloatBitWidth() < 32;
  if (extends)
    value = arith::ExtSIOp::create(builder, nest.loc, builder.getI32Type(), value);
  value = warp.combine(nest, value, [&](Value a, Value b) { return combine(nest, kind, a, b); });
  return extends ? Value(arith::TruncIOp::create(builder, nest.loc, type, value)) : value;
}

/// Results of reductions over the elements that `positions` pick, one at a time.
static SmallVector<Value> reduceScalars(Nest &nest, const MaskRead &read, ArrayRef<Value> at,
                                        const Positions &positions, unsigned dim,
                                        const RowLanes &warp, ArrayRef<Reduction> reductions) {
  Type element = cast<MemRefType>(read.buffer.getType()).getElementType();
  auto neutral = llvm::map_to_vector(reductions, [&](const Reduction &reduction) -> Value {
    return arith::ConstantOp::create(nest.builder, nest.loc,
                                     nest.builder.getIntegerAttr(element, reduction.neutral));
  });
  auto body = [&](Value position, ValueRange carried) {
    SmallVector<Value> point(at);
    point[dim] = position;
    Value value =
        memref::LoadOp::create(nest.builder, nest.loc, read.buffer, nest.apply(read.map, point));
    Nest::Carried next;
    for (auto [reduction, before] : llvm::zip_equal(reductions, carried))
      next.push_back(combine(nest, reduction.kind, before, value));
    return next;
  };
  if (warp.count == 1)
    return nest.loop(positions.first, positions.end, nest.index(1), neutral, body);
  Value first = nest.add(positions.first, warp.lane);
  SmallVector<Value> totals =
      nest.loop(first, positions.end, nest.index(warp.count), neutral, body);
  for (auto [reduction, total] : llvm::zip_equal(reductions, totals))
    total = combineLanes(nest, warp, reduction.kind, total);
  return totals;
}

/// The same, as `readers` do it.
static SmallVector<Value> reduce(Nest &nest, const MaskRead &read, ArrayRef<Value> at,
                                 const Positions &positions, const Readers &readers,
                                 ArrayRef<Reduction> reductions) {
  OpBuilder &builder = nest.builder;
  int64_t lanes = readers.vector;
  unsigned dim = read.picked == Picked::ByQuery ? Dim::I : Dim::J;
  if (lanes == 1)
    return reduceScalars(nest, read, at, positions, dim, readers.warp, reductions);
  Type element = cast<MemRefType>(read.buffer.getType()).getElementType();
  auto type = VectorType::get({lanes}, element);
  SmallVector<Value> neutral;
  for (const Reduction &reduction : reductions)
    neutral.push_back(arith::ConstantOp::create(builder, nest.loc,
                                                DenseElementsAttr::get(type, reduction.neutral)));
  auto body = [&](Value first, ValueRange carried) {
    LaneGroup group{dim, llvm::to_vector(at), lanes, laneMask(nest, first, positions.end, lanes)};
    group.dims[dim] = first;
    Value elements = loadLanes(nest, read.buffer, read.map, group);
    Nest::Carried next;
    for (auto [number, reduction] : llvm::enumerate(reductions)) {
      Value inside =
          arith::SelectOp::create(builder, nest.loc, group.mask, elements, neutral[number]);
      next.push_back(combine(nest, reduction.kind, carried[number], inside));
    }
    return next;
  };
  Nest::Carried totals =
      nest.loop(positions.first, positions.end, nest.index(lanes), neutral, body);
  return llvm::map_to_vector(llvm::seq<size_t>(0, reductions.size()), [&](size_t number) -> Value {
    return vector::ReductionOp::create(builder, nest.loc, reductions[number].kind, totals[number]);
  });
}

static Value asIndex(Nest &nest, Value integer) {
  return arith::IndexCastOp::create(nest.builder, nest.loc, nest.builder.getIndexType(), integer);
}

Interval loops::integersOf(Nest &nest, const MaskRead &read, ArrayRef<Value> at,
                           const Positions &positions, const Readers &readers) {
  if (read.picked == Picked::ByHead) {
    Value value = asIndex(nest, memref::LoadOp::create(nest.builder, nest.loc, read.buffer,
                                                       nest.apply(read.map, at)));
    return {value, value};
  }
  unsigned bits = cast<MemRefType>(read.buffer.getType()).getElementTypeBitWidth();
  SmallVector<Value> ends =
      reduce(nest, read, at, positions, readers,
             {{vector::CombiningKind::MINSI, APInt::getSignedMaxValue(bits)},
              {vector::CombiningKind::MAXSI, APInt::getSignedMinValue(bits)}});
  return {asIndex(nest, ends[0]), asIndex(nest, ends[1])};
}

Kept loops::bitsOf(Nest &nest, const MaskRead &read, ArrayRef<Value> at, const Positions &positions,
                   const Readers &readers) {
  if (read.picked == Picked::ByHead) {
    Value bit =
        memref::LoadOp::create(nest.builder, nest.loc, read.buffer, nest.apply(read.map, at));
    return {bit, bit};
  }
  SmallVector<Value> ends =
      reduce(nest, read, at, positions, readers,
             {{vector::CombiningKind::OR, APInt(1, 0)}, {vector::CombiningKind::AND, APInt(1, 1)}});
  return {ends[0], ends[1]};
}
