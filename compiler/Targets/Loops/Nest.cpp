//===- Nest.cpp - loops and index arithmetic of schedules -----------------===//
//
// Folds as it builds, so that static shapes leave constants behind.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/Loops/Nest.h"

#include "dialects/FoveaKernel/FoveaKernelDialect.h"

#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace fovea::loops;

std::optional<int64_t> fovea::loops::constant(Value value) { return getConstantIntValue(value); }

Value Nest::index(int64_t value) { return arith::ConstantIndexOp::create(builder, loc, value); }

Value Nest::f32(double value) {
  return arith::ConstantOp::create(builder, loc, builder.getF32FloatAttr(value));
}

Value Nest::add(Value a, Value b) { return builder.createOrFold<arith::AddIOp>(loc, a, b); }
Value Nest::sub(Value a, Value b) { return builder.createOrFold<arith::SubIOp>(loc, a, b); }
Value Nest::mul(Value a, Value b) { return builder.createOrFold<arith::MulIOp>(loc, a, b); }
Value Nest::min(Value a, Value b) { return builder.createOrFold<arith::MinSIOp>(loc, a, b); }
Value Nest::max(Value a, Value b) { return builder.createOrFold<arith::MaxSIOp>(loc, a, b); }
Value Nest::div(Value a, Value b) { return builder.createOrFold<arith::DivUIOp>(loc, a, b); }
Value Nest::rem(Value a, Value b) { return builder.createOrFold<arith::RemUIOp>(loc, a, b); }
Value Nest::ceilDiv(Value a, Value b) {
  return builder.createOrFold<arith::CeilDivUIOp>(loc, a, b);
}

Value Nest::product(ArrayRef<Value> values) {
  Value all = index(1);
  for (Value value : values)
    all = mul(all, value);
  return all;
}

Value Nest::size(Value buffer, int64_t dim) {
  auto type = cast<MemRefType>(buffer.getType());
  if (!type.isDynamicDim(dim))
    return index(type.getDimSize(dim));
  return memref::DimOp::create(builder, loc, buffer, dim);
}

SmallVector<Value> Nest::sizes(Value buffer) {
  SmallVector<Value> all;
  for (int64_t dim = 0; dim < cast<MemRefType>(buffer.getType()).getRank(); ++dim)
    all.push_back(size(buffer, dim));
  return all;
}

SmallVector<Value> Nest::delinearize(Value linear, ArrayRef<Value> extents) {
  SmallVector<Value> indices(extents.size());
  for (int64_t dim = int64_t(extents.size()) - 1; dim >= 0; --dim) {
    indices[dim] = dim == 0 ? linear : rem(linear, extents[dim]);
    if (dim != 0)
      linear = div(linear, extents[dim]);
  }
  return indices;
}

SmallVector<Value> Nest::apply(AffineMap map, ValueRange dims) {
  return llvm::map_to_vector(map.getResults(), [&](AffineExpr expr) {
    return affine::expandAffineExpr(builder, loc, expr, dims, {});
  });
}

void Nest::loop(Value low, Value high, Value step, Body body) {
  scf::ForOp::create(builder, loc, low, high, step, ValueRange(),
                     [&](OpBuilder &, Location, Value iv, ValueRange) {
                       body(iv);
                       scf::YieldOp::create(builder, loc);
                     });
}

Nest::Carried Nest::loop(Value low, Value high, Value step, ValueRange initial,
                         function_ref<Carried(Value, ValueRange)> body) {
  auto loop = scf::ForOp::create(builder, loc, low, high, step, initial,
                                 [&](OpBuilder &, Location, Value iv, ValueRange carried) {
                                   scf::YieldOp::create(builder, loc, body(iv, carried));
                                 });
  return Carried(loop.getResults());
}

void Nest::branch(Value condition, function_ref<void()> then, function_ref<void()> otherwise) {
  auto run = [&](function_ref<void()> body) {
    body();
    scf::YieldOp::create(builder, loc);
  };
  if (!otherwise) {
    scf::IfOp::create(builder, loc, condition, [&](OpBuilder &, Location) { run(then); });
    return;
  }
  scf::IfOp::create(
      builder, loc, condition, [&](OpBuilder &, Location) { run(then); },
      [&](OpBuilder &, Location) { run(otherwise); });
}

void Nest::grid(Value blocks, int64_t threads, function_ref<void(Value, Value)> body) {
  auto op = kernel::GridOp::create(builder, loc, blocks, threads);
  OpBuilder::InsertionGuard guard(builder);
  Type index = builder.getIndexType();
  Block *block = builder.createBlock(&op.getBody(), {}, {index, index}, {loc, loc});
  body(block->getArgument(0), block->getArgument(1));
  builder.setInsertionPointToEnd(block);
  kernel::YieldOp::create(builder, loc);
}

void Nest::parallel(Value count, Body body) {
  if (blockThreads > 0) {
    Value width = index(blockThreads);
    return grid(ceilDiv(count, width), blockThreads, [&](Value block, Value thread) {
      Value task = add(mul(block, width), thread);
      Value exists = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, task, count);
      branch(exists, [&] { body(task); });
    });
  }
  auto op = kernel::ParallelOp::create(builder, loc, count);
  OpBuilder::InsertionGuard guard(builder);
  Block *block = builder.createBlock(&op.getBody(), {}, builder.getIndexType(), loc);
  body(block->getArgument(0));
  builder.setInsertionPointToEnd(block);
  kernel::YieldOp::create(builder, loc);
}

void Nest::strips(Value count, int64_t rows, Tail tail, function_ref<void(Value, int64_t)> emit) {
  Value zero = index(0), one = index(1), step = index(rows);
  if (std::optional<int64_t> known = constant(count)) {
    auto some = [&](int64_t first, int64_t last, int64_t height) {
      if (last > first && last - first == height)
        emit(index(first), height);
      else if (last > first)
        loop(index(first), index(last), index(height), [&](Value row) { emit(row, height); });
    };
    int64_t number = llvm::divideCeil(*known, rows), whole = *known / rows;
    if (tail == Tail::Even && whole > 0) {
      // The first ones have a row more.
      int64_t height = *known / number, split = *known % number * (height + 1);
      some(0, split, height + 1);
      some(split, *known, height);
      return;
    }
    some(0, whole * rows, rows);
    some(whole * rows, *known, *known - whole * rows);
    return;
  }
  if (tail != Tail::Overlap) {
    Value whole = sub(count, rem(count, step));
    loop(zero, whole, step, [&](Value row) { emit(row, rows); });
    loop(whole, count, one, [&](Value row) { emit(row, 1); });
    return;
  }
  Value enough = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sge, count, step);
  branch(
      enough,
      [&] {
        Value last = sub(count, step);
        loop(zero, count, step, [&](Value row) { emit(min(row, last), rows); });
      },
      [&] { loop(zero, count, one, [&](Value row) { emit(row, 1); }); });
}

Value Nest::scratch(ArrayRef<int64_t> shape, Type element) {
  return kernel::ScratchOp::create(builder, loc, MemRefType::get(shape, element));
}

Operation *Nest::metadata(Value buffer) {
  return memref::ExtractStridedMetadataOp::create(builder, loc, buffer);
}

Value Nest::stride(Value buffer, int64_t dim) {
  auto [strides, offset] = cast<MemRefType>(buffer.getType()).getStridesAndOffset();
  if (!ShapedType::isDynamic(strides[dim]))
    return index(strides[dim]);
  return cast<memref::ExtractStridedMetadataOp>(metadata(buffer)).getStrides()[dim];
}

Value Nest::offset(Value buffer) {
  auto [strides, offset] = cast<MemRefType>(buffer.getType()).getStridesAndOffset();
  if (!ShapedType::isDynamic(offset))
    return index(offset);
  return cast<memref::ExtractStridedMetadataOp>(metadata(buffer)).getOffset();
}

Value Nest::view(Value buffer, Value offset, ArrayRef<Value> sizes, ArrayRef<Value> strides) {
  auto data = cast<memref::ExtractStridedMetadataOp>(metadata(buffer));
  auto fold = [](ArrayRef<Value> values) {
    return llvm::map_to_vector(values, [](Value value) { return getAsOpFoldResult(value); });
  };
  SmallVector<OpFoldResult> size = fold(sizes), step = fold(strides);
  auto statics = [](ArrayRef<OpFoldResult> values) {
    return llvm::map_to_vector(values, [](OpFoldResult value) {
      return getConstantIntValue(value).value_or(ShapedType::kDynamic);
    });
  };
  OpFoldResult start = getAsOpFoldResult(offset);
  auto type = MemRefType::get(
      statics(size), cast<MemRefType>(buffer.getType()).getElementType(),
      StridedLayoutAttr::get(builder.getContext(), statics(start)[0], statics(step)));
  return memref::ReinterpretCastOp::create(builder, loc, type, data.getBaseBuffer(), start, size,
                                           step);
}
