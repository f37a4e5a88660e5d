//===- DivideIntegers.cpp - divisions of 64-bit integers without calls ----===//
//
// The pass fovea-divide-integers.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/DeviceToLLVM/Passes.h"
#include "compiler/Conversion/MathToArith/Lanes.h"

#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Dominance.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/CSE.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

namespace fovea {
#define GEN_PASS_DEF_DIVIDEINTEGERS
#include "compiler/Conversion/DeviceToLLVM/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

/// LLVM multiplies where the divisor is a constant.
static bool isLong(Operation *op) {
  Type type = op->getResult(0).getType();
  return (type.isIndex() || type.isInteger(64)) && !matchPattern(op->getOperand(1), m_Constant());
}

static Value cast(ImplicitLocOpBuilder &b, Type type, Value value) {
  if (value.getType() == type)
    return value;
  if (type.isIndex() || value.getType().isIndex())
    return arith::IndexCastUIOp::create(b, type, value);
  if (type.isInteger(32))
    return arith::TruncIOp::create(b, type, value);
  return arith::ExtUIOp::create(b, type, value);
}

static Lanes unsignedAtLeast(Lanes x, Lanes y) {
  return x.make<arith::CmpIOp>(arith::CmpIPredicate::uge, x.value(), y.value());
}

/// The quotient of unsigned integers by 64 subtractions, a bit each.
static Value divideByBits(ImplicitLocOpBuilder &b, Value over, Value under) {
  auto number = [&](int64_t n) -> Value { return arith::ConstantIndexOp::create(b, n); };
  Value zero = arith::ConstantIntOp::create(b, b.getI64Type(), 0);
  Value top = arith::ConstantIntOp::create(b, b.getI64Type(), 63);
  auto body = [&](OpBuilder &, Location, Value, ValueRange carried) {
    Lanes quotient(b, carried[0]), rest(b, carried[1]), left(b, carried[2]), divisor(b, under);
    auto firstBit = [&](Lanes x) { return x.make<arith::ShRUIOp>(x.value(), top); };
    Lanes shifted = (rest << 1) | firstBit(left);
    // A bit that leaves at the top makes the rest larger than any divisor.
    Lanes fits = (firstBit(rest) != 0) | unsignedAtLeast(shifted, divisor);
    rest = select(fits, shifted - divisor, shifted);
    quotient = (quotient << 1) | quotient.make<arith::ExtUIOp>(b.getI64Type(), fits.value());
    scf::YieldOp::create(b, ValueRange{quotient.value(), rest.value(), (left << 1).value()});
  };
  return scf::ForOp::create(b, number(0), number(64), number(1), ValueRange{zero, zero, over},
                            [&](OpBuilder &builder, Location loc, Value turn, ValueRange carried) {
                              OpBuilder::InsertionGuard guard(b);
                              b.restoreInsertionPoint(builder.saveInsertionPoint());
                              body(builder, loc, turn, carried);
                            })
      .getResult(0);
}

/// In 32 bits where both operands have no more.
static Value divide(ImplicitLocOpBuilder &b, Value over, Value under) {
  Lanes x(b, over), y(b, under);
  Lanes high = (x | y).make<arith::ShRUIOp>((x | y).value(), x.like(32).value());
  auto either = scf::IfOp::create(b, TypeRange(b.getI64Type()), (high == 0).value(), true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(either.thenBlock());
  Value quotient =
      arith::DivUIOp::create(b, cast(b, b.getI32Type(), over), cast(b, b.getI32Type(), under));
  scf::YieldOp::create(b, cast(b, b.getI64Type(), quotient));
  b.setInsertionPointToStart(either.elseBlock());
  scf::YieldOp::create(b, divideByBits(b, over, under));
  return either.getResult(0);
}

/// Signs apart from magnitudes; quotients are rounded to 0.
static Value divideSigned(ImplicitLocOpBuilder &b, Value over, Value under) {
  Lanes x(b, over), y(b, under);
  auto magnitude = [](Lanes z) { return select(z < 0, z.like(0) - z, z); };
  Lanes quotient(b, divide(b, magnitude(x).value(), magnitude(y).value()));
  return select((x ^ y) < 0, quotient.like(0) - quotient, quotient).value();
}

/// The remainder from the quotient, which a division beside it may have made already.
template <typename RemOp, typename DivOp>
static void replaceRemainder(IRRewriter &rewriter, RemOp op) {
  rewriter.setInsertionPoint(op);
  Location loc = op.getLoc();
  Value quotient = DivOp::create(rewriter, loc, op.getLhs(), op.getRhs());
  Value product = arith::MulIOp::create(rewriter, loc, quotient, op.getRhs());
  rewriter.replaceOpWithNewOp<arith::SubIOp>(op, op.getLhs(), product);
}

namespace {
struct DivideIntegers : fovea::impl::DivideIntegersBase<DivideIntegers> {
  void runOnOperation() override {
    RewritePatternSet rounded(&getContext());
    arith::populateCeilFloorDivExpandOpsPatterns(rounded);
    walkAndApplyPatterns(getOperation(), std::move(rounded));
    IRRewriter rewriter(&getContext());
    SmallVector<Operation *> remainders, quotients;
    getOperation().walk([&](Operation *op) {
      if (isa<arith::RemUIOp, arith::RemSIOp>(op) && isLong(op))
        remainders.push_back(op);
    });
    for (Operation *op : remainders) {
      if (auto remainder = dyn_cast<arith::RemUIOp>(op))
        replaceRemainder<arith::RemUIOp, arith::DivUIOp>(rewriter, remainder);
      else
        replaceRemainder<arith::RemSIOp, arith::DivSIOp>(rewriter, llvm::cast<arith::RemSIOp>(op));
    }
    DominanceInfo dominance;
    eliminateCommonSubExpressions(rewriter, dominance, getOperation());
    getOperation().walk([&](Operation *op) {
      if (isa<arith::DivUIOp, arith::DivSIOp>(op) && isLong(op))
        quotients.push_back(op);
    });
    for (Operation *op : quotients) {
      ImplicitLocOpBuilder b(op->getLoc(), op);
      Value over = ::cast(b, b.getI64Type(), op->getOperand(0));
      Value under = ::cast(b, b.getI64Type(), op->getOperand(1));
      Value quotient =
          isa<arith::DivUIOp>(op) ? divide(b, over, under) : divideSigned(b, over, under);
      rewriter.replaceOp(op, ::cast(b, op->getResult(0).getType(), quotient));
    }
    numDivided += quotients.size();
  }
};
} // namespace
