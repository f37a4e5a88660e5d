//===- MaskIntervals.cpp - what a mask keeps of a block -------------------===//
//
// Interval arithmetic on the operations of a mask region.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/Loops/MaskIntervals.h"

#include "compiler/Analysis/RegionRanges.h"
#include "compiler/Transforms/AttentionNotes.h"

#include "dialects/Fovea/StructuredOps.h"

#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::loops;

using Dim = AttentionOp::Dim;

Positions loops::keysOf(AttentionOp op, Nest &nest, Value head, Value keys) {
  int64_t parts = keyPartsOf(op);
  if (parts == 1)
    return {nest.index(0), keys};
  Value count = nest.index(parts), size = nest.ceilDiv(keys, count);
  if (auto least = op->getAttrOfType<IntegerAttr>(kPartKeysAttr))
    size = nest.max(size, nest.index(least.getInt()));
  if (int64_t page = op.getPageSize())
    size = nest.mul(nest.ceilDiv(size, nest.index(page)), nest.index(page));
  Value first = nest.min(nest.mul(nest.rem(head, count), size), keys);
  return {first, nest.min(nest.add(first, size), keys)};
}

bool loops::judgesBlocks(AttentionOp op) {
  if (op.getMask().empty())
    return false;
  Block &body = op.getMask().front();
  llvm::DenseSet<Value> known;
  known.insert_range(body.getArguments().take_front(4));
  for (Value capture : body.getArguments().drop_front(4))
    if (maskReadOf(op, capture))
      known.insert(capture);
  for (Operation &inner : body.without_terminator()) {
    // One known condition in a conjunction or disjunction may decide.
    bool decides = isa<arith::AndIOp, arith::OrIOp>(inner);
    auto isKnown = [&](Value operand) {
      return known.contains(operand) || matchPattern(operand, m_Constant());
    };
    bool judged = decides ? llvm::any_of(inner.getOperands(), isKnown)
                          : llvm::all_of(inner.getOperands(), isKnown);
    if (isa<CaptureLoadOp>(inner))
      judged = maskReadOf(op, inner.getResult(0)).has_value();
    if (judged)
      known.insert_range(inner.getResults());
  }
  return known.contains(body.getTerminator()->getOperand(0));
}

namespace {

/// Finds out what holds of the values of a mask region, for some keys or for all.
class MaskJudge {
public:
  /// Without keys, what depends on them stays unknown.
  MaskJudge(AttentionOp op, Nest &nest, const QueryBlock &block, std::optional<Positions> keys,
            const Readers &readers, MaskKnowledge before = MaskKnowledge())
      : op(op), nest(nest), block(block), keys(keys), readers(readers), ranges(op.getMask()),
        integers(std::move(before.integers)), conditions(std::move(before.conditions)) {
    Block &body = op.getMask().front();
    if (keys) {
      Value last = nest.sub(keys->end, nest.index(1));
      integers[body.getArgument(Dim::J)] = {keys->first, last};
    } else {
      Value last = nest.sub(block.queries.end, nest.index(1));
      integers[body.getArgument(Dim::B)] = {block.batch, block.batch};
      integers[body.getArgument(Dim::H)] = {block.head, block.head};
      integers[body.getArgument(Dim::I)] = {block.queries.first, last};
    }
    for (Value capture : body.getArguments().drop_front(4))
      read(capture);
    for (Operation &inner : body.without_terminator())
      visit(inner);
  }

  Kept kept() { return keptOf(op.getMask().front().getTerminator()->getOperand(0)); }
  MaskKnowledge knowledge() && { return {std::move(integers), std::move(conditions)}; }

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

  bool isKnown(Value value) { return integers.contains(value) || conditions.contains(value); }

  /// Bounds of what the block's queries, or these keys, pick.
  void read(Value scalar) {
    std::optional<MaskRead> found = maskReadOf(op, scalar);
    bool byKey = found && found->picked == Picked::ByKey;
    if (!found || isKnown(scalar) || byKey != keys.has_value())
      return;
    Value zero = nest.index(0);
    SmallVector<Value> at{block.batch, block.head, zero, zero, zero, zero};
    const Positions &positions = byKey ? *keys : block.queries;
    if (scalar.getType().isInteger(1))
      conditions[scalar] = bitsOf(nest, *found, at, positions, readers);
    else
      integers[scalar] = integersOf(nest, *found, at, positions, readers);
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
    if (inner.getNumResults() != 1 || isKnown(inner.getResult(0)))
      return;
    if (isa<CaptureLoadOp>(inner))
      return read(inner.getResult(0));
    // Without keys, half of what a condition depends on may be missing.
    if (!keys && !llvm::all_of(inner.getOperands(), [&](Value operand) {
          return isKnown(operand) || matchPattern(operand, m_Constant());
        }))
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
    if (ranges.mayWrap(inner))
      return std::nullopt;
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
      else if (compare.getLhs().getType().isInteger(1))
        compareBits(result, compare);
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

  void compareBits(Value result, arith::CmpIOp compare) {
    Kept unequal = differ(keptOf(compare.getLhs()), keptOf(compare.getRhs()));
    if (compare.getPredicate() == arith::CmpIPredicate::ne)
      conditions[result] = unequal;
    else if (compare.getPredicate() == arith::CmpIPredicate::eq)
      conditions[result] = {negated(unequal.all), negated(unequal.some)};
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
  std::optional<Positions> keys;
  Readers readers;
  RegionRanges ranges;
  llvm::DenseMap<Value, Interval> integers;
  llvm::DenseMap<Value, Kept> conditions;
};

/// Narrows a range of keys by comparisons of the key's position with what does not depend on it.
class KeyRange {
public:
  KeyRange(AttentionOp op, Nest &nest, const MaskKnowledge &known, const Positions &keys)
      : key(op.getMask().getArgument(Dim::J)), nest(nest), known(known), ranges(op.getMask()),
        range(keys) {
    // In their order, so that however long a chain is, only its last operation is new.
    for (Operation &inner : op.getMask().front().without_terminator())
      if (inner.getNumResults() == 1)
        linear(inner.getResult(0));
  }

  /// Leaves no key out of which `condition` may keep a pair.
  Positions narrowed(Value condition) {
    SmallVector<Value> open{condition};
    llvm::SmallPtrSet<Operation *, 8> seen;
    while (!open.empty()) {
      Operation *def = open.pop_back_val().getDefiningOp();
      if (!def || !seen.insert(def).second)
        continue;
      if (isa<arith::AndIOp>(def))
        llvm::append_range(open, def->getOperands());
      else if (auto compare = dyn_cast<arith::CmpIOp>(def))
        narrow(compare);
    }
    return range;
  }

private:
  using Predicate = arith::CmpIPredicate;

  /// key * factor + rest.
  struct Linear {
    int64_t factor;
    Interval rest;
  };

  /// Of a value by which positions are compared; sums of sums are looked at once.
  std::optional<Linear> linear(Value value) {
    if (auto found = forms.find(value); found != forms.end())
      return found->second;
    std::optional<Linear> form = formOf(value);
    if (form && std::abs(form->factor) > 1)
      form.reset(); // No bound follows from it, and it might grow without one.
    return forms[value] = form;
  }

  std::optional<Linear> formOf(Value value) {
    Value zero = nest.index(0);
    if (value == key)
      return Linear{1, {zero, zero}};
    if (auto found = known.integers.find(value); found != known.integers.end())
      return Linear{0, found->second};
    APInt constant;
    if (matchPattern(value, m_ConstantInt(&constant))) {
      Value same = nest.index(constant.getSExtValue());
      return Linear{0, {same, same}};
    }
    Operation *def = value.getDefiningOp();
    // In 32 bits a sum may wrap around.
    if (!def || !(value.getType().isIndex() || value.getType().isInteger(64)))
      return std::nullopt;
    if (isa<arith::IndexCastOp>(def))
      return linear(def->getOperand(0));
    if (!isa<arith::AddIOp, arith::SubIOp>(def) || ranges.mayWrap(*def))
      return std::nullopt;
    std::optional<Linear> a = linear(def->getOperand(0)), b = linear(def->getOperand(1));
    if (!a || !b)
      return std::nullopt;
    if (isa<arith::AddIOp>(def))
      return Linear{a->factor + b->factor,
                    {nest.add(a->rest.least, b->rest.least), nest.add(a->rest.most, b->rest.most)}};
    return Linear{a->factor - b->factor,
                  {nest.sub(a->rest.least, b->rest.most), nest.sub(a->rest.most, b->rest.least)}};
  }

  void narrow(arith::CmpIOp compare) {
    std::optional<Linear> left = linear(compare.getLhs()), right = linear(compare.getRhs());
    Predicate predicate = compare.getPredicate();
    if (!left || !right)
      return;
    if (predicate == Predicate::sge || predicate == Predicate::sgt) {
      std::swap(left, right);
      predicate = predicate == Predicate::sge ? Predicate::sle : Predicate::slt;
    }
    if (predicate == Predicate::sle || predicate == Predicate::slt || predicate == Predicate::eq)
      atMost(*left, *right, predicate == Predicate::slt ? 1 : 0);
    if (predicate == Predicate::eq)
      atMost(*right, *left, 0);
  }

  /// left + margin <= right for some pair.
  void atMost(const Linear &left, const Linear &right, int64_t margin) {
    Value least = nest.add(left.rest.least, nest.index(margin)), most = right.rest.most;
    if (left.factor - right.factor == 1) // key <= most - least
      range.end = nest.min(range.end, nest.add(nest.sub(most, least), nest.index(1)));
    else if (left.factor - right.factor == -1) // key >= least - most
      range.first = nest.max(range.first, nest.sub(least, most));
  }

  Value key;
  Nest &nest;
  const MaskKnowledge &known;
  RegionRanges ranges;
  Positions range;
  llvm::DenseMap<Value, std::optional<Linear>> forms;
};

} // namespace

BlockMask::BlockMask(AttentionOp op, Nest &nest, const QueryBlock &block, const Readers &readers)
    : op(op), nest(nest), block(block), readers(readers),
      known(MaskJudge(op, nest, this->block, std::nullopt, readers).knowledge()) {}

Positions BlockMask::within(const Positions &keys, int64_t size) {
  Value condition = op.getMask().front().getTerminator()->getOperand(0);
  Positions range = KeyRange(op, nest, known, keys).narrowed(condition);
  auto toBlock = [&](Value position, bool up) {
    Value distance = nest.max(nest.sub(position, keys.first), nest.index(0)), by = nest.index(size);
    Value blocks = up ? nest.ceilDiv(distance, by) : nest.div(distance, by);
    return nest.add(keys.first, nest.mul(blocks, by));
  };
  return {toBlock(range.first, false), nest.min(keys.end, toBlock(range.end, true))};
}

Kept BlockMask::keptOf(const Positions &keys) {
  return MaskJudge(op, nest, block, keys, readers, known).kept();
}

Segments BlockMask::cut(const Positions &keys, int64_t part, int64_t parts) {
  OpBuilder &builder = nest.builder;
  auto choose = [&](Value condition, Value a, Value b) -> Value {
    return arith::SelectOp::create(builder, nest.loc, condition, a, b);
  };
  auto extends = [&](Value border, Value edge, Value all) -> Value {
    Value meets = arith::CmpIOp::create(builder, nest.loc, arith::CmpIPredicate::eq, border, edge);
    return arith::AndIOp::create(builder, nest.loc, meets, all);
  };
  SmallVector<Positions> pieces;
  SmallVector<Kept> kept;
  Segments cut{keys.end, {}, {}, keys.first};
  for (int64_t number = 0; number < parts; ++number) {
    Value from = nest.min(nest.add(keys.first, nest.index(number * part)), keys.end);
    Value to = nest.min(nest.add(from, nest.index(part)), keys.end);
    pieces.push_back({from, to});
    kept.push_back(keptOf(pieces.back()));
    cut.first = choose(kept.back().some, nest.min(cut.first, from), cut.first);
    cut.end = choose(kept.back().some, nest.max(cut.end, to), cut.end);
  }
  cut.masked = cut.first;
  for (auto [piece, what] : llvm::zip_equal(pieces, kept))
    cut.masked = choose(extends(cut.masked, piece.first, what.all), piece.end, cut.masked);
  cut.whole = cut.end;
  for (auto [piece, what] : llvm::reverse(llvm::zip_equal(pieces, kept)))
    cut.whole = choose(extends(cut.whole, piece.end, what.all), piece.first, cut.whole);
  cut.whole = nest.max(cut.whole, cut.masked);
  return cut;
}
