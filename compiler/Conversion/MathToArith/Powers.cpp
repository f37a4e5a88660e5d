//===- Powers.cpp - powers and roots --------------------------------------===//
//
// pow is 2^(y log2 |x|) with the logarithm and the product in f64.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/MathToArith/Expansions.h"

namespace fovea::expand {

static Lanes both(Lanes a, Lanes b) { return a & b; }

Lanes rsqrt(Lanes x) { return 1.0 / sqrt(x); }

/// Cube root of positive normal f64 lanes.
static Lanes cbrtDouble(Lanes a) {
  // A rounded third loses bits far out; one Newton step with an exact square brings them back.
  Lanes c = host(FOVEA_MATH_POW, a, a.like(1.0 / 3.0));
  Lanes square = c * c;
  Lanes residual = fma(-square, c, a) - fma(c, c, -square) * c;
  return c + residual / (3.0 * square);
}

/// Cube root of positive normal f32 lanes.
static Lanes cbrtSingle(Lanes a) {
  // A third of the exponent by arithmetic on the bits, 3.5 % off.
  Lanes third = intTo(a.element(), bits(a)) * (-1.0 / 3.0) + 1419967104.0;
  Lanes y = fromBits(third.make<mlir::arith::FPToSIOp>(bits(a).type(), third.value()));
  // Three Newton steps for a^(-1/3), each squaring the error.
  for (int step = 0; step < 3; ++step)
    y = fma(y * (1.0 / 3.0), fma(-((a * y) * y), y, 1.0), y);
  // One step on the root itself for the last bits.
  Lanes c = (a * y) * y;
  return fma(fma(-(c * c), c, a) * (1.0 / 3.0), y * y, c);
}

Lanes cbrt(Lanes x) {
  Lanes a = abs(x);
  Lanes isSubnormal = a < (x.isDouble() ? 0x1p-1022 : 0x1p-126);
  Lanes scaled = select(isSubnormal, a * 0x1p54, a);
  Lanes root = x.isDouble() ? cbrtDouble(scaled) : cbrtSingle(scaled);
  root = select(isSubnormal, root * 0x1p-18, root);
  return select(both(a > 0.0, a < kInf), copysign(root, x), x);
}

/// Sets sign and special cases of a power from its magnitude |x|^y. `isWhole` and `isOdd` say
/// whether y is an integer and odd, `isZero` whether it is 0.
static Lanes finishPower(Lanes x, Lanes magnitude, Lanes isWhole, Lanes isOdd, Lanes isZero) {
  Lanes isInvalid = both(both(-kInf < x, x < 0.0), isWhole ^ 1.0);
  Lanes result = select(isInvalid, kNaN, magnitude);
  result = select(isOdd, copysign(result, x), result);
  return select((x == 1.0) | isZero, 1.0, result);
}

Lanes signedPower(Lanes x, Lanes y, Lanes magnitude) {
  Lanes half = y * 0.5;
  Lanes isWhole = trunc(y) == y;
  Lanes isOdd = both(isWhole, trunc(half) != half);
  return finishPower(x, magnitude, isWhole, isOdd, y == 0.0);
}

Lanes pow(Lanes x, Lanes y) {
  if (x.isDouble())
    return host(FOVEA_MATH_POW, x, y);
  // An infinite y becomes a large one: 0 * infinity must not arise for |x| = 1.
  Lanes bounded = atLeast(atMost(y, 3.4028235e38), -3.4028235e38);
  return signedPower(x, y, exp2Narrow(log2Wide(x) * toF64(bounded)));
}

Lanes powOfInt(Lanes x, Lanes n) {
  Lanes y = intTo(x.builder().getF64Type(), n);
  if (x.isDouble())
    return host(FOVEA_MATH_POW, x, y);
  Lanes isOdd = (n & 1.0) != 0.0;
  Lanes isWhole = isOdd.like(1.0);
  return finishPower(x, exp2Narrow(log2Wide(x) * y), isWhole, isOdd, n == 0.0);
}

Lanes powByMultiplying(Lanes x, uint64_t n) {
  if (n == 0)
    return x.like(1.0);
  Lanes square = x;
  for (; !(n & 1); n >>= 1)
    square = square * square;
  Lanes result = square;
  while (n >>= 1) {
    square = square * square;
    if (n & 1)
      result = result * square;
  }
  return result;
}

Lanes intPow(Lanes x, Lanes n) {
  // Every bit of a non-negative exponent.
  unsigned width = x.element().getIntOrFloatBitWidth();
  Lanes square = x;
  Lanes result = select((n & 1.0) != 0.0, x, 1.0);
  for (unsigned bit = 1; bit + 1 < width; ++bit) {
    square = square * square;
    result = select(((n >> double(bit)) & 1.0) != 0.0, result * square, result);
  }
  // 1 / x^|n| is an integer for x = 1 and x = -1 only.
  Lanes minusOneToN = select((n & 1.0) != 0.0, x, 1.0);
  Lanes isUnit = (x == 1.0) | (x == -1.0);
  return select(n < 0.0, select(isUnit, minusOneToN, 0.0), result);
}

} // namespace fovea::expand
