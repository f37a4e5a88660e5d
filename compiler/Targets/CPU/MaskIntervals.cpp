//===- MaskIntervals.cpp - what a mask keeps of a block -------------------===//
//
// Interval arithmetic on the operations of a mask region.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CPU/MaskIntervals.h"

#include "compiler/Targets/CPU/LaneRegion.h"

#include "dialects/Fovea/StructuredOps.h"

#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::cpu;

using Dim = AttentionOp::Dim;

namespace {
/// Values of an index, inclusive.
struct Interval {
  Value least, most;
};
} // namespace

/// True when a capture is one scalar for a whole block.
static bool isUniform(AttentionOp op, unsigned capture) {
  AffineMap map = op.getCaptureMap(capture);
  return !isTable(op.getCaptures()[capture], map) && !map.isFunctionOfDim(Dim::I) &&
         !map.isFunctionOfDim(Dim::J);
}

Positions cpu::keysOf(AttentionOp op, Nest &nest, Value head, Value keys) {
  int64_t parts = keyPartsOf(op);
  if (parts == 1)
    return {nest.index(0), keys};
  Value count = nest.index(parts), size = nest.ceilDiv(keys, count);
  Value first = nest.min(nest.mul(nest.rem(head, count), size), keys);
  return {first, nest.min(nest.add(first, size), keys)};
}

bool cpu::judgesBlocks(AttentionOp op) {
  if (op.getMask().empty())
    return false;
  // Known values: positions and uniform captures, and what is computed of nothing else.
  Block &body = op.getMask().front();
  llvm::DenseSet<Value> known;
  known.insert_range(body.getArguments().take_front(4));
  for (unsigned capture = 0; capture < op.getCaptures().size(); ++capture)
    if (isUniform(op, capture))
      known.insert(body.getArgument(4 + capture));
  for (Operation &inner : body.without_terminator()) {
    // One known condition in a conjunction or disjunction may decide.
    bool decides = isa<arith::AndIOp, arith::OrIOp>(inner);
    auto isKnown = [&](Value operand) {
      return known.contains(operand) || matchPattern(operand, m_Constant());
    };
    bool judged = decides ? llvm::any_of(inner.getOperands(), isKnown)
                          : llvm::all_of(inner.getOperands(), isKnown);
    if (judged && !isa<CaptureLoadOp>(inner))
      known.insert_range(inner.getResults());
  }
  return known.contains(body.getTerminator()->getOperand(0));
}

namespace {

class MaskJudge {
public:
  MaskJudge(AttentionOp op, Nest &nest, const QueryBlock &block, const Positions &keys)
      : op(op), nest(nest), block(block) {
    Block &body = op.getMask().front();
    Value one = nest.index(1);
    integers[body.getArgument(0)] = {block.batch, block.batch};
    integers[body.getArgument(1)] = {block.head, block.head};
    integers[body.getArgument(2)] = {block.queries.first, nest.sub(block.queries.end, one)};
    integers[body.getArgument(3)] = {keys.first, nest.sub(keys.end, one)};
    for (unsigned capture = 0; capture < op.getCaptures().size(); ++capture)
      if (isUniform(op, capture))
        loadCapture(capture, body.getArgument(4 + capture));
  }

  Kept run() {
    Block &body = op.getMask().front();
    for (Operation &inner : body.without_terminator())
      visit(inner);
    return keptOf(body.getTerminator()->getOperand(0));
  }

private:
  Value constantBit(bool value) {
    return arith::ConstantIntOp::create(nest.builder, nest.loc, value, 1);
  }
  Value both(Value a, Value b) { return arith::AndIOp::create(nest.builder, nest.loc, a, b); }
  Value either(Value a, Value b) { return arith::OrIOp::create(nest.builder, nest.loc, a, b); }
  Value negated(Value a) {
    return arith::XOrIOp::create(nest.builder, nest.loc, a, constantBit(true));
  }
  Value atMost(Value a, Value b) {
    return arith::CmpIOp::create(nest.builder, nest.loc, arith::CmpIPredicate::sle, a, b);
  }
  Value below(Value a, Value b) {
    return arith::CmpIOp::create(nest.builder, nest.loc, arith::CmpIPredicate::slt, a, b);
  }

  void loadCapture(unsigned capture, Value argument) {
    if (!argument.getType().isIntOrIndex())
      return;
    Value zero = nest.index(0);
    LaneGroup first{Dim::I, {block.batch, block.head, zero, zero, zero, zero}, 1, Value()};
    Value value = loadLanes(nest, op.getCaptures()[capture], op.getCaptureMap(capture), first);
    if (value.getType().isInteger(1)) {
      conditions[argument] = {value, value};
      return;
    }
    if (!value.getType().isIndex())
      value =
          arith::IndexCastOp::create(nest.builder, nest.loc, nest.builder.getIndexType(), value);
    integers[argument] = {value, value};
  }

  /// Constants may stand outside the region.
  std::optional<Interval> intervalOf(Value value) {
    if (auto found = integers.find(value); found != integers.end())
      return found->second;
    APInt known;
    if (!matchPattern(value, m_ConstantInt(&known)))
      return std::nullopt;
    Value same = nest.index(known.getSExtValue());
    return Interval{same, same};
  }

  Kept keptOf(Value condition) {
    if (auto found = conditions.find(condition); found != conditions.end())
      return found->second;
    APInt known;
    if (!matchPattern(condition, m_ConstantInt(&known)))
      return {constantBit(true), constantBit(false)};
    Value same = constantBit(!known.isZero());
    return {same, same};
  }

  void visit(Operation &inner) {
    if (inner.getNumResults() != 1)
      return;
    Type type = inner.getResult(0).getType();
    if (type.isInteger(1))
      visitCondition(inner);
    else if (type.isIndex() || type.isInteger(32) || type.isInteger(64))
      if (std::optional<Interval> found = visitInteger(inner))
        integers[inner.getResult(0)] = type.isInteger(32) ? inThirtyTwoBits(*found) : *found;
  }

  /// All values of 32 bits when some value does not fit: it wraps around.
  Interval inThirtyTwoBits(const Interval &wide) {
    Value lowest = nest.index(std::numeric_limits<int32_t>::min());
    Value highest = nest.index(std::numeric_limits<int32_t>::max());
    Value fits = both(atMost(lowest, wide.least), atMost(wide.most, highest));
    auto choose = [&](Value inside, Value otherwise) -> Value {
      return arith::SelectOp::create(nest.builder, nest.loc, fits, inside, otherwise);
    };
    return {choose(wide.least, lowest), choose(wide.most, highest)};
  }

  std::optional<Interval> visitInteger(Operation &inner) {
    SmallVector<Interval> in;
    for (Value operand : inner.getOperands()) {
      std::optional<Interval> interval = intervalOf(operand);
      if (!interval)
        return std::nullopt;
      in.push_back(*interval);
    }
    return TypeSwitch<Operation *, std::optional<Interval>>(&inner)
        .Case<arith::IndexCastOp, arith::ExtSIOp, arith::TruncIOp>(
            [&](auto) { return std::optional(in[0]); })
        .Case([&](arith::AddIOp) {
          return std::optional(
              Interval{nest.add(in[0].least, in[1].least), nest.add(in[0].most, in[1].most)});
        })
        .Case([&](arith::SubIOp) {
          return std::optional(
              Interval{nest.sub(in[0].least, in[1].most), nest.sub(in[0].most, in[1].least)});
        })
        .Case([&](arith::MinSIOp) {
          return std::optional(
              Interval{nest.min(in[0].least, in[1].least), nest.min(in[0].most, in[1].most)});
        })
        .Case([&](arith::MaxSIOp) {
          return std::optional(
              Interval{nest.max(in[0].least, in[1].least), nest.max(in[0].most, in[1].most)});
        })
        .Case([&](arith::MulIOp) { return std::optional(product(in[0], in[1])); })
        .Case<arith::FloorDivSIOp, arith::DivSIOp>([&](auto op) { return quotient(op, in[0]); })
        .Case([&](arith::RemSIOp op) { return remainder(op, in[0]); })
        .Default([](Operation *) { return std::nullopt; });
  }

  Interval product(const Interval &a, const Interval &b) {
    SmallVector<Value> corners;
    for (Value left : {a.least, a.most})
      for (Value right : {b.least, b.most})
        corners.push_back(nest.mul(left, right));
    Interval result{corners[0], corners[0]};
    for (Value corner : ArrayRef(corners).drop_front())
      result = {nest.min(result.least, corner), nest.max(result.most, corner)};
    return result;
  }

  /// Both roundings grow with the dividend; the divisor is a positive constant.
  template <typename Division>
  std::optional<Interval> quotient(Division op, const Interval &dividend) {
    APInt divisor;
    if (!matchPattern(op.getRhs(), m_ConstantInt(&divisor)) || !divisor.isStrictlyPositive())
      return std::nullopt;
    Value by = nest.index(divisor.getSExtValue());
    return Interval{Division::create(nest.builder, nest.loc, dividend.least, by),
                    Division::create(nest.builder, nest.loc, dividend.most, by)};
  }

  /// Of a positive constant: below it in size, and with the dividend's sign.
  std::optional<Interval> remainder(arith::RemSIOp op, const Interval &dividend) {
    APInt divisor;
    if (!matchPattern(op.getRhs(), m_ConstantInt(&divisor)) || !divisor.isStrictlyPositive())
      return std::nullopt;
    Value most = nest.index(divisor.getSExtValue() - 1), zero = nest.index(0);
    Value least = nest.index(1 - divisor.getSExtValue());
    return Interval{nest.max(least, nest.min(dividend.least, zero)),
                    nest.min(most, nest.max(dividend.most, zero))};
  }

  void visitCondition(Operation &inner) {
    Value result = inner.getResult(0);
    if (auto compare = dyn_cast<arith::CmpIOp>(inner)) {
      std::optional<Interval> left = intervalOf(compare.getLhs());
      std::optional<Interval> right = intervalOf(compare.getRhs());
      if (left && right)
        compareIntervals(result, compare.getPredicate(), *left, *right);
    } else if (isa<arith::AndIOp, arith::OrIOp, arith::XOrIOp>(inner)) {
      Kept a = keptOf(inner.getOperand(0)), b = keptOf(inner.getOperand(1));
      if (isa<arith::AndIOp>(inner))
        conditions[result] = {both(a.some, b.some), both(a.all, b.all)};
      else if (isa<arith::OrIOp>(inner))
        conditions[result] = {either(a.some, b.some), either(a.all, b.all)};
      else
        conditions[result] = differ(a, b);
    } else if (auto select = dyn_cast<arith::SelectOp>(inner)) {
      Kept when = keptOf(select.getCondition());
      Kept yes = keptOf(select.getTrueValue()), no = keptOf(select.getFalseValue());
      conditions[result] = {either(both(when.some, yes.some), both(negated(when.all), no.some)),
                            both(either(negated(when.some), yes.all), either(when.all, no.all))};
    }
  }

  /// a and not b, or not a and b.
  Kept differ(const Kept &a, const Kept &b) {
    Kept notA{negated(a.all), negated(a.some)}, notB{negated(b.all), negated(b.some)};
    return {either(both(a.some, notB.some), both(notA.some, b.some)),
            either(both(a.all, notB.all), both(notA.all, b.all))};
  }

  /// Unsigned comparisons are signed ones of intervals that hold no negative number; of others
  /// nothing is known.
  void compareIntervals(Value result, arith::CmpIPredicate predicate, const Interval &left,
                        const Interval &right) {
    using Predicate = arith::CmpIPredicate;
    static const llvm::SmallDenseMap<Predicate, Predicate> asSigned = {
        {Predicate::ult, Predicate::slt},
        {Predicate::ule, Predicate::sle},
        {Predicate::ugt, Predicate::sgt},
        {Predicate::uge, Predicate::sge}};
    auto found = asSigned.find(predicate);
    if (found == asSigned.end())
      return visitComparison(result, predicate, left, right);
    visitComparison(result, found->second, left, right);
    Value zero = nest.index(0);
    Value counts = both(atMost(zero, left.least), atMost(zero, right.least));
    Kept &kept = conditions[result];
    kept = {either(kept.some, negated(counts)), both(kept.all, counts)};
  }

  void visitComparison(Value result, arith::CmpIPredicate predicate, Interval left,
                       Interval right) {
    using Predicate = arith::CmpIPredicate;
    switch (predicate) {
    case Predicate::sgt:
    case Predicate::sge:
      std::swap(left, right);
      [[fallthrough]];
    case Predicate::slt:
    case Predicate::sle:
      if (predicate == Predicate::slt || predicate == Predicate::sgt)
        conditions[result] = {below(left.least, right.most), below(left.most, right.least)};
      else
        conditions[result] = {atMost(left.least, right.most), atMost(left.most, right.least)};
      return;
    case Predicate::eq:
    case Predicate::ne: {
      // Equal for all pairs when both are one value.
      Kept equal{both(atMost(left.least, right.most), atMost(right.least, left.most)),
                 both(atMost(left.most, right.least), atMost(right.most, left.least))};
      conditions[result] =
          predicate == Predicate::eq ? equal : Kept{negated(equal.all), negated(equal.some)};
      return;
    }
    default:
      return;
    }
  }

  AttentionOp op;
  Nest &nest;
  const QueryBlock &block;
  llvm::DenseMap<Value, Interval> integers;
  llvm::DenseMap<Value, Kept> conditions;
};

} // namespace

Kept cpu::keptOf(AttentionOp op, Nest &nest, const QueryBlock &block, const Positions &keys) {
  return MaskJudge(op, nest, block, keys).run();
}

Positions cpu::trim(AttentionOp op, Nest &nest, const QueryBlock &block, const Positions &keys,
                    int64_t part, int64_t parts) {
  auto choose = [&](Value condition, Value a, Value b) {
    return arith::SelectOp::create(nest.builder, nest.loc, condition, a, b);
  };
  Positions kept{keys.end, keys.first};
  for (int64_t number = 0; number < parts; ++number) {
    Value from = nest.min(nest.add(keys.first, nest.index(number * part)), keys.end);
    Value to = nest.min(nest.add(from, nest.index(part)), keys.end);
    Value some = keptOf(op, nest, block, {from, to}).some;
    kept.first = choose(some, nest.min(kept.first, from), kept.first);
    kept.end = choose(some, nest.max(kept.end, to), kept.end);
  }
  return kept;
}
