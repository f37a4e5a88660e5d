//===- ScoreForm.cpp - scale, mask and guards found in scalar code --------===//
//
// Separates scale and mask from what else a score chain computes.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Transforms/ScoreForm.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

#include <cmath>

using namespace mlir;
using namespace fovea;

llvm::DenseSet<Operation *> fovea::operationsFor(ArrayRef<Value> values) {
  llvm::DenseSet<Operation *> needed;
  SmallVector<Value> queue(values);
  while (!queue.empty()) {
    Operation *op = queue.pop_back_val().getDefiningOp();
    if (op && needed.insert(op).second)
      llvm::append_range(queue, op->getOperands());
  }
  return needed;
}

static std::optional<double> floatConstant(Value value) {
  FloatAttr attr;
  if (matchPattern(value, m_Constant(&attr)))
    return attr.getValueAsDouble();
  return std::nullopt;
}

/// The factor when `op` is `x` times or divided by a finite constant that is not 0.
static std::optional<double> factorOf(Operation *op, Value x) {
  std::optional<double> factor;
  if (auto mul = dyn_cast<arith::MulFOp>(op))
    factor = floatConstant(mul.getLhs() == x ? mul.getRhs() : mul.getLhs());
  else if (auto div = dyn_cast<arith::DivFOp>(op); div && div.getLhs() == x)
    if (std::optional<double> by = floatConstant(div.getRhs()); by && *by != 0)
      factor = 1 / *by;
  if (!factor || !std::isfinite(*factor))
    return std::nullopt;
  return factor;
}

double fovea::takeScale(Value core, Value &result) {
  double scale = 1;
  while (core != result && core.hasOneUse()) {
    Operation *user = *core.user_begin();
    std::optional<double> factor = factorOf(user, core);
    if (!factor)
      break;
    scale *= *factor;
    if (user->getResult(0) == result)
      result = core;
    user->getResult(0).replaceAllUsesWith(core);
    user->erase();
  }
  return scale;
}

static bool isNegativeInfinity(Value value) { return matchPattern(value, m_NegInfFloat()); }

/// True when no value of it is +inf or NaN: a finite constant, or a choice of such and -inf.
static bool isBoundedAbove(Value value) {
  SmallVector<Value> queue{value};
  llvm::DenseSet<Value> seen;
  while (!queue.empty()) {
    Value one = queue.pop_back_val();
    if (!seen.insert(one).second)
      continue;
    if (std::optional<double> constant = floatConstant(one)) {
      if (std::isnan(*constant) || (*constant > 0 && std::isinf(*constant)))
        return false;
      continue;
    }
    auto select = one.getDefiningOp<arith::SelectOp>();
    if (!select)
      return false;
    queue.append({select.getTrueValue(), select.getFalseValue()});
  }
  return true;
}

/// True when `value` is computed from `core`.
static bool dependsOn(Value value, Value core) {
  return value == core || llvm::any_of(operationsFor(value), [&](Operation *op) {
           return llvm::is_contained(op->getOperands(), core);
         });
}

/// A selection between -inf and another value that does not hang on the scores.
static std::optional<KeepCondition> exclusion(Value value, Value core, Value &kept) {
  auto select = value.getDefiningOp<arith::SelectOp>();
  if (!select || dependsOn(select.getCondition(), core))
    return std::nullopt;
  bool inverted = isNegativeInfinity(select.getTrueValue());
  if (!inverted && !isNegativeInfinity(select.getFalseValue()))
    return std::nullopt;
  kept = inverted ? select.getFalseValue() : select.getTrueValue();
  return KeepCondition{select.getCondition(), inverted};
}

/// Takes one exclusion off the end of `result`.
static std::optional<KeepCondition> takeOne(OpBuilder &builder, Value core, Value &result) {
  Value kept;
  if (std::optional<KeepCondition> found = exclusion(result, core, kept)) {
    result = kept;
    return found;
  }
  auto sum = result.getDefiningOp<arith::AddFOp>();
  if (!sum)
    return std::nullopt;
  for (auto [value, other] :
       {std::pair(sum.getLhs(), sum.getRhs()), std::pair(sum.getRhs(), sum.getLhs())}) {
    std::optional<KeepCondition> found = exclusion(value, core, kept);
    // Added to anything, -inf stays -inf but for +inf and NaN. The score itself may be anything:
    // a key is excluded whatever its score is. Any other summand must be harmless.
    if (!found || !(isBoundedAbove(other) || (isBoundedAbove(kept) && dependsOn(other, core))))
      continue;
    if (std::optional<double> constant = floatConstant(kept); constant && *constant == 0) {
      result = other;
      return found;
    }
    builder.setInsertionPointAfter(sum);
    result = arith::AddFOp::create(builder, sum.getLoc(), kept, other);
    return found;
  }
  return std::nullopt;
}

SmallVector<KeepCondition> fovea::takeMask(OpBuilder &builder, Value core, Value &result) {
  SmallVector<KeepCondition> conditions;
  while (std::optional<KeepCondition> found = takeOne(builder, core, result))
    conditions.push_back(*found);
  return conditions;
}

Value fovea::dropNanGuard(Value core, Value result) {
  auto select = result.getDefiningOp<arith::SelectOp>();
  if (!select)
    return result;
  auto compare = select.getCondition().getDefiningOp<arith::CmpFOp>();
  Value kept = select.getFalseValue();
  if (kept != core || !compare || compare.getPredicate() != arith::CmpFPredicate::UNO ||
      compare.getLhs() != kept || compare.getRhs() != kept ||
      !matchPattern(select.getTrueValue(), m_AnyZeroFloat()))
    return result;
  return kept;
}

std::optional<double> fovea::scaleOfBody(Block &body) {
  double scale = 1;
  Value at = body.getArgument(0);
  for (Operation &op : body.without_terminator()) {
    if (matchPattern(&op, m_Constant()))
      continue;
    if (isa<arith::ExtFOp, arith::TruncFOp>(op) && op.getOperand(0) == at) {
      at = op.getResult(0);
      continue;
    }
    bool reads = llvm::is_contained(op.getOperands(), at);
    std::optional<double> factor = reads ? factorOf(&op, at) : std::nullopt;
    if (!factor)
      return std::nullopt;
    scale *= *factor;
    at = op.getResult(0);
  }
  if (body.getTerminator()->getOperand(0) != at)
    return std::nullopt;
  return scale;
}
