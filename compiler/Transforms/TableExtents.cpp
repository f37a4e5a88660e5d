//===- TableExtents.cpp - indices into attention's tables -----------------===//
//
// An index that regions compute from positions has bounds that sizes give; one that depends on data
// is computed for all positions that it depends on, before the attention.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Transforms/ExtentDemands.h"
#include "compiler/Transforms/ScalarBounds.h"
#include "dialects/Fovea/StructuredOps.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;
using namespace fovea;

/// On lanes, an element's number in its table is 32 bits wide.
static constexpr int64_t kMaxTableElements = std::numeric_limits<int32_t>::max();

namespace {
/// The scalars of one region of an attention.
class RegionIndices {
public:
  RegionIndices(AttentionOp op, Region &region, ArrayRef<SizeExpr> extents, ExtentDemands &demands)
      : op(op), region(region), extents(extents), demands(demands), context(demands.sizes.context) {
    captures = region.getNumArguments() - op.getCaptures().size();
    positions = captures - 4;
  }

  void demand(CaptureLoadOp load);

private:
  Bounds boundsOf(Value value);
  /// What an index is computed from: operations, captures (by argument), dimensions of (b, h, i,
  /// j).
  struct Slice {
    llvm::SetVector<Operation *> ops;
    llvm::SetVector<unsigned> read;
    std::array<bool, 4> used = {};
  };
  /// False when `value` depends on the score, which nothing but the attention computes.
  bool collect(Value value, Slice &slice);
  Value clone(OpBuilder &builder, Location loc, const Slice &slice, ArrayRef<unsigned> dims,
              ValueRange arguments, Value index);
  IndexRange reduce(ImplicitLocOpBuilder &builder, Value index, const Slice &slice);
  void demandData(Value index, const SizeExpr &extent);

  AttentionOp op;
  Region &region;
  ArrayRef<SizeExpr> extents;
  ExtentDemands &demands;
  SizeContext &context;
  /// Numbers of the first position and the first capture among the region's arguments.
  unsigned positions, captures;
};
} // namespace

void RegionIndices::demand(CaptureLoadOp load) {
  // Tables are arguments of the region.
  Value table = op.getCaptures()[cast<BlockArgument>(load.getTable()).getArgNumber() - captures];
  SizeExpr elements = 1;
  for (auto [dim, index] : llvm::enumerate(load.getIndices())) {
    SizeExpr extent = demands.sizes.sizeOf(table, dim);
    elements = context.mul(elements, extent);
    Bounds bounds = boundsOf(index);
    if (bounds.least && bounds.most && !std::exchange(context.overflowed, false))
      demands.inside({*bounds.least, *bounds.most}, extent, extents.take_front(4), Fault::Index);
    else
      demandData(index, extent);
  }
  demands.atLeast(kMaxTableElements, elements);
}

Bounds RegionIndices::boundsOf(Value value) {
  return boundsOfScalar(context, value, [&](Value leaf) -> Bounds {
    auto argument = dyn_cast<BlockArgument>(leaf);
    unsigned number = argument ? argument.getArgNumber() : captures;
    if (number < positions || number >= captures)
      return {};
    return {SizeExpr(0), context.sub(extents[number - positions], 1)};
  });
}

bool RegionIndices::collect(Value value, Slice &slice) {
  if (Operation *def = value.getDefiningOp()) {
    if (slice.ops.contains(def))
      return true;
    for (Value operand : def->getOperands())
      if (!collect(operand, slice))
        return false;
    slice.ops.insert(def);
    return true;
  }
  unsigned number = cast<BlockArgument>(value).getArgNumber();
  if (number < positions)
    return false;
  if (number < captures) {
    slice.used[number - positions] = true;
    return true;
  }
  AffineMap map = op.getCaptureMap(number - captures);
  if (isTable(op.getCaptures()[number - captures], map))
    return true;
  slice.read.insert(number);
  for (unsigned dim = 0; dim < slice.used.size(); ++dim)
    slice.used[dim] |= map.isFunctionOfDim(dim);
  return true;
}

/// Computes the index in the body of a reduction over the dimensions `dims`.
Value RegionIndices::clone(OpBuilder &builder, Location loc, const Slice &slice,
                           ArrayRef<unsigned> dims, ValueRange arguments, Value index) {
  IRMapping mapping;
  for (auto [place, dim] : llvm::enumerate(dims))
    mapping.map(region.getArgument(positions + dim),
                linalg::IndexOp::create(builder, loc, place).getResult());
  for (auto [place, number] : llvm::enumerate(slice.read))
    mapping.map(region.getArgument(number), arguments[dims.size() + place]);
  for (Operation *def : slice.ops) {
    auto load = dyn_cast<CaptureLoadOp>(def);
    if (!load) {
      builder.clone(*def, mapping);
      continue;
    }
    unsigned number = cast<BlockArgument>(load.getTable()).getArgNumber();
    SmallVector<Value> indices =
        llvm::map_to_vector(load.getIndices(), [&](Value index) { return mapping.lookup(index); });
    Value table = op.getCaptures()[number - captures];
    mapping.map(load.getResult(),
                tensor::ExtractOp::create(builder, loc, table, indices).getResult());
  }
  Value result = mapping.lookupOrDefault(index);
  return arith::IndexCastOp::create(builder, loc, builder.getI64Type(), result);
}

/// The smallest (at most 0) and the largest (at least -1) value of an index over all its positions.
IndexRange RegionIndices::reduce(ImplicitLocOpBuilder &builder, Value index, const Slice &slice) {
  // A dimension of the reduction per dimension in use; others stand at 0.
  SmallVector<AffineExpr> exprs(6, builder.getAffineConstantExpr(0));
  SmallVector<unsigned> dims;
  for (unsigned dim = 0; dim < 4; ++dim)
    if (slice.used[dim]) {
      exprs[dim] = builder.getAffineDimExpr(dims.size());
      dims.push_back(dim);
    }
  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  for (auto [place, dim] : llvm::enumerate(dims)) {
    OpFoldResult size =
        getAsOpFoldResult(demands.sizes.materialize(builder, builder.getLoc(), extents[dim]));
    inputs.push_back(tensor::EmptyOp::create(builder, ArrayRef(size), builder.getI8Type()));
    maps.push_back(AffineMap::get(dims.size(), 0, builder.getAffineDimExpr(place)));
  }
  for (unsigned number : slice.read) {
    inputs.push_back(op.getCaptures()[number - captures]);
    AffineMap map = op.getCaptureMap(number - captures);
    maps.push_back(map.replaceDimsAndSymbols(exprs, {}, dims.size(), 0));
  }
  maps.append(2, AffineMap::get(dims.size(), 0, builder.getContext()));
  auto type = RankedTensorType::get({}, builder.getI64Type());
  auto startAt = [&](int64_t value) -> Value {
    Value start = arith::ConstantIntOp::create(builder, value, 64);
    return tensor::FromElementsOp::create(builder, type, start);
  };
  SmallVector<utils::IteratorType> iterators(dims.size(), utils::IteratorType::reduction);
  auto body = [&](OpBuilder &inner, Location loc, ValueRange arguments) {
    Value now = clone(inner, loc, slice, dims, arguments, index);
    Value least = arith::MinSIOp::create(inner, loc, arguments.drop_back().back(), now);
    Value most = arith::MaxSIOp::create(inner, loc, arguments.back(), now);
    linalg::YieldOp::create(inner, loc, {least, most});
  };
  auto generic =
      linalg::GenericOp::create(builder, TypeRange{type, type}, inputs,
                                ValueRange{startAt(0), startAt(-1)}, maps, iterators, body);
  auto result = [&](unsigned number) {
    Value value = tensor::ExtractOp::create(builder, generic.getResult(number), ValueRange());
    return demands.sizes.valueOf(
        arith::IndexCastOp::create(builder, builder.getIndexType(), value).getResult());
  };
  return {result(0), result(1)};
}

void RegionIndices::demandData(Value index, const SizeExpr &extent) {
  context.overflowed = false;
  Slice slice;
  // Lanes take the nearest element for an index that comes from scores.
  if (!collect(index, slice))
    return;
  if (!llvm::is_contained(slice.used, true))
    slice.used[0] = true;
  ImplicitLocOpBuilder builder(op.getLoc(), op);
  demands.inside(reduce(builder, index, slice), extent, {}, Fault::Index);
}

void fovea::demandTables(AttentionOp op, ArrayRef<SizeExpr> extents, ExtentDemands &demands) {
  for (Region &region : op->getRegions())
    for (Operation &inner : region.getOps())
      if (auto load = dyn_cast<CaptureLoadOp>(inner))
        RegionIndices(op, region, extents, demands).demand(load);
}
