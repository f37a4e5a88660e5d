//===- Fragments.cpp - arithmetic on fragments in schedules ---------------===//
//
// Builds operations of fovea_warp.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CUDA/Fragments.h"

#include "compiler/Conversion/WarpToDevice/Swizzle.h"
#include "compiler/Targets/CUDA/SharedMemory.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::cuda;

/// Bytes of a row of all banks.
static constexpr int64_t kBanks = 128;
/// Bytes of the shortest rows: a piece of 16-bit elements.
static constexpr int64_t kLeastPitch = 2 * kPiece;

SmallVector<Piece> cuda::piecesOf(int64_t columns) {
  SmallVector<Piece> pieces;
  for (int64_t first = 0; first < columns; first += kPiece)
    pieces.push_back({first, std::min(kPiece, columns - first)});
  return pieces;
}

SharedRows::SharedRows(loops::Nest &nest, Type element, ArrayRef<int64_t> rows, int64_t columns) {
  int64_t bytes = element.getIntOrFloatBitWidth() / 8;
  int64_t pitch = columns * bytes;
  pitch = pitch <= kBanks ? std::max<int64_t>(llvm::PowerOf2Ceil(pitch), kLeastPitch)
                          : llvm::alignTo(pitch, kBanks);
  SmallVector<int64_t> shape(rows);
  shape.push_back(pitch / bytes);
  swizzle = std::min(pitch, kBanks);
  buffer = sharedBuffer(nest, shape, element);
}

Value SharedRows::columnOf(loops::Nest &nest, Value row, Value column) const {
  auto type = cast<MemRefType>(buffer.getType());
  SmallVector<Value> place(type.getRank(), row);
  place.back() = column;
  return swizzled(nest.builder, nest.loc, place, type, swizzle).back();
}

warp::FragmentType Fragments::sum(int64_t columns) {
  return warp::FragmentType::get(b.getContext(), {kRows, columns}, b.getF32Type(), warp::Role::Acc);
}
warp::FragmentType Fragments::row() {
  return warp::FragmentType::get(b.getContext(), {kRows}, b.getF32Type(), warp::Role::Row);
}

Value Fragments::splat(double value, warp::FragmentType type) {
  return warp::SplatOp::create(b, nest.loc, type, nest.f32(value));
}

Value Fragments::loadA(const SharedRows &from, ArrayRef<Value> at, int64_t columns) {
  auto type = warp::FragmentType::get(b.getContext(), {kRows, columns}, element, warp::Role::A);
  return warp::LoadFragmentOp::create(b, nest.loc, type, from.buffer, at, /*transposed=*/false,
                                      from.swizzle);
}

Value Fragments::loadB(const SharedRows &from, ArrayRef<Value> at, int64_t depth, int64_t columns,
                       bool transposed) {
  auto type = warp::FragmentType::get(b.getContext(), {depth, columns}, element, warp::Role::B);
  return warp::LoadFragmentOp::create(b, nest.loc, type, from.buffer, at, transposed, from.swizzle);
}

Value Fragments::convert(Value sum) {
  auto shape = cast<warp::FragmentType>(sum.getType()).getShape();
  auto type = warp::FragmentType::get(b.getContext(), shape, element, warp::Role::A);
  return warp::ConvertOp::create(b, nest.loc, type, sum);
}

Value Fragments::multiply(Value left, Value right, Value sum) {
  auto pending = warp::PendingType::get(b.getContext(), cast<warp::FragmentType>(sum.getType()));
  Value product = warp::MmaOp::create(b, nest.loc, pending, left, right, sum);
  return warp::AwaitOp::create(b, nest.loc, sum.getType(), product);
}

Value Fragments::reduce(warp::RowReduction kind, Value sum) {
  return warp::ReduceRowsOp::create(b, nest.loc, row(), kind, sum);
}

Fragments::Values Fragments::map(ValueRange inputs,
                                 function_ref<Values(Value, Value, ValueRange)> body) {
  auto type = cast<warp::FragmentType>(inputs.front().getType());
  unsigned rank = type.getShape().size();
  SmallVector<Type> arguments(rank, b.getIndexType());
  arguments.append(inputs.size(), b.getF32Type());
  // What the body gives says how many results there are.
  Region region;
  Values yielded;
  {
    OpBuilder::InsertionGuard guard(b);
    Block *block =
        b.createBlock(&region, {}, arguments, SmallVector<Location>(arguments.size(), nest.loc));
    ValueRange given = block->getArguments();
    yielded = body(given[0], rank == 2 ? given[1] : Value(), given.drop_front(rank));
    warp::YieldOp::create(b, nest.loc, yielded);
  }
  auto op = warp::MapOp::create(b, nest.loc, SmallVector<Type>(yielded.size(), type), inputs);
  op.getBody().takeBody(region);
  return Values(op.getResults());
}

Value Fragments::mapOne(ValueRange inputs, function_ref<Value(Value, Value, ValueRange)> body) {
  return map(inputs, [&](Value row, Value column,
                         ValueRange elements) { return Values{body(row, column, elements)}; })
      .front();
}
