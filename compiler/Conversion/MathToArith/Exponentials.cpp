//===- Exponentials.cpp - exp and what is made of it ----------------------===//
//
// x is split as k + f with an integer k by adding 1.5 * 2^23: the sum's low bits hold k, so that
// one shift makes the factor 2^k. The polynomials are minimax fits with the value at 0 exact
// (docs/Rationale/VectorMath.md). Clamps are written so that NaN passes them.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/MathToArith/Expansions.h"

namespace fovea::expand {

/// Added to |x| < 2^22 it rounds x to an integer, found in the low bits of the sum.
static constexpr double kRound = 12582912.0;
static constexpr double kLog2E = 1.4426950408889634;
/// ln 2 in two f32 pieces; the product of the first with a small integer is exact.
static constexpr double kLn2High = 0.693147182464599609375;
static constexpr double kLn2Low = -1.904654299957767878541e-9;

/// 2^k for sum = kRound + 127 + k, k in [-127, 127]; 0 for k = -127.
static Lanes powerOfTwo(Lanes sum) { return fromBits(bits(sum) << 23); }

/// x - k ln 2, nearly exact.
static Lanes reduceByLn2(Lanes k, Lanes x) { return fma(k, -kLn2Low, fma(k, -kLn2High, x)); }

/// p * 2^(k - 1) for p in [1.4, 2.9) and sum = kRound + 126 + k with k in [-151, 128]. Lanes that
/// `isTiny` marks, all with k < -124, go through a 2^64 larger result to become subnormal or 0.
static Lanes scale(Lanes p, Lanes sum, Lanes isTiny) {
  Lanes exponent = bits(sum) << 23;
  Lanes result = p * fromBits(select(isTiny, exponent + double(64 << 23), exponent));
  return select(isTiny, result * 0x1p-64, result);
}

/// 2 * 2^f for |f| <= 0.5, relative error 3e-9.
static Lanes twiceExp2(Lanes f) {
  return polynomial(f, {2.0, 2 * 0.6931472, 2 * 0.24022648, 2 * 0.0555036, 2 * 0.009618506,
                        2 * 0.0013390806, 2 * 0.00015326463});
}

/// 2 * e^(m r) for |m r| <= ln(2) / 2 and a power of two m, relative error 3e-9.
static Lanes twiceExp(Lanes r, double m = 1.0) {
  double m2 = m * m, m4 = m2 * m2;
  return polynomial(r, {2.0, 2 * m, 2 * m2 * 0.49999994, 2 * m2 * m * 0.16666521,
                        2 * m4 * 0.04166826, 2 * m4 * m * 0.008368669, 2 * m4 * m2 * 0.0013821304});
}

Lanes exp(Lanes x) {
  if (x.isDouble())
    return host(FOVEA_MATH_EXP, x);
  // Outside this range the result is 0 or infinite, and comes out so.
  Lanes a = atLeast(atMost(x, 89.0), -104.0);
  Lanes sum = fma(a, kLog2E, kRound + 126);
  Lanes k = sum - (kRound + 126);
  return scale(twiceExp(reduceByLn2(k, a)), sum, a < -86.5);
}

Lanes expFlushed(Lanes x) {
  // At the lower bound k is -126 and the factor 2^(k - 1) becomes 0.
  Lanes a = atLeast(atMost(x, 89.0), -87.3365447505531);
  Lanes sum = fma(a, kLog2E, kRound + 126);
  Lanes k = sum - (kRound + 126);
  return twiceExp(reduceByLn2(k, a)) * powerOfTwo(sum);
}

Lanes exp2(Lanes x) {
  if (x.isDouble())
    return host(FOVEA_MATH_POW, x.like(2.0), x);
  Lanes a = atLeast(atMost(x, 128.0), -151.0);
  Lanes sum = a + (kRound + 126);
  return scale(twiceExp2(a - (sum - (kRound + 126))), sum, a < -125.0);
}

/// `times` * 2^f for |f| <= 0.5, relative error 9e-8.
static Lanes exp2Series(Lanes f, double times) {
  return polynomial(f, {times, times * 0.693147, times * 0.24022247, times * 0.05550711,
                        times * 0.009671292, times * 0.0013269538});
}

Lanes exp2InRange(Lanes x) {
  Lanes sum = x + (kRound + 127);
  return exp2Series(x - (sum - (kRound + 127)), 1.0) * powerOfTwo(sum);
}

Lanes exp2OfScore(Lanes x) { return exp2InRange(atLeast(x, -127.0)); }

Lanes exp2Short(Lanes x) {
  Lanes a = atLeast(atMost(x, 128.0), -126.0);
  Lanes sum = a + (kRound + 126);
  return exp2Series(a - (sum - (kRound + 126)), 2.0) * powerOfTwo(sum);
}

Lanes exp2Narrow(Lanes x) {
  Lanes a = atLeast(atMost(toF32(x), 128.0), -151.0);
  Lanes sum = a + (kRound + 126);
  Lanes k = sum - (kRound + 126);
  // The bounds only matter where k was clamped; there the result is 0 or infinite anyway. They are
  // wider than a half because k was chosen from a rounded x.
  Lanes f = atLeast(atMost(toF32(x - toF64(k)), 0.51), -0.51);
  return scale(twiceExp2(f), sum, a < -125.0);
}

Lanes expm1(Lanes x) {
  if (x.isDouble())
    return host(FOVEA_MATH_EXPM1, x);
  Lanes a = atLeast(atMost(x, 89.0), -18.0);
  Lanes sum = fma(a, kLog2E, kRound + 126);
  Lanes r = reduceByLn2(sum - (kRound + 126), a);
  Lanes p = polynomial(r, {0.49999997, 0.16666546, 0.041667443, 0.008366253, 0.0013869948});
  Lanes q = fma(r * r, p, r);
  // Half of e^x - 1 = 2^k (q + 1) - 1, so that k = 128 does not overflow too early.
  Lanes half = powerOfTwo(sum);
  Lanes result = 2.0 * fma(half, q, half - 0.5);
  return select(abs(x) < 0x1p-26, x, result);
}

Lanes tanh(Lanes x) {
  if (x.isDouble())
    return host(FOVEA_MATH_TANH, x);
  // Up to 0.6: x + x^3 P(x^2), relative error 3e-9.
  Lanes square = x * x;
  Lanes p = polynomial(square, {-0.333333, 0.13331936, -0.053784717, 0.020798625, -0.0058979667});
  Lanes near = fma(x * square, p, x);
  // Beyond: 1 - 2 / (e^2a + 1), which is 1 from 9.02 on.
  Lanes a = abs(x);
  Lanes bounded = atMost(a, 10.0);
  Lanes sum = fma(bounded, 2 * kLog2E, kRound + 126);
  Lanes k = sum - (kRound + 126);
  // The low part of ln 2 is below what the result resolves.
  Lanes e = fma(twiceExp(fma(k, -kLn2High / 2, bounded), 2.0), powerOfTwo(sum), 1.0);
  return copysign(select(a > 0.6, 1.0 - divideByRegular(2.0, e), near), x);
}

Lanes sinh(Lanes x) {
  Lanes a = abs(x);
  // Near 0 through e^a - 1; far out as half the square of e^(a/2), which overflows later.
  double far = x.isDouble() ? 22.0 : 11.0;
  Lanes m = expm1(select(a > far, a * 0.5, a));
  Lanes e = m + 1.0;
  Lanes result = select(a > far, (0.5 * e) * e, 0.5 * (m + m / e));
  return copysign(result, x);
}

Lanes cosh(Lanes x) {
  Lanes a = abs(x);
  double far = x.isDouble() ? 22.0 : 11.0;
  Lanes e = exp(select(a > far, a * 0.5, a));
  return select(a > far, (0.5 * e) * e, 0.5 * (e + 1.0 / e));
}

} // namespace fovea::expand
