//===- Patterns.cpp - which operations are written as arithmetic ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/MathToArith/Expansions.h"
#include "compiler/Conversion/MathToArith/MathToArith.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

#include <limits>
#include <optional>

using namespace mlir;

namespace fovea {

static bool isNarrow(Type type) {
  Type element = getElementTypeOrSelf(type);
  return element.isF16() || element.isBF16();
}

/// Scalars and vectors of the float types that have expansions.
static LogicalResult checkType(Operation *op, Type type, PatternRewriter &rewriter) {
  auto vectorType = dyn_cast<VectorType>(type);
  if (isa<ShapedType>(type) && !vectorType)
    return rewriter.notifyMatchFailure(op, "operand is not a scalar or vector");
  Type element = getElementTypeOrSelf(type);
  if (!isNarrow(type) && !element.isF32() && !element.isF64())
    return rewriter.notifyMatchFailure(op, "no expansion for this float type");
  if (element.isF64() && vectorType && vectorType.isScalable())
    return rewriter.notifyMatchFailure(op, "number of f64 lanes is unknown");
  return success();
}

/// The value of a constant that is the same in all lanes.
static std::optional<APFloat> constantOf(Value value) {
  if (auto broadcast = value.getDefiningOp<vector::BroadcastOp>())
    value = broadcast.getSource();
  APFloat constant(0.0);
  if (matchPattern(value, m_ConstantFloat(&constant)))
    return constant;
  return std::nullopt;
}
static std::optional<int64_t> constantIntOf(Value value) {
  if (auto broadcast = value.getDefiningOp<vector::BroadcastOp>())
    value = broadcast.getSource();
  APInt constant;
  if (matchPattern(value, m_ConstantInt(&constant)))
    return constant.getSExtValue();
  return std::nullopt;
}

/// Marks divisions of a constant by `sum` of a result of exp and a constant, as in a sigmoid.
static void markDivisions(Operation *sum, PatternRewriter &rewriter) {
  auto add = dyn_cast<arith::AddFOp>(sum);
  if (!add || !getElementTypeOrSelf(add.getType()).isF32())
    return;
  auto lhs = constantOf(add.getLhs()), rhs = constantOf(add.getRhs());
  if ((lhs ? lhs : rhs).value_or(APFloat(0.0f)).convertToDouble() < 1.0)
    return;
  for (Operation *user : add->getUsers()) {
    auto division = dyn_cast<arith::DivFOp>(user);
    if (!division || division.getRhs() != add.getResult())
      continue;
    auto over = constantOf(division.getLhs());
    double magnitude = over ? std::abs(over->convertToDouble()) : 0.0;
    if (magnitude >= 0x1p-20 && magnitude <= 0x1p20)
      rewriter.modifyOpInPlace(
          division, [&] { division->setAttr(kRegularDivisorAttr, rewriter.getUnitAttr()); });
  }
}

namespace {
/// Replaces an operation of one or two floats by its expansion.
template <typename OpTy, auto expansion> struct Expand : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpTy op, PatternRewriter &rewriter) const override {
    Type type = op->getResult(0).getType();
    if (failed(checkType(op, type, rewriter)))
      return failure();
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto operand = [&](unsigned i) { return widen(Lanes(b, op->getOperand(i))); };
    if constexpr (std::is_invocable_v<decltype(expansion), Lanes>)
      rewriter.replaceOp(op, narrowTo(type, expansion(operand(0))));
    else
      rewriter.replaceOp(op, narrowTo(type, expansion(operand(0), operand(1))));
    return success();
  }
};

/// An instruction of f32 on f16 or bf16.
template <typename OpTy> struct Widen : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpTy op, PatternRewriter &rewriter) const override {
    Type type = op.getType();
    if (failed(checkType(op, type, rewriter)))
      return failure();
    if (!isNarrow(type))
      return rewriter.notifyMatchFailure(op, "is an instruction");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    SmallVector<Value> operands;
    for (Value operand : op->getOperands())
      operands.push_back(widen(Lanes(b, operand)).value());
    rewriter.replaceOp(op, narrowTo(type, Lanes(b, OpTy::create(b, operands))));
    return success();
  }
};

/// exp that may be approximate (afn), or is only added to constants that dwarf subnormal numbers,
/// as in a sigmoid.
struct ExpandFlushedExp : OpRewritePattern<math::ExpOp> {
  using OpRewritePattern::OpRewritePattern;

  static bool isAddedToConstant(OpOperand &use) {
    auto add = dyn_cast<arith::AddFOp>(use.getOwner());
    if (!add)
      return false;
    auto constant = constantOf(use.getOperandNumber() == 0 ? add.getRhs() : add.getLhs());
    return constant && std::abs(constant->convertToDouble()) > 0x1p-90;
  }

  LogicalResult matchAndRewrite(math::ExpOp op, PatternRewriter &rewriter) const override {
    if (failed(checkType(op, op.getType(), rewriter)))
      return failure();
    if (getElementTypeOrSelf(op.getType()).isF64())
      return rewriter.notifyMatchFailure(op, "is a call of the host");
    bool mayFlush = arith::bitEnumContainsAll(op.getFastmath(), arith::FastMathFlags::afn);
    if (!mayFlush && (op->use_empty() || !llvm::all_of(op->getUses(), isAddedToConstant)))
      return rewriter.notifyMatchFailure(op, "subnormal results may be seen");
    for (Operation *user : op->getUsers())
      markDivisions(user, rewriter);
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Lanes x = widen(Lanes(b, op.getOperand()));
    rewriter.replaceOp(op, narrowTo(op.getType(), expand::expFlushed(x)));
    return success();
  }
};

/// exp2 that may be approximate (afn).
struct ExpandShortExp2 : OpRewritePattern<math::Exp2Op> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::Exp2Op op, PatternRewriter &rewriter) const override {
    if (failed(checkType(op, op.getType(), rewriter)))
      return failure();
    if (getElementTypeOrSelf(op.getType()).isF64())
      return rewriter.notifyMatchFailure(op, "is a call of the host");
    if (!arith::bitEnumContainsAll(op.getFastmath(), arith::FastMathFlags::afn))
      return rewriter.notifyMatchFailure(op, "must be accurate");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Lanes x = widen(Lanes(b, op.getOperand()));
    rewriter.replaceOp(op, narrowTo(op.getType(), expand::exp2Short(x)));
    return success();
  }
};

struct ExpandSincos : OpRewritePattern<math::SincosOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::SincosOp op, PatternRewriter &rewriter) const override {
    Type type = op.getOperand().getType();
    if (failed(checkType(op, type, rewriter)))
      return failure();
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Lanes x = widen(Lanes(b, op.getOperand()));
    Value sine = narrowTo(type, expand::sin(x));
    rewriter.replaceOp(op, {sine, narrowTo(type, expand::cos(x))});
    return success();
  }
};

/// Clamping by comparisons; NaN stays NaN.
struct ExpandClamp : OpRewritePattern<math::ClampFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::ClampFOp op, PatternRewriter &rewriter) const override {
    if (failed(checkType(op, op.getType(), rewriter)))
      return failure();
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Lanes x(b, op.getValue()), low(b, op.getMin()), high(b, op.getMax());
    Lanes bounded = select(x > high, high, x);
    rewriter.replaceOp(op, select(bounded < low, low, bounded).value());
    return success();
  }
};
} // namespace

/// x^n for the few n worth a form of their own: within 2 ULP of the power.
static std::optional<Lanes> smallPower(Lanes x, double n) {
  if (n == 0.0 || n == 1.0 || n == 2.0 || n == 3.0 || n == 4.0)
    return expand::powByMultiplying(x, uint64_t(n));
  if (n == -1.0 || n == -2.0)
    return expand::powByMultiplying(1.0 / x, uint64_t(-n));
  if (n != 0.5 && n != -0.5)
    return std::nullopt;
  // Unlike sqrt: +0 for -0 and +infinity for -infinity.
  double infinity = std::numeric_limits<double>::infinity();
  Lanes root = select(x == -infinity, infinity, sqrt(x) + 0.0);
  return n > 0.0 ? root : 1.0 / root;
}

namespace {
struct ExpandPow : OpRewritePattern<math::PowFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::PowFOp op, PatternRewriter &rewriter) const override {
    if (failed(checkType(op, op.getType(), rewriter)))
      return failure();
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    std::optional<Lanes> result;
    Lanes x = widen(Lanes(b, op.getLhs()));
    if (auto exponent = constantOf(op.getRhs()))
      result = smallPower(x, exponent->convertToDouble());
    if (!result)
      result = expand::pow(x, widen(Lanes(b, op.getRhs())));
    rewriter.replaceOp(op, narrowTo(op.getType(), *result));
    return success();
  }
};

struct ExpandFPowI : OpRewritePattern<math::FPowIOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::FPowIOp op, PatternRewriter &rewriter) const override {
    if (failed(checkType(op, op.getType(), rewriter)))
      return failure();
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    std::optional<Lanes> result;
    Lanes x = widen(Lanes(b, op.getLhs()));
    if (auto exponent = constantIntOf(op.getRhs()))
      result = smallPower(x, double(*exponent));
    if (!result) {
      Lanes n(b, op.getRhs());
      if (n.element().isIndex())
        n = n.make<arith::IndexCastOp>(n.typeOf(b.getI64Type()), n.value());
      result = expand::powOfInt(x, n);
    }
    rewriter.replaceOp(op, narrowTo(op.getType(), *result));
    return success();
  }
};

struct ExpandIPowI : OpRewritePattern<math::IPowIOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::IPowIOp op, PatternRewriter &rewriter) const override {
    if (isa<ShapedType>(op.getType()) && !isa<VectorType>(op.getType()))
      return rewriter.notifyMatchFailure(op, "operand is not a scalar or vector");
    if (!isa<IntegerType>(getElementTypeOrSelf(op.getType())))
      return rewriter.notifyMatchFailure(op, "width of the integers is unknown");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Lanes x(b, op.getLhs());
    auto exponent = constantIntOf(op.getRhs());
    Lanes result = exponent && *exponent >= 0 ? expand::powByMultiplying(x, uint64_t(*exponent))
                                              : expand::intPow(x, Lanes(b, op.getRhs()));
    rewriter.replaceOp(op, result.value());
    return success();
  }
};
} // namespace

void populateMathToArithPatterns(RewritePatternSet &patterns) {
  MLIRContext *context = patterns.getContext();
  patterns.add<ExpandFlushedExp, ExpandShortExp2>(context, /*benefit=*/2);
  patterns.add<Expand<math::ExpOp, expand::exp>, Expand<math::Exp2Op, expand::exp2>,
               Expand<math::ExpM1Op, expand::expm1>, Expand<math::TanhOp, expand::tanh>,
               Expand<math::SinhOp, expand::sinh>, Expand<math::CoshOp, expand::cosh>,
               Expand<math::LogOp, expand::log>, Expand<math::Log2Op, expand::log2>,
               Expand<math::Log10Op, expand::log10>, Expand<math::Log1pOp, expand::log1p>,
               Expand<math::AsinhOp, expand::asinh>, Expand<math::AcoshOp, expand::acosh>,
               Expand<math::AtanhOp, expand::atanh>, Expand<math::SinOp, expand::sin>,
               Expand<math::CosOp, expand::cos>, Expand<math::TanOp, expand::tan>,
               Expand<math::AsinOp, expand::asin>, Expand<math::AcosOp, expand::acos>,
               Expand<math::AtanOp, expand::atan>, Expand<math::Atan2Op, expand::atan2>,
               Expand<math::ErfOp, expand::erf>, Expand<math::ErfcOp, expand::erfc>,
               Expand<math::RsqrtOp, expand::rsqrt>, Expand<math::CbrtOp, expand::cbrt>,
               Expand<math::RoundOp, expand::round>, Expand<arith::RemFOp, expand::fmod>>(context);
  patterns.add<Widen<math::SqrtOp>, Widen<math::FloorOp>, Widen<math::CeilOp>, Widen<math::TruncOp>,
               Widen<math::RoundEvenOp>, Widen<math::FmaOp>>(context);
  patterns.add<ExpandSincos, ExpandClamp, ExpandPow, ExpandFPowI, ExpandIPowI>(context);
}

} // namespace fovea
