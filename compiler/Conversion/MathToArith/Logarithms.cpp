//===- Logarithms.cpp - log and what is made of it ------------------------===//
//
// x = 2^e (1 + f) with 1 + f in [2/3, 4/3) by integer operations on the bits, then a polynomial in
// f; around 1 e is 0, so that nothing cancels.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/MathToArith/Expansions.h"

namespace fovea::expand {

static constexpr double kLn2 = 0.6931471805599453;
/// Bits of 2/3 in f32: the smallest 1 + f.
static constexpr double kTwoThirdsBits = 0x3f2aaaab;

namespace {
/// x = 2^exponent * significand, significand in [2/3, 4/3).
struct Split {
  Lanes exponent; // i32
  Lanes significand;
};
} // namespace

static Split split(Lanes x) {
  Lanes isSubnormal = x < 0x1p-126;
  Lanes offset = bits(select(isSubnormal, x * 0x1p23, x)) - kTwoThirdsBits;
  Lanes exponent = select(isSubnormal, offset - double(23 << 23), offset) >> 23;
  return {exponent, fromBits((offset & 0x7fffff) + kTwoThirdsBits)};
}

/// log(1 + f) for 1 + f in [2/3, 4/3), relative error 3e-8.
static Lanes logOfSignificand(Lanes f) {
  Lanes p = polynomial(f, {-0.49999937, 0.333332, -0.2500775, 0.20011072, -0.1641703, 0.13997169,
                           -0.15383598, 0.14020392});
  return fma(f * f, p, f);
}

/// The result, or what a logarithm is at 0, below 0, at infinity and for NaN.
static Lanes withSpecialCases(Lanes x, Lanes result) {
  Lanes special = select(x == 0.0, -kInf, select(x < 0.0, kNaN, x));
  Lanes isRegular = result.make<mlir::arith::CmpIOp>(
      mlir::arith::CmpIPredicate::ult, (bits(x) - 1.0).value(), bits(x).like(0x7f7fffff).value());
  return select(isRegular, result, special);
}

Lanes log(Lanes x) {
  if (x.isDouble())
    return host(FOVEA_MATH_LOG, x);
  Split s = split(x);
  Lanes e = intTo(x.element(), s.exponent);
  return withSpecialCases(x, fma(e, kLn2, logOfSignificand(s.significand - 1.0)));
}

/// log2 of f64 lanes, exact at powers of two.
static Lanes log2Double(Lanes x) {
  Lanes isSubnormal = x < 0x1p-1022;
  Lanes offset = bits(select(isSubnormal, x * 0x1p52, x)) - double(0x3fe5555555555000);
  Lanes e = intTo(x.element(), offset >> 52);
  Lanes significand = fromBits((offset & double(0xfffffffffffffULL)) + double(0x3fe5555555555000));
  Lanes result = fma(host(FOVEA_MATH_LOG, significand), 1 / kLn2, select(isSubnormal, e - 52.0, e));
  Lanes isRegular = x.make<mlir::arith::AndIOp>((x > 0.0).value(), (x < kInf).value());
  return select(isRegular, result, select(x == 0.0, -kInf, select(x < 0.0, kNaN, x)));
}

Lanes log2(Lanes x) {
  if (x.isDouble())
    return log2Double(x);
  Split s = split(x);
  Lanes f = s.significand - 1.0;
  // log2(e) in two pieces, the second inside the polynomial.
  Lanes p = polynomial(f, {2.4941617e-08, -0.7213476, 0.480896, -0.3606676, 0.28871045, -0.24072157,
                           0.20180492, -0.17509902, 0.20278664, -0.18826586});
  Lanes ofSignificand = fma(f, 1.4426950216293335, f * p);
  return withSpecialCases(x, ofSignificand + intTo(x.element(), s.exponent));
}

Lanes log10(Lanes x) {
  if (x.isDouble())
    return host(FOVEA_MATH_LOG, x) * 0.4342944819032518;
  Split s = split(x);
  Lanes f = s.significand - 1.0;
  Lanes p = polynomial(f, {-8.554928e-09, -0.21714695, 0.14476411, -0.10860838, 0.08691083,
                           -0.07128146, 0.060747035, -0.06688759, 0.061046552});
  // log10(e) and log10(2) in two pieces, the first of log10(2) short enough for exact products.
  Lanes e = intTo(x.element(), s.exponent);
  Lanes low = fma(f, 0.4342944920063019, fma(e, 4.6050389811951998e-6, f * p));
  return withSpecialCases(x, fma(e, 0.301025390625, low));
}

Lanes log1p(Lanes x) {
  if (x.isDouble())
    return host(FOVEA_MATH_LOG1P, x);
  // 1 + x chooses e only; 1 + f = (1 + x) / 2^e is formed with one rounding. Quarters keep 2^-e a
  // normal number for the largest x.
  Lanes u = x + 1.0;
  Lanes exponent = (bits(u) - kTwoThirdsBits) >> 23;
  Lanes factor = fromBits(bits(u).like(0x40800000) - (exponent << 23));
  Lanes f = fma(x * 0.25, factor, fma(factor, 0.25, -1.0));
  Lanes result = fma(intTo(x.element(), exponent), kLn2, logOfSignificand(f));
  return select(abs(x) < 0x1p-26, x, withSpecialCases(u, result));
}

Lanes log2Wide(Lanes x) {
  Lanes a = abs(x);
  Split s = split(a);
  Lanes m = toF64(s.significand);
  Lanes ratio = (m - 1.0) / (m + 1.0);
  Lanes p = polynomial(ratio * ratio, {2.8853900818357214, 0.9617966220077002, 0.5770923115670569,
                                       0.41120766092814864, 0.34837603486323265});
  Lanes result = fma(ratio, p, intTo(m.element(), s.exponent));
  result = select(a == 0.0, -kInf, result);
  return select(a < kInf, result, toF64(a));
}

Lanes asinh(Lanes x) {
  // log1p(a + a^2 / (1 + sqrt(a^2 + 1))); for large a that is log(2a).
  Lanes a = abs(x);
  Lanes isLarge = a > (x.isDouble() ? 0x1p500 : 0x1p60);
  Lanes b = select(isLarge, 1.0, a);
  Lanes near = b + b * b / (sqrt(fma(b, b, 1.0)) + 1.0);
  Lanes result = log1p(select(isLarge, a, near));
  return copysign(select(isLarge, result + kLn2, result), x);
}

Lanes acosh(Lanes x) {
  // log1p(t + sqrt(t (t + 2))) with t = x - 1; for large x log(2x).
  Lanes isLarge = x > (x.isDouble() ? 0x1p500 : 0x1p60);
  Lanes t = x - 1.0;
  Lanes b = select(isLarge, 1.0, t);
  Lanes result = log1p(select(isLarge, t, b + sqrt(fma(b, b, b + b))));
  return select(x < 1.0, kNaN, select(isLarge, result + kLn2, result));
}

Lanes atanh(Lanes x) {
  Lanes a = abs(x);
  return copysign(0.5 * log1p((a + a) / (1.0 - a)), x);
}

} // namespace fovea::expand
