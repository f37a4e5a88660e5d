//===- LaneRows.cpp - rows that the lanes of a warp read ------------------===//
//
// One load of 16 bytes for a piece, or one of each element where rows lie anywhere.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CUDA/LaneRows.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::cuda;
using namespace fovea::loops;

/// Bytes of a piece, and its words.
static constexpr int64_t kBytes = 16, kWords = kBytes / 4;

static Type elementOf(Value operand) {
  return cast<MemRefType>(operand.getType()).getElementType();
}

int64_t cuda::elementsOfPiece(Value operand) {
  return kBytes * 8 / elementOf(operand).getIntOrFloatBitWidth();
}

LaneRows::LaneRows(Nest &nest, Value operand, int64_t columns, int64_t lanes, Value lane)
    : pieces(llvm::divideCeil(columns, lanes * elementsOfPiece(operand))),
      elements(elementsOfPiece(operand)), nest(nest), b(nest.builder), operand(operand), lane(lane),
      element(elementOf(operand)), columns(columns), lanes(lanes) {}

Value LaneRows::column(int64_t piece) const {
  Value place = nest.add(nest.index(piece * lanes), lane);
  Value first = nest.mul(place, nest.index(elements));
  bool whole = (piece + 1) * lanes * elements <= columns;
  return whole ? first : nest.min(first, nest.index(columns - elements));
}

Value LaneRows::exists(int64_t piece) const {
  if ((piece + 1) * lanes * elements <= columns)
    return Value();
  Value place = nest.add(nest.index(piece * lanes), lane);
  return arith::CmpIOp::create(b, nest.loc, arith::CmpIPredicate::slt, place,
                               nest.index(columns / elements));
}

static VectorType typeOfPiece(OpBuilder &b) { return VectorType::get({kWords}, b.getI32Type()); }

Value LaneRows::gathered(ArrayRef<Value> at) const {
  Value offset = nest.offset(operand);
  for (auto [place, index] : llvm::enumerate(at))
    offset = nest.add(offset, nest.mul(index, nest.stride(operand, place)));
  Value row = nest.view(operand, offset, nest.index(elements), nest.index(1));
  SmallVector<Value> single;
  for (int64_t number = 0; number < elements; ++number)
    single.push_back(memref::LoadOp::create(b, nest.loc, row, nest.index(number)));
  return vector::FromElementsOp::create(b, nest.loc, VectorType::get({elements}, element), single);
}

SmallVector<Value> LaneRows::load(Place place, bool aligned) const {
  auto type = VectorType::get({elements}, element);
  SmallVector<Value> result;
  for (int64_t piece = 0; piece < pieces; ++piece) {
    SmallVector<Value> at = place(column(piece));
    Value vector =
        aligned ? Value(vector::LoadOp::create(b, nest.loc, type, operand, at,
                                               /*nontemporal=*/false, llvm::MaybeAlign(kBytes)))
                : gathered(at);
    result.push_back(vector::BitCastOp::create(b, nest.loc, typeOfPiece(b), vector));
  }
  return result;
}

Value LaneRows::none() const {
  return arith::ConstantOp::create(b, nest.loc, b.getZeroAttr(typeOfPiece(b)));
}

LaneRows::Words LaneRows::unpack(ValueRange loaded) const {
  Words result;
  for (Value piece : loaded)
    for (int64_t word = 0; word < kWords; ++word)
      result.push_back(vector::ExtractOp::create(b, nest.loc, piece, word));
  return result;
}

SmallVector<Value> LaneRows::widen(ValueRange words) const {
  Type f32 = b.getF32Type(), i32 = b.getI32Type();
  auto constant = [&](int64_t value) -> Value {
    return arith::ConstantIntOp::create(b, nest.loc, i32, value);
  };
  auto asF32 = [&](Value word) -> Value {
    return arith::BitcastOp::create(b, nest.loc, f32, word);
  };
  SmallVector<Value> result;
  for (Value word : words) {
    if (element.isF32()) {
      result.push_back(asF32(word));
      continue;
    }
    // The upper half of an f32 is a bf16.
    if (element.isBF16()) {
      result.push_back(asF32(arith::ShLIOp::create(b, nest.loc, word, constant(16))));
      result.push_back(asF32(arith::AndIOp::create(b, nest.loc, word, constant(0xffff0000))));
      continue;
    }
    for (int64_t shift : {0, 16}) {
      Value half = shift ? Value(arith::ShRUIOp::create(b, nest.loc, word, constant(shift))) : word;
      half = arith::TruncIOp::create(b, nest.loc, b.getI16Type(), half);
      half = arith::BitcastOp::create(b, nest.loc, element, half);
      result.push_back(arith::ExtFOp::create(b, nest.loc, f32, half));
    }
  }
  return result;
}
