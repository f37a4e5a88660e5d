//===- Narrowing.cpp - rounding to the narrow float types -----------------===//
//
// What has no instruction would become a call of a compiler's support library, which compiled code
// may not import: f32 and f64 to bf16, f64 to f16.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/MathToArith/Expansions.h"

namespace fovea::expand {

Lanes toF32Odd(Lanes x) {
  Lanes nearest = toF32(x);
  Lanes back = toF64(nearest), word = bits(nearest);
  // False for NaN, which stays what it is.
  Lanes inexact = (back < x) | (back > x);
  Lanes isEven = (word & 1.0) == 0.0;
  // One step towards x is one step of the magnitude, and its last bit is 1. Infinity, which stands
  // for sizes beyond the largest number, becomes that.
  Lanes grows = abs(back) < abs(x);
  Lanes step = select(grows, word.like(1), word.like(-1));
  return fromBits(select(inexact & isEven, word + step, word));
}

Lanes toBFloat16(Lanes x) {
  auto &b = x.builder();
  Lanes word = bits(x);
  Lanes last = (word >> 16.0) & 1.0;
  // Half a step to the nearest, ties to even; a carry goes into the exponent as it should.
  Lanes rounded = word + (last + double(0x7fff));
  Lanes quiet = word | double(1 << 22);
  Lanes high = select(x != x, quiet, rounded) >> 16.0;
  Lanes half = high.make<mlir::arith::TruncIOp>(high.typeOf(b.getI16Type()), high.value());
  return half.make<mlir::arith::BitcastOp>(half.typeOf(b.getBF16Type()), half.value());
}

} // namespace fovea::expand
