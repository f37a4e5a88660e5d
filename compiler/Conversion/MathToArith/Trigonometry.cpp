//===- Trigonometry.cpp - sin, cos, tan and their inverses ----------------===//
//
// Angles are reduced by multiples of pi/2 in f64, which gives full accuracy up to 2^46; beyond that
// results stay in [-1, 1] and mean nothing. Inverses reduce to arguments below tan(pi/8) or 0.5.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/MathToArith/Expansions.h"

namespace fovea::expand {

static constexpr double kPiOver2 = 1.5707963267948966;
static constexpr double kPiOver4 = 0.7853981633974483;

namespace {
/// x = quadrant * pi/2 + rest, |rest| <= 0.8; f32.
struct Reduced {
  Lanes quadrant; // i32, modulo 4 in its two low bits
  Lanes rest;
};
} // namespace

static Reduced reduceByPiOver2(Lanes x) {
  // 1.5 * 2^52 rounds to an integer, found in the low bits of the sum.
  constexpr double kRound = 6755399441055744.0;
  Lanes wide = toF64(x);
  Lanes sum = fma(wide, 1 / kPiOver2, kRound);
  Lanes k = sum - kRound;
  // pi/2 in two pieces: 107 bits.
  Lanes rest = fma(k, -6.123233995736766e-17, fma(k, -kPiOver2, wide));
  Lanes low = bits(sum);
  Lanes quadrant = x.make<mlir::arith::TruncIOp>(x.typeOf(x.builder().getI32Type()), low.value());
  // The rest exceeds pi/4 when a large x makes 2/pi inexact; the bounds matter beyond 2^46.
  return {quadrant, atLeast(atMost(toF32(rest), 0.8), -0.8)};
}

/// sin of x, or cos when `quadrants` is 1.
static Lanes sinOfQuadrant(Lanes x, double quadrants) {
  Reduced reduced = reduceByPiOver2(x);
  Lanes r = reduced.rest;
  Lanes s = r * r;
  // Relative errors 5e-9 and 2e-10.
  Lanes sine = fma(r * s, polynomial(s, {-0.16666654, 0.008332095, -0.0001950554}), r);
  Lanes cosine = polynomial(s, {1.0, -0.5, 0.04166664, -0.001388713, 2.4412086e-05});
  Lanes q = quadrants == 0.0 ? reduced.quadrant : reduced.quadrant + quadrants;
  Lanes result = select((q & 1.0) == 0.0, sine, cosine);
  result = fromBits(bits(result) ^ ((q & 2.0) << 30));
  // The polynomial loses the sign of zero.
  return quadrants == 0.0 ? select(x == 0.0, x, result) : result;
}

Lanes sin(Lanes x) { return x.isDouble() ? host(FOVEA_MATH_SIN, x) : sinOfQuadrant(x, 0); }
Lanes cos(Lanes x) { return x.isDouble() ? host(FOVEA_MATH_COS, x) : sinOfQuadrant(x, 1); }

Lanes tan(Lanes x) {
  if (x.isDouble())
    return host(FOVEA_MATH_SIN, x) / host(FOVEA_MATH_COS, x);
  Reduced reduced = reduceByPiOver2(x);
  Lanes r = reduced.rest;
  Lanes s = r * r;
  Lanes p = polynomial(s, {0.33333355, 0.13332468, 0.05408268, 0.02116197, 0.0111530665,
                           -0.00031856832, 0.0045800256});
  Lanes tangent = fma(r * s, p, r);
  return select((reduced.quadrant & 1.0) == 0.0, tangent, -1.0 / tangent);
}

/// (atan(z) - z) / z^3 for |z| <= tan(pi/8) in s = z^2.
static Lanes atanSeries(Lanes s) {
  if (!s.isDouble())
    return polynomial(s, {-0.3333295, 0.19977732, -0.13877876, 0.08054275});
  return polynomial(s, {-0.333333333333332, 0.1999999999995368, -0.14285714280200795,
                        0.11111110783574543, -0.090908977602916, 0.0769206026532328,
                        -0.06663104773914975, 0.05847896002168187, -0.05039341955293766,
                        0.03806569433488522, -0.017908657877964064});
}

/// pi/2 - x, with pi/2 in two pieces.
static Lanes fromPiOver2(Lanes x) {
  double high = x.isDouble() ? kPiOver2 : 1.57079637050628662109375;
  double low = x.isDouble() ? 6.123233995736766e-17 : -4.371139000186241e-8;
  return high - (x - low);
}

/// atan(numerator / denominator) for non-negative operands with a quotient in [0, 1].
static Lanes atanOfQuotient(Lanes numerator, Lanes denominator) {
  // Above tan(pi/8): atan(q) = pi/4 + atan((q - 1) / (q + 1)).
  Lanes isLarge = numerator > denominator * 0.41421356;
  Lanes z = select(isLarge, numerator - denominator, numerator) /
            select(isLarge, numerator + denominator, denominator);
  Lanes s = z * z;
  Lanes angle = fma(z * s, atanSeries(s), z);
  // pi/4 in two pieces.
  double high = z.isDouble() ? kPiOver4 : 0.785398185253143310546875;
  double low = z.isDouble() ? 3.061616997868383e-17 : -2.1855695000931204e-8;
  return select(isLarge, (angle + low) + high, angle);
}

Lanes atan(Lanes x) {
  Lanes a = abs(x);
  Lanes isLarge = a > 1.0;
  // Far out the result is pi/2; the bound keeps sums finite.
  Lanes bounded = atMost(a, 0x1p60);
  Lanes angle = atanOfQuotient(select(isLarge, 1.0, bounded), select(isLarge, bounded, 1.0));
  return copysign(select(isLarge, fromPiOver2(angle), angle), x);
}

Lanes atan2(Lanes y, Lanes x) {
  Lanes ax = abs(x), ay = abs(y);
  Lanes isSteep = ay > ax;
  Lanes small = select(isSteep, ax, ay), large = select(isSteep, ay, ax);
  // Scaled so that sums do not overflow and subnormals keep their bits; equal operands (two zeros,
  // two infinities) are 0 or 45 degrees whatever their size.
  Lanes areEqual = small == large;
  Lanes factor = select(large > 1.0, 0x1p-2, large.like(0x1p24));
  Lanes numerator = select(areEqual, select(large == 0.0, 0.0, small.like(1.0)), small * factor);
  Lanes denominator = select(areEqual, 1.0, large * factor);
  Lanes angle = atanOfQuotient(numerator, denominator);
  angle = select(isSteep, fromPiOver2(angle), angle);
  Lanes isLeft = copysign(x.like(1.0), x) < 0.0;
  double piHigh = x.isDouble() ? 2 * kPiOver2 : 3.1415927410125732421875;
  double piLow = x.isDouble() ? 1.2246467991473532e-16 : -8.742278000372482e-8;
  Lanes result = copysign(select(isLeft, piHigh - (angle - piLow), angle), y);
  // Comparisons lose a NaN in one operand.
  return select(x != x, x, select(y != y, y, result));
}

namespace {
/// asin of |x| <= 0.5, or of sqrt((1 - |x|) / 2) for larger |x|.
struct HalfArcSine {
  Lanes isLarge;
  Lanes angle;
};
} // namespace

static HalfArcSine halfArcSine(Lanes a) {
  Lanes isLarge = a > 0.5;
  Lanes s = select(isLarge, fma(a, -0.5, 0.5), a * a);
  Lanes z = select(isLarge, sqrt(s), a);
  Lanes p = s.isDouble()
                ? polynomial(s, {0.1666666666666676, 0.07499999999970867, 0.04464285717455944,
                                 0.030381942709932983, 0.022372214934227523, 0.017351612878780617,
                                 0.013980811050026305, 0.011398984201864248, 0.010779875866179485,
                                 0.0037077482567579134, 0.021704362527642195, -0.02099491035304987,
                                 0.0326261430989454})
                : polynomial(s, {0.16666752, 0.074953064, 0.045469772, 0.024180776, 0.042166404});
  return {isLarge, fma(z * s, p, z)};
}

Lanes asin(Lanes x) {
  HalfArcSine half = halfArcSine(abs(x));
  Lanes large = fromPiOver2(half.angle + half.angle);
  return copysign(select(half.isLarge, large, half.angle), x);
}

Lanes acos(Lanes x) {
  HalfArcSine half = halfArcSine(abs(x));
  Lanes twice = half.angle + half.angle;
  double piHigh = x.isDouble() ? 2 * kPiOver2 : 3.1415927410125732421875;
  double piLow = x.isDouble() ? 1.2246467991473532e-16 : -8.742278000372482e-8;
  Lanes large = select(x < 0.0, piHigh - (twice - piLow), twice);
  return select(half.isLarge, large, fromPiOver2(copysign(half.angle, x)));
}

} // namespace fovea::expand
