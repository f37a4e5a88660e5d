//===- LaneRegion.cpp - scalar regions on vectors of lanes ----------------===//
//
// Loads, stores and inlining for one group of lanes.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/Loops/LaneRegion.h"

#include "compiler/Analysis/RegionRanges.h"
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

/// Clones the operations of a region onto lanes. Indices have 64 bits; lanes of indices have 32
/// where all values of an operation are known to fit, else 64.
class LaneInliner {
public:
  LaneInliner(Nest &nest, Region &region, const LaneGroup &group)
      : nest(nest), region(region), group(group), ranges(region) {}

  SmallVector<Value> run(ArrayRef<Value> arguments) {
    mapping.map(region.getArguments(), arguments);
    for (Operation &op : region.front().without_terminator())
      inlineOp(op);
    return llvm::map_to_vector(region.front().getTerminator()->getOperands(),
                               [&](Value value) { return mapping.lookupOrDefault(value); });
  }

private:
  static bool isLanes(Value value) { return isa<VectorType>(value.getType()); }

  Type typeOfIndex(bool word) {
    return word ? nest.builder.getI32Type() : nest.builder.getI64Type();
  }

  void inlineOp(Operation &op) {
    SmallVector<Value> operands = llvm::map_to_vector(
        op.getOperands(), [&](Value value) { return mapping.lookupOrDefault(value); });
    if (auto load = dyn_cast<CaptureLoadOp>(op))
      return mapping.map(load.getResult(), gather(operands));
    if (llvm::none_of(operands, isLanes)) {
      nest.builder.clone(op, mapping);
      return;
    }
    if (isa<arith::IndexCastOp, arith::IndexCastUIOp>(op))
      return mapping.map(op.getResult(0), castIndex(op, operands[0]));
    bool words = ranges.fitsWords(op);
    if (auto compare = dyn_cast<arith::CmpIOp>(op); compare && !words)
      words = boundToWord(compare, operands);
    for (auto [operand, before] : llvm::zip_equal(operands, op.getOperands()))
      operand = before.getType().isIndex() ? indexLanes(operand, typeOfIndex(words))
                                           : broadcast(nest, operand, group.lanes);
    SmallVector<Type> types = llvm::map_to_vector(op.getResultTypes(), [&](Type type) -> Type {
      return VectorType::get({group.lanes}, type.isIndex() ? typeOfIndex(words) : type);
    });
    OperationState state(nest.loc, op.getName(), operands, types,
                         llvm::to_vector(op.getDiscardableAttrs()));
    state.propertiesAttr = op.getPropertiesAsAttribute();
    Operation *created = nest.builder.create(state);
    mapping.map(op.getResults(), created->getResults());
  }

  /// Compares lanes that fit 32 bits, the ends left out, with the nearest to one index of any size
  /// that does, which is on the same side of all of them. False when the operands are others.
  bool boundToWord(arith::CmpIOp compare, SmallVector<Value> &operands) {
    bool isUnsigned = compare.getPredicate() >= arith::CmpIPredicate::ult;
    if (!compare.getLhs().getType().isIndex() || isUnsigned)
      return false;
    unsigned same = isLanes(operands[0]) ? 1 : 0;
    if (isLanes(operands[same]) || !ranges.fitsWord(compare->getOperand(1 - same), /*margin=*/1))
      return false;
    Value least = nest.index(std::numeric_limits<int32_t>::min());
    Value most = nest.index(std::numeric_limits<int32_t>::max());
    operands[same] = nest.max(nest.min(operands[same], most), least);
    return true;
  }

  /// An index, or lanes of indices, as lanes of this integer type, which holds its values.
  Value indexLanes(Value index, Type element) {
    if (!isLanes(index)) {
      Value integer = arith::IndexCastOp::create(nest.builder, nest.loc, element, index);
      return broadcast(nest, integer, group.lanes);
    }
    return resized<arith::ExtSIOp>(index, element);
  }

  /// Lanes of integers with more bits, or fewer.
  template <typename Extension> Value resized(Value lanes, Type element) {
    unsigned from = cast<VectorType>(lanes.getType()).getElementTypeBitWidth();
    unsigned to = element.getIntOrFloatBitWidth();
    auto type = VectorType::get({group.lanes}, element);
    if (from == to)
      return lanes;
    if (from < to)
      return Extension::create(nest.builder, nest.loc, type, lanes);
    return arith::TruncIOp::create(nest.builder, nest.loc, type, lanes);
  }

  /// index <-> integer lanes.
  Value castIndex(Operation &op, Value lanes) {
    Value result = op.getResult(0);
    // What leaves an index of 64 bits is not extended further than that.
    if (!result.getType().isIndex())
      return resized<arith::ExtSIOp>(lanes, result.getType());
    Type element = typeOfIndex(ranges.fitsWord(result));
    return isa<arith::IndexCastUIOp>(op) ? resized<arith::ExtUIOp>(lanes, element)
                                         : resized<arith::ExtSIOp>(lanes, element);
  }

  /// The nearest index in [0, extent), on lanes as 32 bits: so many elements has no table.
  /// fovea-require-extents has checked that it is the index itself, unless it comes from scores.
  Value clampIndex(Value index, Value extent) {
    Value most = nest.sub(extent, nest.index(1)), least = nest.index(0);
    if (isLanes(index)) {
      Type element = cast<VectorType>(index.getType()).getElementType();
      most = indexLanes(most, element);
      least = indexLanes(least, element);
    }
    Value low = arith::MaxSIOp::create(nest.builder, nest.loc, index, least);
    Value inside = arith::MinSIOp::create(nest.builder, nest.loc, low, most);
    return isLanes(inside) ? indexLanes(inside, nest.builder.getI32Type()) : inside;
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
  Region &region;
  const LaneGroup &group;
  RegionRanges ranges;
  IRMapping mapping;
};

} // namespace

Value loops::inlineLanes(Nest &nest, Region &region, ArrayRef<Value> arguments,
                         const LaneGroup &group) {
  return inlineAllLanes(nest, region, arguments, group).front();
}

SmallVector<Value> loops::inlineAllLanes(Nest &nest, Region &region, ArrayRef<Value> arguments,
                                         const LaneGroup &group) {
  return LaneInliner(nest, region, group).run(arguments);
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
