//===- ScalarBounds.cpp - what an index computed in a body lies between ---===//
//
// Interval arithmetic with symbolic ends.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Transforms/ScalarBounds.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace fovea;

static Bounds boundsOfQuotient(SizeContext &context, Operation *op, const Bounds &of, int64_t by) {
  std::optional<int64_t> low = of.least ? context.least(*of.least) : std::nullopt;
  if (by <= 0 || !low || *low < 0)
    return {};
  if (isa<arith::RemSIOp, arith::RemUIOp>(op))
    return {SizeExpr(0), of.most ? context.min(*of.most, by - 1) : SizeExpr(by - 1)};
  if (!of.most)
    return {};
  return {context.floorDiv(*of.least, by), context.floorDiv(*of.most, by)};
}

/// Bounds of a value of a narrow type, without those that it does not hold.
static Bounds fitting(SizeContext &context, Type type, Bounds bounds) {
  auto integer = dyn_cast<IntegerType>(type);
  if (!integer || integer.getWidth() >= 64)
    return bounds;
  int64_t most = llvm::maxIntN(integer.getWidth()), least = llvm::minIntN(integer.getWidth());
  auto reaches = [&](const SizeExpr &high, const SizeExpr &low) {
    std::optional<int64_t> difference = context.least(context.sub(high, low));
    return difference && *difference >= 0;
  };
  // Past one end it is anywhere.
  if ((bounds.most && !reaches(most, *bounds.most)) ||
      (bounds.least && !reaches(*bounds.least, least)))
    return {};
  return bounds;
}

namespace {
/// Follows a value to what `leaf` knows. `budget` bounds the work on values that are computed from
/// one another many times over.
struct Tracer {
  SizeContext &context;
  llvm::function_ref<Bounds(Value)> leaf;
  unsigned budget;

  Bounds trace(Value value);
  Bounds combine(Operation *def);
};
} // namespace

Bounds Tracer::trace(Value value) {
  if (budget == 0)
    return {};
  --budget;
  APInt constant;
  if (matchPattern(value, m_ConstantInt(&constant)))
    return {SizeExpr(constant.getSExtValue()), SizeExpr(constant.getSExtValue())};
  Bounds given = leaf(value);
  Operation *def = value.getDefiningOp();
  if (!def || given.least || given.most)
    return given;
  return fitting(context, value.getType(), combine(def));
}

Bounds Tracer::combine(Operation *def) {
  if (isa<arith::IndexCastOp, arith::ExtSIOp>(def))
    return trace(def->getOperand(0));
  Bounds a, b;
  bool select = isa<arith::SelectOp>(def);
  if (!select && (def->getNumOperands() != 2 || !isa<arith::ArithDialect>(def->getDialect())))
    return {};
  a = trace(def->getOperand(select ? 1 : 0));
  b = trace(def->getOperand(select ? 2 : 1));
  using Expr = std::optional<SizeExpr>;
  auto both = [&](const Expr &x, const Expr &y, auto combine) -> Expr {
    return x && y ? Expr((context.*combine)(*x, *y)) : std::nullopt;
  };
  auto either = [&](const Expr &x, const Expr &y, auto combine) -> Expr {
    return x && y ? Expr((context.*combine)(*x, *y)) : (x ? x : y);
  };
  if (select)
    return {both(a.least, b.least, &SizeContext::min), both(a.most, b.most, &SizeContext::max)};
  // What has no bound at one end may wrap around to the other.
  if (isa<arith::AddIOp, arith::SubIOp, arith::MulIOp>(def) &&
      !(a.least && a.most && b.least && b.most))
    return {};
  if (isa<arith::AddIOp>(def))
    return {both(a.least, b.least, &SizeContext::add), both(a.most, b.most, &SizeContext::add)};
  if (isa<arith::SubIOp>(def))
    return {both(a.least, b.most, &SizeContext::sub), both(a.most, b.least, &SizeContext::sub)};
  if (isa<arith::MaxSIOp>(def))
    return {either(a.least, b.least, &SizeContext::max), both(a.most, b.most, &SizeContext::max)};
  if (isa<arith::MinSIOp>(def))
    return {both(a.least, b.least, &SizeContext::min), either(a.most, b.most, &SizeContext::min)};
  std::optional<int64_t> by = b.least ? b.least->constant() : std::nullopt;
  if (!by || !b.most || b.most->constant() != by)
    return {};
  if (isa<arith::MulIOp>(def) && *by >= 0)
    return {both(a.least, b.least, &SizeContext::mul), both(a.most, b.most, &SizeContext::mul)};
  if (isa<arith::DivSIOp, arith::DivUIOp, arith::FloorDivSIOp, arith::RemSIOp, arith::RemUIOp>(def))
    return boundsOfQuotient(context, def, a, *by);
  return {};
}

Bounds fovea::boundsOfScalar(SizeContext &context, Value value,
                             llvm::function_ref<Bounds(Value)> leaf) {
  return Tracer{context, leaf, /*budget=*/256}.trace(value);
}
