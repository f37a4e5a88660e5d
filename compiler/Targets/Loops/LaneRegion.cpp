//===- LaneRegion.cpp - scalar regions on vectors of lanes ----------------===//
//
// Loads, stores and inlining for one group of lanes.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/Loops/LaneRegion.h"

#include "dialects/Fovea/StructuredOps.h"
#include "dialects/FoveaKernel/FoveaKernelDialect.h"

#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::loops;

Value loops::laneIndices(Nest &nest, Value first, int64_t lanes) {
  SmallVector<int32_t> steps = llvm::to_vector_of<int32_t>(llvm::seq<int64_t>(0, lanes));
  auto type = VectorType::get({lanes}, nest.builder.getI32Type());
  Value iota = arith::ConstantOp::create(nest.builder, nest.loc,
                                         DenseElementsAttr::get(type, ArrayRef<int32_t>(steps)));
  return arith::AddIOp::create(nest.builder, nest.loc, broadcast(nest, first, lanes), iota);
}

Value loops::laneMask(Nest &nest, Value first, Value bound, int64_t lanes) {
  return arith::CmpIOp::create(nest.builder, nest.loc, arith::CmpIPredicate::slt,
                               laneIndices(nest, first, lanes), broadcast(nest, bound, lanes));
}

Value loops::broadcast(Nest &nest, Value value, int64_t lanes) {
  if (isa<VectorType>(value.getType()))
    return value;
  if (value.getType().isIndex())
    value = arith::IndexCastOp::create(nest.builder, nest.loc, nest.builder.getI32Type(), value);
  return vector::BroadcastOp::create(nest.builder, nest.loc,
                                     VectorType::get({lanes}, value.getType()), value);
}

/// All elements of a buffer's data, seen as integers of their width.
static Value asIntegers(Nest &nest, Value buffer, IntegerType integer) {
  Value start = memref::ExtractAlignedPointerAsIndexOp::create(nest.builder, nest.loc, buffer);
  Value word = arith::IndexCastOp::create(nest.builder, nest.loc, nest.builder.getI64Type(), start);
  Value pointer = LLVM::IntToPtrOp::create(
      nest.builder, nest.loc, LLVM::LLVMPointerType::get(nest.builder.getContext()), word);
  Value length = nest.index(int64_t(1) << 36);
  auto flat = MemRefType::get({ShapedType::kDynamic}, integer);
  return kernel::ViewOp::create(nest.builder, nest.loc, flat, pointer, length, ValueRange());
}

/// Memory of bools holds one byte each, which vectors of i1 would not: seen as i8.
static Value asBytes(Nest &nest, Value buffer) {
  return asIntegers(nest, buffer, nest.builder.getI8Type());
}

/// Element number of `indices` in the buffer's data.
static Value linearIndex(Nest &nest, Value buffer, ValueRange indices) {
  Value linear = nest.offset(buffer);
  for (auto [dim, index] : llvm::enumerate(indices))
    linear = nest.add(linear, nest.mul(index, nest.stride(buffer, dim)));
  return linear;
}

/// Loads consecutive or spread elements from element `first` of a flat view on.
static Value loadSpread(Nest &nest, Value flat, Value first, Value stride, const LaneGroup &group) {
  OpBuilder &builder = nest.builder;
  Type element = cast<MemRefType>(flat.getType()).getElementType();
  auto type = VectorType::get({group.lanes}, element);
  Value zero = arith::ConstantOp::create(builder, nest.loc, builder.getZeroAttr(type));
  if (constant(stride) == 1) {
    if (!group.mask)
      return vector::LoadOp::create(builder, nest.loc, type, flat, first);
    return vector::MaskedLoadOp::create(builder, nest.loc, type, flat, first, group.mask, zero);
  }
  Value mask = group.mask;
  if (!mask)
    mask = arith::ConstantOp::create(
        builder, nest.loc,
        DenseElementsAttr::get(VectorType::get({group.lanes}, builder.getI1Type()), true));
  Value steps =
      arith::MulIOp::create(builder, nest.loc, laneIndices(nest, nest.index(0), group.lanes),
                            broadcast(nest, stride, group.lanes));
  return vector::GatherOp::create(builder, nest.loc, type, flat, first, steps, mask, zero);
}

/// A flat view of all elements of a buffer's data.
static Value flatten(Nest &nest, Value buffer) {
  if (cast<MemRefType>(buffer.getType()).getElementType().isInteger(1))
    return asBytes(nest, buffer);
  return nest.view(buffer, nest.index(0), {nest.index(int64_t(1) << 36)}, {nest.index(1)});
}

Value loops::loadLanes(Nest &nest, Value buffer, AffineMap map, const LaneGroup &group) {
  SmallVector<Value> indices = nest.apply(map, group.dims);
  if (!map.isFunctionOfDim(group.dim))
    return memref::LoadOp::create(nest.builder, nest.loc, buffer, indices);
  // The address moves along the lanes by the difference that one step of the dimension makes.
  SmallVector<Value> moved(group.dims);
  moved[group.dim] = nest.add(moved[group.dim], nest.index(1));
  Value stride = nest.index(0);
  for (auto [dim, expr] : llvm::enumerate(map.getResults())) {
    if (!expr.isFunctionOfDim(group.dim))
      continue;
    AffineExpr lane = getAffineDimExpr(group.dim, map.getContext());
    AffineExpr step = simplifyAffineExpr(expr.replace(lane, lane + 1) - expr, map.getNumDims(), 0);
    Value distance = isa<AffineConstantExpr>(step)
                         ? nest.index(cast<AffineConstantExpr>(step).getValue())
                         : nest.sub(nest.apply(map, moved)[dim], indices[dim]);
    stride = nest.add(stride, nest.mul(distance, nest.stride(buffer, dim)));
  }
  // LLVM takes masked loads and stores of bf16 apart, those of i16 are an instruction.
  bool asBits = group.mask && cast<MemRefType>(buffer.getType()).getElementType().isBF16();
  Value flat = asBits ? asIntegers(nest, buffer, nest.builder.getI16Type()) : flatten(nest, buffer);
  Value loaded = loadSpread(nest, flat, linearIndex(nest, buffer, indices), stride, group);
  if (asBits)
    return arith::BitcastOp::create(
        nest.builder, nest.loc, VectorType::get({group.lanes}, nest.builder.getBF16Type()), loaded);
  if (!cast<MemRefType>(buffer.getType()).getElementType().isInteger(1))
    return loaded;
  Value zero =
      arith::ConstantOp::create(nest.builder, nest.loc, nest.builder.getZeroAttr(loaded.getType()));
  return arith::CmpIOp::create(nest.builder, nest.loc, arith::CmpIPredicate::ne, loaded, zero);
}

void loops::storeLanes(Nest &nest, Value value, Value buffer, AffineMap map,
                       const LaneGroup &group) {
  OpBuilder &builder = nest.builder;
  value = broadcast(nest, value, group.lanes);
  SmallVector<Value> indices = nest.apply(map, group.dims);
  if (cast<MemRefType>(buffer.getType()).getElementType().isInteger(1)) {
    indices = {linearIndex(nest, buffer, indices)};
    buffer = asBytes(nest, buffer);
    value = arith::ExtUIOp::create(builder, nest.loc,
                                   VectorType::get({group.lanes}, builder.getI8Type()), value);
  }
  if (group.mask && cast<MemRefType>(buffer.getType()).getElementType().isBF16()) {
    indices = {linearIndex(nest, buffer, indices)};
    buffer = asIntegers(nest, buffer, builder.getI16Type());
    value = arith::BitcastOp::create(builder, nest.loc,
                                     VectorType::get({group.lanes}, builder.getI16Type()), value);
  }
  if (group.mask)
    vector::MaskedStoreOp::create(builder, nest.loc, buffer, indices, group.mask, value);
  else
    vector::StoreOp::create(builder, nest.loc, value, buffer, indices);
}

namespace {

/// Clones the operations of a region onto lanes.
class LaneInliner {
public:
  LaneInliner(Nest &nest, const LaneGroup &group) : nest(nest), group(group) {}

  SmallVector<Value> run(Region &region, ArrayRef<Value> arguments) {
    mapping.map(region.getArguments(), arguments);
    for (Operation &op : region.front().without_terminator())
      inlineOp(op);
    return llvm::map_to_vector(region.front().getTerminator()->getOperands(),
                               [&](Value value) { return mapping.lookupOrDefault(value); });
  }

private:
  static bool isLanes(Value value) { return isa<VectorType>(value.getType()); }

  void inlineOp(Operation &op) {
    SmallVector<Value> operands = llvm::map_to_vector(
        op.getOperands(), [&](Value value) { return mapping.lookupOrDefault(value); });
    if (auto load = dyn_cast<CaptureLoadOp>(op))
      return mapping.map(load.getResult(), gather(operands));
    if (llvm::none_of(operands, isLanes)) {
      nest.builder.clone(op, mapping);
      return;
    }
    for (Value &operand : operands)
      operand = broadcast(nest, operand, group.lanes);
    if (isa<arith::IndexCastOp, arith::IndexCastUIOp>(op))
      return mapping.map(op.getResult(0), castIndex(operands[0], op.getResult(0).getType()));
    SmallVector<Type> types = llvm::map_to_vector(op.getResultTypes(), [&](Type type) -> Type {
      Type element = type.isIndex() ? Type(nest.builder.getI32Type()) : type;
      return VectorType::get({group.lanes}, element);
    });
    OperationState state(nest.loc, op.getName(), operands, types,
                         llvm::to_vector(op.getDiscardableAttrs()));
    state.propertiesAttr = op.getPropertiesAsAttribute();
    Operation *created = nest.builder.create(state);
    mapping.map(op.getResults(), created->getResults());
  }

  /// index <-> integer lanes; index is i32 on lanes.
  Value castIndex(Value lanes, Type type) {
    Type element = type.isIndex() ? Type(nest.builder.getI32Type()) : type;
    unsigned from = cast<VectorType>(lanes.getType()).getElementTypeBitWidth();
    unsigned to = element.getIntOrFloatBitWidth();
    auto wide = VectorType::get({group.lanes}, element);
    if (from == to)
      return lanes;
    if (from < to)
      return arith::ExtSIOp::create(nest.builder, nest.loc, wide, lanes);
    return arith::TruncIOp::create(nest.builder, nest.loc, wide, lanes);
  }

  /// The nearest index in [0, extent). fovea-require-extents has checked it as 64 bits; that lanes
  /// of 32 bits come to the same is not known.
  Value clampIndex(Value index, Value extent) {
    Value most = nest.sub(extent, nest.index(1)), least = nest.index(0);
    if (isLanes(index)) {
      most = broadcast(nest, most, group.lanes);
      least = broadcast(nest, least, group.lanes);
    }
    Value low = arith::MaxSIOp::create(nest.builder, nest.loc, index, least);
    return arith::MinSIOp::create(nest.builder, nest.loc, low, most);
  }

  /// Loads from a table at indices that are scalars or lanes.
  Value gather(ArrayRef<Value> operands) {
    Value table = operands.front();
    SmallVector<Value> indices(operands.drop_front());
    OpBuilder &builder = nest.builder;
    for (auto [dim, index] : llvm::enumerate(indices))
      index = clampIndex(index, nest.size(table, dim));
    if (llvm::none_of(indices, isLanes))
      return memref::LoadOp::create(builder, nest.loc, table, indices);
    Value linear = broadcast(nest, nest.offset(table), group.lanes);
    for (auto [dim, index] : llvm::enumerate(indices)) {
      Value stride = broadcast(nest, nest.stride(table, dim), group.lanes);
      Value lanes = broadcast(nest, index, group.lanes);
      linear = arith::AddIOp::create(builder, nest.loc, linear,
                                     arith::MulIOp::create(builder, nest.loc, lanes, stride));
    }
    Type element = cast<MemRefType>(table.getType()).getElementType();
    bool bools = element.isInteger(1);
    auto type = VectorType::get({group.lanes}, bools ? Type(builder.getI8Type()) : element);
    Value zero = arith::ConstantOp::create(builder, nest.loc, builder.getZeroAttr(type));
    Value mask = group.mask;
    if (!mask)
      mask = arith::ConstantOp::create(
          builder, nest.loc,
          DenseElementsAttr::get(VectorType::get({group.lanes}, builder.getI1Type()), true));
    Value loaded = vector::GatherOp::create(builder, nest.loc, type, flatten(nest, table),
                                            nest.index(0), linear, mask, zero);
    if (!bools)
      return loaded;
    return arith::CmpIOp::create(builder, nest.loc, arith::CmpIPredicate::ne, loaded, zero);
  }

  Nest &nest;
  const LaneGroup &group;
  IRMapping mapping;
};

} // namespace

Value loops::inlineLanes(Nest &nest, Region &region, ArrayRef<Value> arguments,
                         const LaneGroup &group) {
  return inlineAllLanes(nest, region, arguments, group).front();
}

SmallVector<Value> loops::inlineAllLanes(Nest &nest, Region &region, ArrayRef<Value> arguments,
                                         const LaneGroup &group) {
  return LaneInliner(nest, group).run(region, arguments);
}

Value loops::allFinite(Nest &nest, Value matrix, const RowRange &rows, Value columns,
                       int64_t lanes) {
  OpBuilder &builder = nest.builder;
  auto wide = VectorType::get({lanes}, builder.getF32Type());
  Value zeros = arith::ConstantOp::create(builder, nest.loc, builder.getZeroAttr(wide));
  std::optional<int64_t> width = constant(columns);
  bool whole = width && *width % lanes == 0;
  AffineMap element = AffineMap::getMultiDimIdentityMap(2, builder.getContext());
  // 0 times a value is 0 unless the value is one of those.
  auto addRow = [&](Value row, ValueRange outer) {
    auto addColumns = [&](Value column, ValueRange carried) -> Nest::Carried {
      LaneGroup group{1, {nest.add(rows.first, row), column}, lanes, Value()};
      if (!whole)
        group.mask = laneMask(nest, column, columns, lanes);
      Value values = loadLanes(nest, matrix, element, group);
      if (values.getType() != wide)
        values = arith::ExtFOp::create(builder, nest.loc, wide, values);
      return {math::FmaOp::create(builder, nest.loc, values, zeros, carried[0])};
    };
    return nest.loop(nest.index(0), columns, nest.index(lanes), outer, addColumns);
  };
  Value poison = nest.loop(nest.index(0), rows.count, nest.index(1), zeros, addRow).front();
  Value sum = vector::ReductionOp::create(builder, nest.loc, vector::CombiningKind::ADD, poison);
  return arith::CmpFOp::create(builder, nest.loc, arith::CmpFPredicate::OEQ, sum, nest.f32(0));
}

SmallVector<Value> loops::transpose(Nest &nest, ArrayRef<Value> rows) {
  int64_t size = rows.size();
  SmallVector<Value> now(rows);
  // Exchanges the off-diagonal blocks of size 1, 2, 4, ... of every block twice as large.
  for (int64_t block = 1; block < size; block *= 2) {
    SmallVector<int64_t> upper, lower;
    for (int64_t lane = 0; lane < size; ++lane) {
      bool second = lane & block;
      upper.push_back(second ? size + lane - block : lane);
      lower.push_back(second ? size + lane : lane + block);
    }
    SmallVector<Value> next(now);
    for (int64_t row = 0; row < size; ++row) {
      if (row & block)
        continue;
      Value a = now[row], b = now[row + block];
      next[row] = vector::ShuffleOp::create(nest.builder, nest.loc, a, b, upper);
      next[row + block] = vector::ShuffleOp::create(nest.builder, nest.loc, a, b, lower);
    }
    now = next;
  }
  return now;
}
