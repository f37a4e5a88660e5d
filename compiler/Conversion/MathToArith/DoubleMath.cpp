//===- DoubleMath.cpp - elementary functions of f64 -----------------------===//
//
// The pass fovea-expand-host-math, for kernels that cannot call the host: series of Taylor, summed
// until the next term is below 2^-58 of the result. Errors are below 3 units in the last place.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/MathToArith/Expansions.h"
#include "compiler/Conversion/MathToArith/MathToArith.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"

namespace fovea {
#define GEN_PASS_DEF_EXPANDHOSTMATH
#include "compiler/Conversion/MathToArith/Passes.h.inc"
} // namespace fovea

using namespace mlir;

namespace fovea::expand {

/// 1.5 * 2^52 rounds to an integer, found in the low bits of the sum.
static constexpr double kRound = 6755399441055744.0;
static constexpr double kLog2E = 1.4426950408889634;
/// ln 2 in two pieces; the first of the second pair so short that products with exponents are
/// exact.
static constexpr double kLn2 = 0.6931471805599453, kLn2Low = 2.3190468138462996e-17;
static constexpr double kLn2Short = 0.69314718036912382, kLn2Rest = 1.9082149292705877e-10;
/// The bits of sqrt(1/2), rounded to a double: from there on significands are taken.
static constexpr double kHalfRootBits = double(0x3fe6a09e667f3c00);

namespace {
/// x = k ln 2 + rest, |rest| <= 0.35, for |x| <= 800.
struct Exponent {
  Lanes k, rest;
};

/// x = 2^exponent (1 + f), sqrt(1/2) <= 1 + f < sqrt(2), for normal positive numbers.
struct Parts {
  Lanes exponent, f;
};

/// A number as the sum of two.
struct Pair {
  Lanes high, low;
};
} // namespace

/// `low` is added to x, whose exponent it does not change.
static Exponent exponentOf(Lanes x, Lanes low) {
  Lanes sum = fma(x, kLog2E, kRound);
  Lanes number = sum - kRound;
  Lanes k = (bits(sum) << 32) >> 32;
  return {k, fma(number, -kLn2, x) + fma(number, -kLn2Low, low)};
}

/// e^r - 1 for |r| <= 0.35.
static Lanes expm1OfRest(Lanes r) {
  Lanes q = polynomial(r, {1.0 / 2, 1.0 / 6, 1.0 / 24, 1.0 / 120, 1.0 / 720, 1.0 / 5040,
                           1.0 / 40320, 1.0 / 362880, 1.0 / 3628800, 1.0 / 39916800,
                           1.0 / 479001600, 1.0 / 6227020800});
  return fma(r * r, q, r);
}

/// 2^k for -1022 <= k <= 1023.
static Lanes powerOfTwo(Lanes k) { return fromBits((k + 1023.0) << 52); }

/// e^(x + low) in two steps, of which the second may leave the normal numbers.
static Lanes expOfSum(Lanes x, Lanes low) {
  Exponent e = exponentOf(atLeast(atMost(x, 750.0), -750.0), low);
  Lanes half = e.k >> 1;
  return (expm1OfRest(e.rest) + 1.0) * powerOfTwo(half) * powerOfTwo(e.k - half);
}

static Lanes expDouble(Lanes x) { return expOfSum(x, x.like(0.0)); }

static Lanes expm1Double(Lanes x) {
  Lanes bounded = atLeast(atMost(x, 710.0), -40.0);
  Exponent e = exponentOf(bounded, bounded.like(0.0));
  // Half of 2^k (e^r - 1) + 2^k - 1: 2^1024 is no number.
  Lanes scale = powerOfTwo(e.k - 1.0);
  Lanes half = fma(scale, expm1OfRest(e.rest), scale - 0.5);
  return select(abs(x) < 0x1p-54, x, half + half);
}

static Lanes tanhDouble(Lanes x) {
  Lanes t = expm1Double(atMost(abs(x), 20.0) * 2.0);
  return copysign(t / (t + 2.0), x);
}

/// Of normal positive x.
static Parts partsOf(Lanes x) {
  Lanes offset = bits(x) - kHalfRootBits;
  Lanes significand = fromBits((offset & double(0xfffffffffffff)) + kHalfRootBits);
  return {intTo(x.element(), offset >> 52), significand - 1.0};
}

/// The same of positive x, which may be subnormal.
static Parts partsOfAny(Lanes x) {
  Lanes isSubnormal = x < 0x1p-1022;
  Parts parts = partsOf(select(isSubnormal, x * 0x1p54, x));
  return {select(isSubnormal, parts.exponent - 54.0, parts.exponent), parts.f};
}

/// exponent ln 2 + log(1 + f) with s = f / (2 + f): log(1 + f) = f - f^2/2 + s (f^2/2 + R), where
/// R = 2 s^2 / 3 + 2 s^4 / 5 + ...
static Lanes logOfParts(Parts parts) {
  Lanes f = parts.f;
  Lanes s = f / (f + 2.0);
  Lanes z = s * s;
  Lanes r = z * polynomial(z, {2.0 / 3, 2.0 / 5, 2.0 / 7, 2.0 / 9, 2.0 / 11, 2.0 / 13, 2.0 / 15,
                               2.0 / 17, 2.0 / 19, 2.0 / 21, 2.0 / 23});
  Lanes half = f * 0.5 * f;
  Lanes low = fma(s, half + r, parts.exponent * kLn2Rest);
  return fma(parts.exponent, kLn2Short, f - (half - low));
}

/// `result` for normal positive x; what a logarithm is elsewhere.
static Lanes logCases(Lanes x, Lanes result) {
  Lanes isRegular = (x > 0.0) & (x < kInf);
  return select(isRegular, result, select(x == 0.0, -kInf, select(x < 0.0, kNaN, x)));
}

static Lanes logDouble(Lanes x) { return logCases(x, logOfParts(partsOfAny(x))); }

static Lanes log1pDouble(Lanes x) {
  // 1 + x chooses the exponent only; 1 + f = (1 + x) / 2^e is formed with one rounding. Quarters
  // keep 2^-e a normal number for the largest x.
  Lanes u = x + 1.0;
  Lanes exponent = (bits(u) - kHalfRootBits) >> 52;
  Lanes factor = fromBits(bits(u).like(double(0x4010000000000000)) - (exponent << 52));
  Lanes f = fma(x * 0.25, factor, fma(factor, 0.25, -1.0));
  Lanes result = logOfParts({intTo(x.element(), exponent), f});
  return select(abs(x) < 0x1p-54, x, logCases(u, result));
}

/// sin of x, or cos when `quadrants` is 1.
static Lanes sinOfQuadrantDouble(Lanes x, double quadrants) {
  Lanes sum = fma(x, 0.6366197723675814, kRound);
  Lanes k = sum - kRound;
  // pi/2 in three pieces. The first difference is exact; the last is what the second has lost.
  Lanes first = fma(k, -1.5707963267948966, x);
  Lanes exact = fma(k, -6.123233995736766e-17, first);
  Lanes lost = fma(k, 1.4973849048591833e-33, fma(k, -6.123233995736766e-17, first - exact));
  // The bounds matter beyond 2^50, where results mean nothing.
  Lanes r = atLeast(atMost(exact, 0.8), -0.8), low = atLeast(atMost(lost, 0x1p-50), -0x1p-50);
  Lanes z = r * r;
  Lanes half = z * 0.5, high = 1.0 - half;
  Lanes sines = polynomial(z, {-1.0 / 6, 1.0 / 120, -1.0 / 5040, 1.0 / 362880, -1.0 / 39916800,
                               1.0 / 6227020800, -1.0 / 1307674368000, 1.0 / 355687428096000});
  Lanes cosines = polynomial(z, {1.0 / 24, -1.0 / 720, 1.0 / 40320, -1.0 / 3628800, 1.0 / 479001600,
                                 -1.0 / 87178291200, 1.0 / 20922789888000});
  Lanes sine = r + fma(r * z, sines, low * high);
  Lanes cosine = high + (((1.0 - high) - half) + fma(z * z, cosines, -(r * low)));
  Lanes q = quadrants == 0.0 ? bits(sum) : bits(sum) + quadrants;
  Lanes result = select((q & 1.0) == 0.0, sine, cosine);
  result = fromBits(bits(result) ^ ((q & 2.0) << 62));
  return quadrants == 0.0 ? select(x == 0.0, x, result) : result;
}

static Lanes erfDouble(Lanes x) {
  Lanes a = abs(x);
  // Up to 1: 2 / sqrt(pi) times the sum of (-1)^n x^(2n+1) / (n! (2n+1)), whose first term is more
  // than x.
  double coefficients[20], power = 1.1283791670955126;
  for (int n = 0; n < 20; ++n) {
    power = n == 0 ? power : -power / n;
    coefficients[n] = power / (2 * n + 1);
  }
  Lanes z = atMost(x * x, 1.0);
  Lanes sum = x.like(coefficients[19]);
  for (int n = 18; n > 0; --n)
    sum = fma(sum, z, coefficients[n]);
  Lanes near = fma(x, fma(sum, z, 0.12837916709551258), x);
  return select(a > 1.0, copysign(1.0 - erfc(a), x), near);
}

/// log x of positive x, with twice the digits: s and 2 s^3 / 3 of the series are pairs.
static Pair logPair(Lanes x) {
  Parts parts = partsOfAny(x);
  Lanes f = parts.f;
  Lanes divisor = f + 2.0;
  Lanes s = f / divisor;
  Lanes sLow = fma(-s, f - (divisor - 2.0), fma(-s, divisor, f)) / divisor;
  Lanes z = s * s;
  Lanes zLow = fma(s, s, -z) + s * 2.0 * sLow;
  constexpr double kTwoThirds = 2.0 / 3, kTwoThirdsLow = 3.700743415417188e-17;
  Lanes third = z * kTwoThirds;
  Lanes thirdLow = fma(z, kTwoThirds, -third) + fma(z, kTwoThirdsLow, zLow * kTwoThirds);
  Lanes tail = z * z *
               polynomial(z, {2.0 / 5, 2.0 / 7, 2.0 / 9, 2.0 / 11, 2.0 / 13, 2.0 / 15, 2.0 / 17,
                              2.0 / 19, 2.0 / 21, 2.0 / 23});
  Lanes rest = third + tail;
  Lanes restLow = ((third - rest) + tail) + thirdLow;
  Lanes factor = rest + 2.0;
  Lanes factorLow = ((2.0 - factor) + rest) + restLow;
  Lanes product = s * factor;
  Lanes productLow = fma(s, factor, -product) + fma(s, factorLow, sLow * factor);
  Lanes ofExponent = parts.exponent * kLn2Short;
  Lanes high = ofExponent + product;
  Lanes low = ((ofExponent - high) + product) + fma(parts.exponent, kLn2Rest, productLow);
  return {high, low};
}

static Lanes powDouble(Lanes x, Lanes y) {
  Lanes a = abs(x);
  Pair log = logPair(a);
  Lanes isRegular = (a > 0.0) & (a < kInf);
  Lanes high = select(isRegular, log.high, select(a == 0.0, -kInf, a));
  // An infinite y becomes a large one: 0 * infinity must not arise for |x| = 1.
  Lanes bounded = atLeast(atMost(y, 1e300), -1e300);
  Lanes product = bounded * high;
  // Beyond, the result is 0 or infinite, and the difference may be no number.
  Lanes low = select(abs(product) < 800.0, fma(bounded, high, -product) + bounded * log.low, 0.0);
  return signedPower(x, y, expOfSum(product, low));
}

/// The function's form; none where there is none.
static std::optional<Lanes> expandDouble(int64_t function, Lanes a, Lanes b) {
  switch (function) {
  case FOVEA_MATH_EXP:
    return expDouble(a);
  case FOVEA_MATH_LOG:
    return logDouble(a);
  case FOVEA_MATH_SIN:
    return sinOfQuadrantDouble(a, 0.0);
  case FOVEA_MATH_COS:
    return sinOfQuadrantDouble(a, 1.0);
  case FOVEA_MATH_TANH:
    return tanhDouble(a);
  case FOVEA_MATH_ERF:
    return erfDouble(a);
  case FOVEA_MATH_POW:
    return powDouble(a, b);
  case FOVEA_MATH_EXPM1:
    return expm1Double(a);
  case FOVEA_MATH_LOG1P:
    return log1pDouble(a);
  }
  return std::nullopt;
}

} // namespace fovea::expand

namespace {

struct ExpandHostMath : fovea::impl::ExpandHostMathBase<ExpandHostMath> {
  void runOnOperation() override {
    // The form of erf calls exp: until none is left that has a form.
    SmallVector<func::CallOp> calls;
    auto collect = [&](func::CallOp call) {
      if (call.getCallee() == fovea::kHostMathName)
        calls.push_back(call);
    };
    getOperation().walk(collect);
    while (!calls.empty()) {
      func::CallOp call = calls.pop_back_val();
      APInt function;
      if (!matchPattern(call.getOperand(0), m_ConstantInt(&function)))
        continue;
      ImplicitLocOpBuilder builder(call.getLoc(), call);
      fovea::Lanes a(builder, call.getOperand(1)), b(builder, call.getOperand(2));
      Operation *before = call->getPrevNode();
      auto form = fovea::expand::expandDouble(function.getSExtValue(), a, b);
      if (!form)
        continue;
      for (Operation *op = before ? before->getNextNode() : &call->getBlock()->front(); op != call;
           op = op->getNextNode())
        if (auto inner = dyn_cast<func::CallOp>(op))
          collect(inner);
      call.replaceAllUsesWith(ValueRange(form->value()));
      call.erase();
      ++numExpanded;
    }
  }
};

} // namespace
