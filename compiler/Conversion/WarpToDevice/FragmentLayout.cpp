//===- FragmentLayout.cpp - which thread holds what of a fragment ---------===//
//
// Index arithmetic of the lane's number.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/WarpToDevice/FragmentLayout.h"

using namespace mlir;
using namespace fovea;

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
