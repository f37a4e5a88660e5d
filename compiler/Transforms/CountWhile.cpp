//===- CountWhile.cpp - loops with a condition as counted loops -----------===//
//
// Turns scf.while into scf.for that may end early, so that whatever is known of loops holds for
// both.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Transforms/Passes.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include <limits>

namespace fovea {
#define GEN_PASS_DEF_COUNTWHILE
#include "compiler/Transforms/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

/// What a loop counts itself: the carried value of this number is one larger after each step. The
/// comparison that keeps it below `bound` is part of the loop's condition; null where none is.
namespace {
struct Counter {
  unsigned number;
  arith::CmpIOp below;
  Value bound;
};
} // namespace

/// True for a loop that asks before it computes: its condition comes from scalars and elements of
/// what it carries, and it hands that on as it is.
static bool asksFirst(scf::WhileOp loop) {
  for (Operation &op : loop.getBeforeBody()->without_terminator()) {
    bool isScalar = isa<arith::ArithDialect>(op.getDialect()) ||
                    isa<tensor::ExtractOp, tensor::DimOp, CheckedIndexOp>(op);
    if (!isScalar || llvm::any_of(op.getResultTypes(), llvm::IsaPred<TensorType>))
      return false;
  }
  return llvm::equal(loop.getConditionOp().getArgs(), loop.getBeforeArguments());
}

/// What a clone of the block in front of the condition gives: the condition and what is handed on.
static SmallVector<Value> cloneBefore(OpBuilder &builder, scf::WhileOp loop, ValueRange carried) {
  IRMapping mapping;
  mapping.map(loop.getBeforeArguments(), carried);
  for (Operation &op : loop.getBeforeBody()->without_terminator())
    builder.clone(op, mapping);
  return llvm::map_to_vector(loop.getConditionOp()->getOperands(),
                             [&](Value value) { return mapping.lookupOrDefault(value); });
}

/// A loop that computes before it asks, as one that does so once in front of it and at the end of
/// each step, and that carries the answer.
static scf::WhileOp rotated(scf::WhileOp loop) {
  OpBuilder builder(loop);
  Location loc = loop.getLoc();
  SmallVector<Value> inits = cloneBefore(builder, loop, loop.getInits());
  auto next = scf::WhileOp::create(
      builder, loc, ValueRange(inits).getTypes(), inits,
      [&](OpBuilder &inner, Location, ValueRange arguments) {
        scf::ConditionOp::create(inner, loc, arguments.front(), arguments);
      },
      [&](OpBuilder &inner, Location, ValueRange arguments) {
        IRMapping mapping;
        mapping.map(loop.getAfterArguments(), arguments.drop_front());
        for (Operation &op : loop.getAfterBody()->without_terminator())
          inner.clone(op, mapping);
        SmallVector<Value> carried =
            llvm::map_to_vector(loop.getYieldOp().getOperands(),
                                [&](Value value) { return mapping.lookupOrDefault(value); });
        scf::YieldOp::create(inner, loc, cloneBefore(inner, loop, carried));
      });
  loop->replaceAllUsesWith(next.getResults().drop_front());
  loop.erase();
  return next;
}

/// The parts that a condition is the conjunction of.
static SmallVector<Value> partsOf(Value condition) {
  auto both = condition.getDefiningOp<arith::AndIOp>();
  if (!both)
    return {condition};
  SmallVector<Value> parts = partsOf(both.getLhs());
  llvm::append_range(parts, partsOf(both.getRhs()));
  return parts;
}

static bool isCounted(scf::WhileOp loop, unsigned number) {
  auto add = loop.getYieldOp().getOperand(number).getDefiningOp<arith::AddIOp>();
  Value argument = loop.getAfterArguments()[number];
  return add && ((add.getLhs() == argument && matchPattern(add.getRhs(), m_One())) ||
                 (add.getRhs() == argument && matchPattern(add.getLhs(), m_One())));
}

/// The comparison as `counter < bound` with signs, where it can be read so.
static std::optional<Counter> belowBound(scf::WhileOp loop, Value part) {
  auto compare = part.getDefiningOp<arith::CmpIOp>();
  if (!compare)
    return std::nullopt;
  using Predicate = arith::CmpIPredicate;
  Predicate predicate = compare.getPredicate();
  bool swapped = llvm::is_contained({Predicate::sgt, Predicate::ugt}, predicate);
  if (!swapped && !llvm::is_contained({Predicate::slt, Predicate::ult}, predicate))
    return std::nullopt;
  Value low = swapped ? compare.getRhs() : compare.getLhs();
  Value bound = swapped ? compare.getLhs() : compare.getRhs();
  auto argument = dyn_cast<BlockArgument>(low);
  if (!argument || argument.getOwner() != loop.getBeforeBody() ||
      !isCounted(loop, argument.getArgNumber()))
    return std::nullopt;
  // Without signs the same, where neither end has one.
  bool isUnsigned = llvm::is_contained({Predicate::ult, Predicate::ugt}, predicate);
  std::optional<int64_t> start = getConstantIntValue(loop.getInits()[argument.getArgNumber()]);
  std::optional<int64_t> end = getConstantIntValue(bound);
  if (isUnsigned && !(start && *start >= 0 && end && *end >= 0))
    return std::nullopt;
  return Counter{argument.getArgNumber(), compare, bound};
}

/// What the loop counts, bounded where possible.
static std::optional<Counter> counterOf(scf::WhileOp loop, ArrayRef<Value> parts) {
  for (Value part : parts) {
    std::optional<Counter> counter = belowBound(loop, part);
    if (!counter || loop->isAncestor(counter->bound.getParentBlock()->getParentOp()))
      continue;
    // One step would be taken out of its loop, with its end.
    std::optional<int64_t> start = getConstantIntValue(loop.getInits()[counter->number]);
    std::optional<int64_t> end = getConstantIntValue(counter->bound);
    if (parts.size() == 1 || (start && end && *end > *start && *end - 1 > *start))
      return counter;
  }
  // A narrow counter may wrap around.
  for (unsigned number = 0; number < loop.getNumOperands(); ++number) {
    Type type = loop.getInits()[number].getType();
    if ((type.isIndex() || type.isInteger(64)) && isCounted(loop, number))
      return Counter{number, {}, {}};
  }
  return std::nullopt;
}

/// A constant of the condition's block is as good as one outside.
static void hoistConstants(scf::WhileOp loop) {
  for (auto constant :
       llvm::make_early_inc_range(loop.getBeforeBody()->getOps<arith::ConstantOp>()))
    constant->moveBefore(loop);
}

namespace {

struct CountWhile : fovea::impl::CountWhileBase<CountWhile> {
  void runOnOperation() override {
    SmallVector<scf::WhileOp> loops;
    getOperation().walk([&](scf::WhileOp loop) { loops.push_back(loop); });
    for (scf::WhileOp loop : loops) {
      if (!asksFirst(loop)) {
        loop = rotated(loop);
        ++numRotated;
      }
      count(loop);
      ++numCounted;
    }
  }

private:
  static Value asIndex(OpBuilder &builder, Location loc, Value value) {
    return value.getType().isIndex()
               ? value
               : arith::IndexCastOp::create(builder, loc, builder.getIndexType(), value);
  }

  void count(scf::WhileOp loop) {
    hoistConstants(loop);
    OpBuilder builder(loop);
    Location loc = loop.getLoc();
    SmallVector<Value> parts = partsOf(loop.getConditionOp().getCondition());
    std::optional<Counter> counter = counterOf(loop, parts);
    Value low = arith::ConstantIndexOp::create(builder, loc, 0);
    Value one = arith::ConstantIndexOp::create(builder, loc, 1);
    Value high;
    if (counter)
      low = asIndex(builder, loc, loop.getInits()[counter->number]);
    if (counter && counter->bound)
      high = asIndex(builder, loc, counter->bound);
    else
      high = arith::ConstantIndexOp::create(builder, loc, std::numeric_limits<int64_t>::max());
    auto next = scf::ForOp::create(builder, loc, low, high, one, loop.getInits());
    fill(loop, next, counter, parts);
    loop->replaceAllUsesWith(next);
    loop.erase();
  }

  /// Moves condition and body over.
  static void fill(scf::WhileOp loop, scf::ForOp next, std::optional<Counter> counter,
                   ArrayRef<Value> parts) {
    Location loc = loop.getLoc();
    Block *body = next.getBody();
    // Without carried values a loop is built with its end.
    if (!body->empty())
      body->back().erase();
    OpBuilder builder = OpBuilder::atBlockEnd(body);
    SmallVector<Value> carried(next.getRegionIterArgs());
    if (counter) {
      Value number = next.getInductionVar(), &place = carried[counter->number];
      place = number.getType() == place.getType()
                  ? number
                  : arith::IndexCastOp::create(builder, loc, place.getType(), number).getResult();
    }
    IRMapping mapping;
    mapping.map(loop.getBeforeArguments(), carried);
    SmallVector<Operation *> clones;
    for (Operation &op : loop.getBeforeBody()->without_terminator())
      clones.push_back(builder.clone(op, mapping));
    Value condition;
    for (Value part : parts) {
      if (counter && counter->bound && part == counter->below.getResult())
        continue;
      Value now = mapping.lookupOrDefault(part);
      condition = condition ? arith::AndIOp::create(builder, loc, condition, now).getResult() : now;
    }
    if (condition)
      ProceedIfOp::create(builder, loc, condition);
    // The bound's comparison, and conjunctions with it.
    for (Operation *clone : llvm::reverse(clones))
      if (isOpTriviallyDead(clone))
        clone->erase();
    for (auto [argument, value] : llvm::zip_equal(loop.getAfterArguments(), carried))
      argument.replaceAllUsesWith(value);
    body->getOperations().splice(body->end(), loop.getAfterBody()->getOperations());
  }
};

} // namespace
