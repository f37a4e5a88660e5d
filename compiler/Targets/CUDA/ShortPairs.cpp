//===- ShortPairs.cpp - two 16-bit floats in a word -----------------------===//
//
// Sums of halves below 0x8000 and 0x7fff do not carry into the next half.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CUDA/ShortPairs.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::cuda;

/// A half in both halves.
static constexpr int64_t twice(int64_t half) { return half << 16 | half; }

static constexpr int64_t kSigns = twice(0x8000), kBelowSigns = twice(0x7fff);

ShortPairs::ShortPairs(loops::Nest &nest, Type element)
    : b(nest.builder), loc(nest.loc), element(element),
      exponent(twice(element.isF16() ? 0x7c00 : 0x7f80)),
      mantissa(twice(element.isF16() ? 0x03ff : 0x007f)), one(element.isF16() ? 0x3c00 : 0x3f80) {}

Value ShortPairs::constant(int64_t value) {
  return arith::ConstantIntOp::create(b, loc, b.getI32Type(), value);
}

Value ShortPairs::firsts(Value x, Value y) {
  Value upper = arith::ShLIOp::create(b, loc, y, constant(16));
  return arith::OrIOp::create(b, loc, both(x, constant(0xffff)), upper);
}

Value ShortPairs::seconds(Value x, Value y) {
  Value lower = arith::ShRUIOp::create(b, loc, x, constant(16));
  return arith::OrIOp::create(b, loc, lower, both(y, constant(0xffff0000)));
}

Value ShortPairs::round(Value first, Value second) {
  auto pair = vector::FromElementsOp::create(b, loc, VectorType::get({2}, b.getF32Type()),
                                             ValueRange{first, second});
  Value rounded = arith::TruncFOp::create(b, loc, VectorType::get({2}, element), pair);
  Value word = vector::BitCastOp::create(b, loc, VectorType::get({1}, b.getI32Type()), rounded);
  return vector::ExtractOp::create(b, loc, word, ArrayRef<int64_t>{0});
}

Value ShortPairs::nonZero(Value halves) {
  return both(arith::AddIOp::create(b, loc, halves, constant(kBelowSigns)), constant(kSigns));
}

Value ShortPairs::nonFinite(Value word) {
  Value less = arith::XOrIOp::create(b, loc, both(word, constant(exponent)), constant(exponent));
  return arith::XOrIOp::create(b, loc, nonZero(less), constant(kSigns));
}

Value ShortPairs::ofSign(Value word, Value bits, bool negative) {
  Value nan = nonZero(both(word, constant(mantissa)));
  Value sign = negative ? word : Value(arith::XOrIOp::create(b, loc, word, constant(kSigns)));
  return both(bits, arith::OrIOp::create(b, loc, sign, nan));
}

Value ShortPairs::ones(Value bits) {
  Value units = arith::ShRUIOp::create(b, loc, bits, constant(15));
  return arith::MulIOp::create(b, loc, units, constant(one));
}

Value ShortPairs::cleared(Value word, Value bits) {
  Value units = arith::ShRUIOp::create(b, loc, bits, constant(15));
  Value all = arith::OrIOp::create(b, loc, bits, arith::SubIOp::create(b, loc, bits, units));
  return both(word, arith::XOrIOp::create(b, loc, all, constant(0xffffffff)));
}
