//===- Swizzle.cpp - where elements of shared tiles lie -------------------===//
//
// The piece of a row that holds an element is moved by the row's number.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/WarpToDevice/Swizzle.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace fovea;

/// Bytes of a piece that a swizzle moves, and of a row of all banks.
static constexpr int64_t kPiece = 16, kBanks = 128;

SmallVector<Value> fovea::swizzled(OpBuilder &builder, Location loc, ValueRange indices,
                                   MemRefType type, int64_t swizzle) {
  SmallVector<Value> places(indices);
  if (swizzle == 0)
    return places;
  auto constant = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(builder, loc, value);
  };
  int64_t bytes = type.getElementTypeBitWidth() / 8;
  int64_t pitch = type.getStridesAndOffset().first[type.getRank() - 2] * bytes;
  Value key = places[places.size() - 2];
  if (pitch < kBanks)
    key = arith::DivUIOp::create(builder, loc, key, constant(kBanks / pitch));
  key = arith::RemUIOp::create(builder, loc, key, constant(swizzle / kPiece));
  key = arith::MulIOp::create(builder, loc, key, constant(kPiece / bytes));
  places.back() = arith::XOrIOp::create(builder, loc, places.back(), key);
  return places;
}
