//===- ExpandDivisions.cpp - divisions and roots without calls ------------===//
//
// The pass fovea-expand-divisions. An approximation of the hardware is the start of Newton's steps;
// remainders, which fused multiply-adds give exactly, correct what comes of them (Markstein,
// "Computation of elementary functions on the IBM RISC System/6000 processor", 1990). Operands are
// brought near 1 before by powers of two, so that nothing in between leaves the normal numbers.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/DeviceToLLVM/Passes.h"
#include "compiler/Conversion/MathToArith/Lanes.h"

#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

#include <limits>
#include <optional>

namespace fovea {
#define GEN_PASS_DEF_EXPANDDIVISIONS
#include "compiler/Conversion/DeviceToLLVM/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

static constexpr double kInf = std::numeric_limits<double>::infinity();

namespace {
/// Bits of a float type, as numbers that its integer type holds.
struct Format {
  double significand; // mask
  double exponent;    // mask
  double halves;      // mask of the exponent without its lowest bit
  double one;         // 1.0
  double root;        // the square root of the largest power of two, rounded up
  double nudge;       // see reciprocal()
};

/// x times a power of two, about the root of 1/x, and the bits of that root's inverse less a
/// constant.
struct Scaled {
  Lanes x, half;
};
} // namespace

static Format formatOf(Lanes x) {
  if (x.isDouble())
    return {double(0xfffffffffffff),    double(0x7ff0000000000000), double(0x7fe0000000000000),
            double(0x3ff0000000000000), double(0x5fe0000000000000), 1 + 0x1p-40};
  return {double(0x7fffff),   double(0x7f800000), double(0x7f000000),
          double(0x3f800000), double(0x5f000000), 1 + 0x1p-20};
}

static Lanes approximate(warp::Approximation function, Lanes x) {
  return x.make<warp::ApproxOp>(function, x.value());
}

/// Of f32 from 2^-149 to 2^128 numbers from 2^-86 to 2^65; of f64 such from 2^-563 to 2^513.
static Scaled scale(Lanes x) {
  Format format = formatOf(x);
  Lanes half = (bits(x) & format.halves) >> 1;
  return {x * fromBits(format.root - half), half};
}

/// 1/b by 23 bits, for b as scale() gives it; infinite for 0, 0 for infinite b, NaN for NaN.
static Lanes reciprocalStart(Lanes b) {
  if (!b.isDouble())
    return approximate(warp::Approximation::Rcp, b);
  Format format = formatOf(b);
  Lanes significand = fromBits((bits(b) & format.significand) | format.one);
  Lanes power = fromBits(2 * format.one - (bits(b) & format.exponent));
  Lanes start = toF64(approximate(warp::Approximation::Rcp, toF32(significand))) * power;
  Lanes magnitude = abs(b);
  start = select(magnitude == 0.0, kInf, select(magnitude == kInf, 0.0, start));
  return copysign(select(magnitude <= kInf, start, magnitude), b);
}

/// 1/b, rounded to the nearest number for all but few b, where it is the next best. The nudge
/// decides ties, which there are for b = 2 - ulp: rounded to even, quotients would be wrong.
static Lanes reciprocal(Lanes b, Lanes start) {
  Lanes y = start;
  if (b.isDouble())
    y = fma(fma(-b, y, 1.0), y, y);
  return fma(fma(-b, y, 1.0) * formatOf(b).nudge, y, y);
}

/// a/b from approximations of 1/b. `start` alone makes quotients that are zero, infinite or NaN, of
/// which there are no remainders.
static Lanes quotient(Lanes a, Lanes b, Lanes start, Lanes inverse) {
  Lanes simple = a * start;
  Lanes q = fma(fma(-b, simple, a), inverse, simple);
  q = fma(fma(-b, q, a), inverse, q);
  return select(abs(q) > 0.0, q, simple);
}

/// Of f32 or f64 with a divisor that is not known.
static Lanes divide(Lanes a, Lanes b) {
  Scaled over = scale(a), under = scale(b);
  Lanes start = reciprocalStart(under.x);
  Lanes q = quotient(over.x, under.x, start, reciprocal(under.x, start));
  return q * fromBits(over.half - under.half + formatOf(a).one);
}

/// By a constant from 2^-60 to 2^60, of f32.
static Lanes divideByConstant(Lanes a, float b) {
  // As if b were scaled with 1, that is, its half exponent the root's less that of 1.
  Format format = formatOf(a);
  Scaled over = scale(a);
  Lanes inverse = a.like(1.0f / b);
  return quotient(over.x, a.like(b), inverse, inverse) *
         fromBits(over.half - (format.root - 2 * format.one));
}

/// A constant over b in [1, inf] or NaN: 1/b within half a unit and a little, and 0 from 2^126 on.
static Lanes divideByRegular(Lanes a, Lanes b) {
  Lanes start = approximate(warp::Approximation::Rcp, b);
  Lanes refined = fma(fma(-b, start, 1.0), start, start);
  return a * select(b < 0x1p126, refined, start);
}

/// Goldschmidt's form of Newton's steps for x^(1/2) and x^(-1/2) / 2, and one by the remainder.
static Lanes rootOf(Lanes x, Lanes start, int steps) {
  Lanes root = x * start, half = start * 0.5;
  for (int step = 0; step < steps; ++step) {
    Lanes rest = fma(-half, root, 0.5);
    root = fma(root, rest, root);
    half = fma(half, rest, half);
  }
  return fma(fma(-root, root, x), half, root);
}

static Lanes squareRootSingle(Lanes x) {
  // Below, remainders would not be normal numbers.
  Lanes isSmall = x < 0x1p-96;
  Lanes scaled = select(isSmall, x * 0x1p64, x);
  Lanes root = rootOf(scaled, approximate(warp::Approximation::Rsqrt, scaled), 1);
  return select(isSmall, root * 0x1p-32, root);
}

static Lanes squareRootDouble(Lanes x) {
  Format format = formatOf(x);
  Lanes isSubnormal = x < 0x1p-1022;
  Lanes normal = select(isSubnormal, x * 0x1p108, x);
  // normal = 4^k times a number in [1, 4); the exponent's field of `even` is 2 k + 1024.
  Lanes even = (bits(normal) + 0x1p52) & format.halves;
  Lanes scaled = normal * fromBits(format.exponent - even);
  Lanes start = toF64(approximate(warp::Approximation::Rsqrt, toF32(scaled)));
  Lanes root = rootOf(scaled, start, 2) * fromBits((even >> 1) + (format.one - 0x1p61));
  return select(isSubnormal, root * 0x1p-54, root);
}

static Lanes squareRoot(Lanes x) {
  Lanes root = x.isDouble() ? squareRootDouble(x) : squareRootSingle(x);
  return select((x == 0.0) | (x == kInf), x, root);
}

/// f16 and bf16 go by way of f32, whose results have more than twice their digits and two.
static LogicalResult checkType(Operation *op, Type type, PatternRewriter &rewriter) {
  if (!type.isF16() && !type.isBF16() && !type.isF32() && !type.isF64())
    return rewriter.notifyMatchFailure(op, "is of a vector or another float type");
  return success();
}

namespace {
struct ExpandDivision : OpRewritePattern<arith::DivFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::DivFOp op, PatternRewriter &rewriter) const override {
    if (failed(checkType(op, op.getType(), rewriter)))
      return failure();
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    rewriter.replaceOp(op, narrowTo(op.getType(), expand(op, b)));
    return success();
  }

  static Lanes expand(arith::DivFOp op, ImplicitLocOpBuilder &b) {
    Lanes over = widen(Lanes(b, op.getLhs())), under = widen(Lanes(b, op.getRhs()));
    if (!over.isDouble() && op->hasAttr(kRegularDivisorAttr))
      return divideByRegular(over, under);
    APFloat divisor(0.0f), inverse(0.0f);
    if (!matchPattern(op.getRhs(), m_ConstantFloat(&divisor)))
      return divide(over, under);
    double number = divisor.convertToDouble(), magnitude = std::fabs(number);
    // A power of two: one rounding, as in a division.
    if (divisor.getExactInverse(&inverse))
      return over * inverse.convertToDouble();
    bool isNear1 = magnitude >= 0x1p-60 && magnitude <= 0x1p60;
    return isNear1 && !over.isDouble() ? divideByConstant(over, float(number))
                                       : divide(over, under);
  }
};

struct ExpandSquareRoot : OpRewritePattern<math::SqrtOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::SqrtOp op, PatternRewriter &rewriter) const override {
    if (failed(checkType(op, op.getType(), rewriter)))
      return failure();
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Lanes x = widen(Lanes(b, op.getOperand()));
    rewriter.replaceOp(op, narrowTo(op.getType(), squareRoot(x)));
    return success();
  }
};

/// Counts what was replaced.
struct Counter : RewriterBase::Listener {
  int64_t expanded = 0;
  void notifyOperationReplaced(Operation *op, ValueRange replacement) override { ++expanded; }
};

struct ExpandDivisions : fovea::impl::ExpandDivisionsBase<ExpandDivisions> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ExpandDivision, ExpandSquareRoot>(&getContext());
    Counter counter;
    walkAndApplyPatterns(getOperation(), std::move(patterns), &counter);
    numExpanded += counter.expanded;
  }
};
} // namespace
