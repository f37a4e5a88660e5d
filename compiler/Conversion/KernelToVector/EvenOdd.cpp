//===- EvenOdd.cpp - bf16 in memory as f32 on the lanes -------------------===//
//
// Loads and shuffles of pairs.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/KernelToVector/EvenOdd.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

bool fovea::isPair(int64_t vector, int64_t vectors, Type element) {
  return element.isBF16() && vector % 2 == 0 && vector + 1 < vectors;
}

std::pair<Value, Value> fovea::loadEvenAndOdd(OpBuilder &builder, Location loc, Value buffer,
                                              ValueRange at, VectorType lanes) {
  auto halves = VectorType::get({2 * lanes.getDimSize(0)}, builder.getBF16Type());
  auto words = lanes.clone(builder.getI32Type());
  auto splat = [&](uint32_t value) -> Value {
    return arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(words, APInt(32, value)));
  };
  Value loaded = vector::LoadOp::create(builder, loc, halves, buffer, at);
  Value pairs = vector::BitCastOp::create(builder, loc, words, loaded);
  Value even = arith::ShLIOp::create(builder, loc, pairs, splat(16));
  Value odd = arith::AndIOp::create(builder, loc, pairs, splat(0xffff0000u));
  return {arith::BitcastOp::create(builder, loc, lanes, even),
          arith::BitcastOp::create(builder, loc, lanes, odd)};
}

/// Lanes of two vectors, each taken from those of the first and then of the second.
static std::pair<Value, Value> shuffled(OpBuilder &builder, Location loc, Value a, Value b,
                                        function_ref<int64_t(int64_t)> source) {
  int64_t lanes = cast<VectorType>(a.getType()).getDimSize(0);
  auto take = [&](int64_t from) -> Value {
    SmallVector<int64_t> places =
        llvm::map_to_vector(llvm::seq<int64_t>(from, from + lanes), source);
    return vector::ShuffleOp::create(builder, loc, a, b, places);
  };
  Value first = take(0);
  return {first, take(lanes)};
}

std::pair<Value, Value> fovea::evenAndOdd(OpBuilder &builder, Location loc, Value first,
                                          Value second) {
  int64_t lanes = cast<VectorType>(first.getType()).getDimSize(0);
  return shuffled(builder, loc, first, second,
                  [&](int64_t place) { return place % lanes * 2 + place / lanes; });
}

std::pair<Value, Value> fovea::interleaved(OpBuilder &builder, Location loc, Value even,
                                           Value odd) {
  int64_t lanes = cast<VectorType>(even.getType()).getDimSize(0);
  return shuffled(builder, loc, even, odd,
                  [&](int64_t place) { return place / 2 + place % 2 * lanes; });
}
