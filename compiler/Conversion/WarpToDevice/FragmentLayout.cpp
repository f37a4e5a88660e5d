//===- FragmentLayout.cpp - which thread holds what of a fragment ---------===//
//
// Index arithmetic of the lane's number.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/WarpToDevice/FragmentLayout.h"

using namespace mlir;
using namespace fovea;

/// Bytes of a piece that a swizzle moves, and of a row of all banks.
static constexpr int64_t kPiece = 16, kBanks = 128;

Value fovea::constantIndex(OpBuilder &builder, Location loc, int64_t value) {
  return arith::ConstantIndexOp::create(builder, loc, value);
}

Value fovea::plus(OpBuilder &builder, Location loc, Value base, int64_t offset) {
  if (offset == 0)
    return base;
  return arith::AddIOp::create(builder, loc, base, constantIndex(builder, loc, offset));
}

SumPlaces::SumPlaces(OpBuilder &builder, Location loc) : builder(builder), loc(loc) {
  Value lane = gpu::LaneIdOp::create(builder, loc, /*upper_bound=*/nullptr);
  Value four = constantIndex(builder, loc, 4);
  row = arith::DivUIOp::create(builder, loc, lane, four);
  Value pair = arith::RemUIOp::create(builder, loc, lane, four);
  column = arith::MulIOp::create(builder, loc, pair, constantIndex(builder, loc, 2));
}

Value SumPlaces::rowOf(int64_t tile, int64_t half) {
  return plus(builder, loc, row, tile * warp::kTileRows + 8 * half);
}

Value SumPlaces::columnOf(int64_t tile, int64_t element) {
  return plus(builder, loc, column, tile * warp::kTileColumns + element);
}

SmallVector<Value> fovea::swizzled(OpBuilder &builder, Location loc, ValueRange indices,
                                   MemRefType type, int64_t swizzle) {
  SmallVector<Value> places(indices);
  if (swizzle == 0)
    return places;
  int64_t bytes = type.getElementTypeBitWidth() / 8;
  int64_t pitch = type.getStridesAndOffset().first[type.getRank() - 2] * bytes;
  Value key = places[places.size() - 2];
  if (pitch < kBanks)
    key = arith::DivUIOp::create(builder, loc, key, constantIndex(builder, loc, kBanks / pitch));
  key = arith::RemUIOp::create(builder, loc, key, constantIndex(builder, loc, swizzle / kPiece));
  key = arith::MulIOp::create(builder, loc, key, constantIndex(builder, loc, kPiece / bytes));
  places.back() = arith::XOrIOp::create(builder, loc, places.back(), key);
  return places;
}
