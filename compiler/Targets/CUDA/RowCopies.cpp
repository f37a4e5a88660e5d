//===- RowCopies.cpp - rows of operands to the memory of a block ---------===//
//
// Neighboring threads copy neighboring pieces of a row.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CUDA/RowCopies.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::cuda;
using namespace fovea::loops;

/// Bytes of one copy.
static constexpr int64_t kCopy = 16;

static int64_t elementsOfCopy(Value operand) {
  return kCopy * 8 / cast<MemRefType>(operand.getType()).getElementTypeBitWidth();
}

Refusal cuda::refuseScattered(Value operand, AffineMap map, unsigned dim) {
  auto [strides, offset] = cast<MemRefType>(operand.getType()).getStridesAndOffset();
  if (strides[placeOf(map, dim)] != 1)
    return {"layout", "the elements of a row are not next to each other"};
  return {};
}

Refusal cuda::refuseRows(Value operand, AffineMap map, unsigned dim) {
  if (Refusal refusal = refuseScattered(operand, map, dim))
    return refusal;
  auto [strides, offset] = cast<MemRefType>(operand.getType()).getStridesAndOffset();
  strides[placeOf(map, dim)] = 0;
  strides.push_back(offset);
  for (int64_t stride : strides)
    if (!ShapedType::isDynamic(stride) && stride % elementsOfCopy(operand) != 0)
      return {"layout", "rows do not lie at multiples of 16 bytes"};
  return {};
}

SmallVector<RowOperand> cuda::rowOperandsOf(AttentionOp op) {
  return {{op.getQuery(), op.getQueryMap(), AttentionOp::D},
          {op.getKey(), op.getKeyMap(), AttentionOp::D},
          {op.getValue(), op.getValueMap(), AttentionOp::E}};
}

Refusal cuda::refuseRows(ArrayRef<RowOperand> operands) {
  for (auto [operand, map, dim] : operands)
    if (Refusal refusal = refuseRows(operand, map, dim))
      return refusal;
  return {};
}

Value cuda::areAligned(Nest &nest, ArrayRef<RowOperand> operands) {
  OpBuilder &b = nest.builder;
  Value bits = nest.index(0);
  auto add = [&](Value distance) { bits = b.createOrFold<arith::OrIOp>(nest.loc, bits, distance); };
  for (auto [operand, map, dim] : operands) {
    auto type = cast<MemRefType>(operand.getType());
    auto [strides, offset] = type.getStridesAndOffset();
    Value bytes = nest.index(type.getElementTypeBitWidth() / 8);
    add(memref::ExtractAlignedPointerAsIndexOp::create(b, nest.loc, operand));
    add(nest.mul(ShapedType::isDynamic(offset) ? nest.offset(operand) : nest.index(offset), bytes));
    for (auto [place, stride] : llvm::enumerate(strides)) {
      // Within rows the distance is one element.
      if (place == placeOf(map, dim) || type.getDimSize(place) == 1)
        continue;
      bool known = !ShapedType::isDynamic(stride);
      add(nest.mul(known ? nest.index(stride) : nest.stride(operand, place), bytes));
    }
  }
  Value rest = nest.rem(bits, nest.index(kCopy));
  return arith::CmpIOp::create(b, nest.loc, arith::CmpIPredicate::eq, rest, nest.index(0));
}

/// Copy number `number`: its row, counted from the first, and its column.
static std::pair<Value, Value> placeOfCopy(Nest &nest, const RowSource &from, Value number) {
  int64_t size = elementsOfCopy(from.operand);
  Value pieces = nest.index(from.columns / size);
  return {nest.div(number, pieces), nest.mul(nest.rem(number, pieces), nest.index(size))};
}

static SmallVector<Value> elementOf(ArrayRef<Value> stage, Value row, Value column) {
  SmallVector<Value> at(stage);
  at.push_back(row);
  at.push_back(column);
  return at;
}

/// Whether a row exists, and the row or else the last one that does.
static std::pair<Value, Value> existing(Nest &nest, Value row, Value end) {
  Value exists = arith::CmpIOp::create(nest.builder, nest.loc, arith::CmpIPredicate::slt, row, end);
  return {exists, nest.min(row, nest.sub(end, nest.index(1)))};
}

/// 16 bytes at a time, without registers; the chain of copies behind `begun`. All rows and columns
/// exist where `isWhole`.
static Value copyPieces(Nest &nest, const RowSource &from, const RowRange &rows,
                        const SharedRows &to, ArrayRef<Value> stage, Value thread, Value begun,
                        bool isWhole) {
  OpBuilder &b = nest.builder;
  int64_t copies = rows.count * from.columns / elementsOfCopy(from.operand);
  auto type = warp::CopiesType::get(b.getContext());
  auto word = [&](int64_t value) -> Value {
    return arith::ConstantIntOp::create(b, nest.loc, value, 32);
  };
  auto copy = [&](Value number) -> Value {
    auto [row, column] = placeOfCopy(nest, from, number);
    if (isWhole)
      return warp::CopyAsyncOp::create(b, nest.loc, type, kCopy, from.operand,
                                       from.at(nest.add(rows.first, row), column), to.buffer,
                                       elementOf(stage, row, column), Value(), begun, to.swizzle);
    auto [exists, source] = existing(nest, nest.add(rows.first, row), rows.end);
    Value bytes = word(kCopy);
    if (from.columnsEnd) {
      Value size = nest.index(kCopy / elementsOfCopy(from.operand));
      Value left = nest.mul(nest.sub(from.columnsEnd, column), size);
      left = nest.max(nest.min(left, nest.index(kCopy)), nest.index(0));
      bytes = arith::IndexCastOp::create(b, nest.loc, b.getI32Type(), left);
    }
    Value valid = arith::SelectOp::create(b, nest.loc, exists, bytes, word(0));
    return warp::CopyAsyncOp::create(b, nest.loc, type, kCopy, from.operand,
                                     from.at(source, column), to.buffer,
                                     elementOf(stage, row, column), valid, begun, to.swizzle);
  };
  for (int64_t done = 0; done < copies; done += kBlockThreads) {
    Value number = nest.add(thread, nest.index(done));
    if (done + kBlockThreads <= copies) {
      begun = copy(number);
      continue;
    }
    Value has =
        arith::CmpIOp::create(b, nest.loc, arith::CmpIPredicate::slt, number, nest.index(copies));
    begun = scf::IfOp::create(
                b, nest.loc, has,
                [&](OpBuilder &, Location) { scf::YieldOp::create(b, nest.loc, copy(number)); },
                [&](OpBuilder &, Location) { scf::YieldOp::create(b, nest.loc, begun); })
                .getResult(0);
  }
  return begun;
}

static void copyElements(Nest &nest, const RowSource &from, const RowRange &rows,
                         const SharedRows &to, ArrayRef<Value> stage, Value thread) {
  OpBuilder &b = nest.builder;
  Type type = cast<MemRefType>(from.operand.getType()).getElementType();
  Value columns = nest.index(from.columns);
  Value zero = arith::ConstantOp::create(b, nest.loc, b.getFloatAttr(type, 0));
  Value all = nest.mul(nest.index(rows.count), columns);
  nest.loop(thread, all, nest.index(kBlockThreads), [&](Value number) {
    Value row = nest.div(number, columns), column = nest.rem(number, columns);
    auto [found, source] = existing(nest, nest.add(rows.first, row), rows.end);
    Value exists = found, wanted = column;
    if (from.columnsEnd) {
      auto [inside, last] = existing(nest, column, from.columnsEnd);
      exists = arith::AndIOp::create(b, nest.loc, exists, inside);
      wanted = last;
    }
    Value element = memref::LoadOp::create(b, nest.loc, from.operand, from.at(source, wanted));
    element = arith::SelectOp::create(b, nest.loc, exists, element, zero);
    memref::StoreOp::create(b, nest.loc, element, to.buffer,
                            elementOf(stage, row, to.columnOf(nest, row, column)));
  });
}

Value cuda::copyRows(Nest &nest, const RowSource &from, const RowRange &rows, const SharedRows &to,
                     ArrayRef<Value> stage, const Copiers &by, Value begun) {
  OpBuilder &b = nest.builder;
  auto yield = [&](Value copied) { scf::YieldOp::create(b, nest.loc, copied); };
  auto pieces = [&](bool isWhole) {
    return copyPieces(nest, from, rows, to, stage, by.thread, begun, isWhole);
  };
  auto part = [&](OpBuilder &, Location) { yield(pieces(false)); };
  auto elements = [&](OpBuilder &, Location) {
    copyElements(nest, from, rows, to, stage, by.thread);
    yield(begun);
  };
  if (!by.wholeApart)
    return scf::IfOp::create(b, nest.loc, by.aligned, part, elements).getResult(0);
  auto isIn = [&](Value last, Value end) -> Value {
    return arith::CmpIOp::create(b, nest.loc, arith::CmpIPredicate::sle, last, end);
  };
  Value whole = isIn(nest.add(rows.first, nest.index(rows.count)), rows.end);
  if (from.columnsEnd)
    whole =
        arith::AndIOp::create(b, nest.loc, whole, isIn(nest.index(from.columns), from.columnsEnd));
  whole = arith::AndIOp::create(b, nest.loc, whole, by.aligned);
  auto rest = [&](OpBuilder &, Location) {
    yield(scf::IfOp::create(b, nest.loc, by.aligned, part, elements).getResult(0));
  };
  auto all = [&](OpBuilder &, Location) { yield(pieces(true)); };
  return scf::IfOp::create(b, nest.loc, whole, all, rest).getResult(0);
}
