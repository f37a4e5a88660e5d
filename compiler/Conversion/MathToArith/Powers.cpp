//===- Powers.cpp - powers and roots --------------------------------------===//
//
// pow is 2^(y log2 |x|) with the logarithm and the product in f64.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/MathToArith/Expansions.h"

#include <limits>

namespace fovea::expand {

static constexpr double kInf = std::numeric_limits<double>::infinity();
static constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

static Lanes both(Lanes a, Lanes b) { return a & b; }

Lanes rsqrt(Lanes x) { return 1.0 / sqrt(x); }

Lanes cbrt(Lanes x) {
  Lanes a = abs(x);
  Lanes root = a;
  if (x.isDouble()) {
    root = host(FOVEA_MATH_POW, a, a.like(1.0 / 3.0));
  } else {
    // A third of the exponent by arithmetic on the bits, 3.5 % off; subnormals are scaled first.
    Lanes isSubnormal = a < 0x1p-126;
    Lanes scaled = select(isSubnormal, a * 0x1p24, a);
    Lanes third = intTo(a.element(), bits(scaled)) * (-1.0 / 3.0);
    Lanes guess = third.make<mlir::arith::FPToSIOp>(bits(a).type(), (third + 1419967104.0).value());
    // Three Newton steps for a^(-1/3), each squaring the error.
    Lanes y = fromBits(guess);
    for (int step = 0; step < 3; ++step)
      y = fma(y * (1.0 / 3.0), fma(-((scaled * y) * y), y, 1.0), y);
    Lanes c = (scaled * y) * y;
    // One step on the root itself for the last bits.
    c = fma(fma(-(c * c), c, scaled) * (1.0 / 3.0), y * y, c);
    root = select(isSubnormal, c * 0x1p-8, c);
  }
  Lanes isRegular = both(a > 0.0, a < kInf);
  return select(isRegular, copysign(root, x), x);
}

/// Sets sign and special cases of a power from its magnitude |x|^y. `isWhole` and `isOdd` say
/// whether y is an integer and odd, `isZero` whether it is 0.
static Lanes finishPower(Lanes x, Lanes magnitude, Lanes isWhole, Lanes isOdd, Lanes isZero) {
  Lanes isInvalid = both(both(x < 0.0, x > -kInf), isWhole ^ 1.0);
  Lanes result = select(isInvalid, kNaN, magnitude);
  result = select(isOdd, copysign(result, x), result);
  return select((x == 1.0) | isZero, 1.0, result);
}

Lanes pow(Lanes x, Lanes y) {
  if (x.isDouble())
    return host(FOVEA_MATH_POW, x, y);
  // An infinite y becomes a large one: 0 * infinity must not arise for |x| = 1.
  Lanes bounded = atLeast(atMost(y, 3.4028235e38), -3.4028235e38);
  Lanes magnitude = exp2Narrow(log2Wide(x) * toF64(bounded));
  Lanes half = y * 0.5;
  Lanes isWhole = trunc(y) == y;
  Lanes isOdd = both(isWhole, trunc(half) != half);
  return finishPower(x, magnitude, isWhole, isOdd, y == 0.0);
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
