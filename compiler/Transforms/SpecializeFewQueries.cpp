//===- SpecializeFewQueries.cpp - one query, some, or many at run time ----===//
//
// What a decoder runs is a prompt of many queries first and one or some at a time from then on, and
// a model that does both says the number at run time. How to compute either well is a matter of the
// module, so that it gets both, and the run chooses by the number.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Analysis/TensorSizes.h"
#include "compiler/Transforms/AttentionNotes.h"
#include "compiler/Transforms/AttentionRegions.h"
#include "compiler/Transforms/FewQueries.h"
#include "compiler/Transforms/Passes.h"
#include "compiler/Transforms/TensorBuilders.h"
#include "dialects/Fovea/StructuredOps.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

namespace fovea {
#define GEN_PASS_DEF_SPECIALIZEFEWQUERIES
#include "compiler/Transforms/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;
using Dim = AttentionOp::Dim;

/// True when a capture or a result says how many queries there are, if not the query itself.
static bool knowsQueries(AttentionOp op) {
  auto knows = [&](Value value, AffineMap map) {
    auto place = map.getResultPosition(getAffineDimExpr(Dim::I, op.getContext()));
    return place && !cast<ShapedType>(value.getType()).isDynamicDim(*place);
  };
  size_t count = op.getCaptures().size();
  for (auto [index, capture] : llvm::enumerate(op.getCaptures()))
    if (knows(capture, op.getCaptureMap(index)))
      return true;
  for (auto [index, init] : llvm::enumerate(op.getInits()))
    if (knows(init, op.getMap(3 + count + index)))
      return true;
  return false;
}

/// True when attention to few queries has a form of its own and the run says whether they are few.
static bool isOfAnyNumber(AttentionOp op, int64_t headStep, TensorSizes &sizes) {
  if (op->getNumResults() == 0 || op.hasSugar() || op.getScheduleAttr() ||
      !op.getScoreType().isF32())
    return false;
  AffineMap map = op.getQueryMap();
  if (!ShapedType::isDynamic(extentOf(op.getQuery(), map, Dim::I)) || knowsQueries(op))
    return false;
  auto isStep = [&](int64_t size) {
    return !ShapedType::isDynamic(size) && size > 0 && size % headStep == 0;
  };
  if (!isStep(extentOf(op.getQuery(), map, Dim::D)) ||
      !isStep(extentOf(op.getValue(), op.getValueMap(), Dim::E)))
    return false;
  // Of as many keys as queries, few are nothing that takes time.
  return op.getPages() ||
         !sizes.areEqual(sizes.sizeOf(op.getQuery(), placeOf(map, Dim::I)),
                         sizes.sizeOf(op.getKey(), placeOf(op.getKeyMap(), Dim::J)));
}

/// Why a few queries cannot have others behind them to fill up their number; empty when they can.
static StringRef whyNotSome(AttentionOp op) {
  for (auto [index, capture] : llvm::enumerate(op.getCaptures())) {
    AffineMap map = op.getCaptureMap(index);
    if (isTable(capture, map))
      return "a region reads a table, which may have nothing for queries behind the last";
    if (map.isFunctionOfDim(Dim::I))
      return "a capture has an element for each query, and none for queries behind the last";
  }
  return "";
}

namespace {

/// Rewrites one attention.
class Specializing {
public:
  Specializing(AttentionOp op, bool inTurns)
      : op(op), builder(op.getLoc(), op), refusal(whyNotSome(op)),
        firstInit(3 + op.getCaptures().size()), inTurns(inTurns) {
    int64_t keys = op.getKeyCount();
    bool few = !ShapedType::isDynamic(keys) && keys < kFewKeys;
    // Heads become rows unless a capture differs from head to head.
    bool folds = true;
    for (unsigned index = 0; index < op.getCaptures().size(); ++index)
      folds &= !op.getCaptureMap(index).isFunctionOfDim(Dim::H);
    int64_t rows = inTurns && few ? kFewQueriesOnFewKeys : kFewQueries;
    step = folds ? std::max<int64_t>(rows / op.getGroup(), 1) : rows;
  }

  void write() {
    queries = tensor::DimOp::create(builder, op.getQuery(), placeOf(op.getQueryMap(), Dim::I));
    scf::IfOp one = choose(arith::CmpIPredicate::eq, 1);
    op.replaceAllUsesWith(one.getResults());
    builder.setInsertionPointToStart(one.thenBlock());
    yield(attendToOne());
    builder.setInsertionPointToStart(one.elseBlock());
    for (int64_t most : refusal.empty() ? numbersOfSome() : SmallVector<int64_t>()) {
      scf::IfOp few = choose(arith::CmpIPredicate::ule, most);
      yield(few.getResults());
      builder.setInsertionPointToStart(few.thenBlock());
      yield(inTurns ? attendInTurns() : attendAtOnce(most));
      builder.setInsertionPointToStart(few.elseBlock());
    }
    attendToMany();
  }

private:
  scf::IfOp choose(arith::CmpIPredicate predicate, int64_t number) {
    Value limit = arith::ConstantIndexOp::create(builder, number);
    Value condition = arith::CmpIOp::create(builder, predicate, queries, limit);
    auto choice = scf::IfOp::create(builder, op->getResultTypes(), condition, /*withElse=*/true);
    for (Block *block : {choice.thenBlock(), choice.elseBlock()})
      if (!block->empty())
        block->getTerminator()->erase();
    return choice;
  }

  void yield(ValueRange results) { scf::YieldOp::create(builder, results); }

  void describe(AttentionOp attention, const Twine &text) {
    attention->setAttr(kQueriesAttr, builder.getStringAttr(text));
  }

  static Type withQueries(Value tensor, AffineMap map, int64_t number) {
    auto type = cast<RankedTensorType>(tensor.getType());
    SmallVector<int64_t> shape(type.getShape());
    shape[placeOf(map, Dim::I)] = number;
    return type.clone(shape);
  }

  /// Up to which numbers some queries have an operation of their own.
  SmallVector<int64_t> numbersOfSome() {
    if (inTurns || step == 1 || step >= kFewQueries)
      return {kFewQueries};
    return {step, kFewQueries};
  }

  /// A copy with one query, which it knows.
  SmallVector<Value> attendToOne() {
    auto copy = cast<AttentionOp>(builder.clone(*op));
    describe(copy, "1 query");
    builder.setInsertionPoint(copy);
    auto cast = [&](OpOperand &operand, AffineMap map) {
      operand.set(castTo(builder, operand.get(), withQueries(operand.get(), map, 1)));
    };
    cast(copy.getQueryMutable(), op.getQueryMap());
    for (unsigned index = 0; index < op.getCaptures().size(); ++index)
      if (AffineMap map = op.getCaptureMap(index);
          map.getResultPosition(builder.getAffineDimExpr(Dim::I)))
        cast(copy.getCapturesMutable()[index], map);
    for (auto [index, init] : llvm::enumerate(copy.getInitsMutable()))
      cast(init, op.getMap(firstInit + index));
    builder.setInsertionPointAfter(copy);
    SmallVector<Value> results;
    for (auto [index, result] : llvm::enumerate(copy.getResults())) {
      result.setType(copy.getInits()[index].getType());
      results.push_back(castTo(builder, result, op->getResult(index).getType()));
    }
    return results;
  }

  /// `step` queries at a time.
  SmallVector<Value> attendInTurns() {
    Value zero = arith::ConstantIndexOp::create(builder, 0);
    Value by = arith::ConstantIndexOp::create(builder, step);
    auto loop = scf::ForOp::create(builder, zero, queries, by, op.getInits());
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(loop.getBody());
    Value first = loop.getInductionVar();
    Value left = arith::SubIOp::create(builder, queries, first);
    Value count = arith::MinUIOp::create(builder, left, by);
    auto copy = cast<AttentionOp>(builder.clone(*op));
    describe(copy, "up to " + Twine(kFewQueries) + " queries, " + Twine(step) + " at a time");
    yield(attendToPart(copy, step, first, count, loop.getRegionIterArgs()));
    return llvm::to_vector_of<Value>(loop.getResults());
  }

  /// All queries as if there were `size`.
  SmallVector<Value> attendAtOnce(int64_t size) {
    auto copy = cast<AttentionOp>(builder.clone(*op));
    describe(copy, "up to " + Twine(size) + " queries");
    return attendToPart(copy, size, Value(), queries, op.getInits());
  }

  /// Lets `copy` attend to `count` queries from `first` on (from 0 if null) as if there were
  /// `size`: the last may be others than there are. What comes of them takes its place in `whole`.
  SmallVector<Value> attendToPart(AttentionOp copy, int64_t size, Value first, Value count,
                                  ValueRange whole) {
    OpFoldResult start = first ? OpFoldResult(first) : builder.getIndexAttr(0);
    builder.setInsertionPoint(copy);
    copy.getQueryMutable().set(filledUp(start, count, size));
    for (auto [index, init] : llvm::enumerate(copy.getInitsMutable()))
      init.set(emptyPart(init.get(), op.getMap(firstInit + index), size));
    if (first)
      moveQueries(copy, first);
    builder.setInsertionPointAfter(copy);
    SmallVector<Value> results;
    for (auto [index, result] : llvm::enumerate(copy.getResults())) {
      result.setType(copy.getInits()[index].getType());
      int64_t place = placeOf(op.getMap(firstInit + index), Dim::I);
      Value there = viewRange(builder, result, place, builder.getIndexAttr(0), count);
      results.push_back(inserted(there, whole[index], place, start, count));
    }
    return results;
  }

  /// Queries from `first` on, with zeros behind them.
  Value filledUp(OpFoldResult first, Value count, int64_t size) {
    int64_t place = placeOf(op.getQueryMap(), Dim::I);
    Value query = op.getQuery(), part = viewRange(builder, query, place, first, count);
    int64_t rank = cast<RankedTensorType>(query.getType()).getRank();
    SmallVector<OpFoldResult> low(rank, builder.getIndexAttr(0)), high(low);
    high[place] =
        arith::SubIOp::create(builder, arith::ConstantIndexOp::create(builder, size), count)
            .getResult();
    Type element = getElementTypeOrSelf(query);
    Value zero = arith::ConstantOp::create(builder, builder.getZeroAttr(element));
    return tensor::PadOp::create(builder, withQueries(query, op.getQueryMap(), size), part, low,
                                 high, zero);
  }

  Value emptyPart(Value init, AffineMap map, int64_t size) {
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, op.getLoc(), init);
    sizes[placeOf(map, Dim::I)] = builder.getIndexAttr(size);
    return tensor::EmptyOp::create(builder, sizes, getElementTypeOrSelf(init));
  }

  Value inserted(Value part, Value whole, int64_t place, OpFoldResult first, Value count) {
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, op.getLoc(), whole);
    SmallVector<OpFoldResult> offsets(sizes.size(), builder.getIndexAttr(0));
    SmallVector<OpFoldResult> strides(sizes.size(), builder.getIndexAttr(1));
    offsets[place] = first;
    sizes[place] = count;
    return tensor::InsertSliceOp::create(builder, part, whole, offsets, sizes, strides);
  }

  /// Lets regions see the numbers of queries that begin with `first`.
  void moveQueries(AttentionOp copy, Value first) {
    if (llvm::all_of(copy->getRegions(), [](Region &region) { return region.empty(); }))
      return;
    Type wide = builder.getI64Type();
    Value offset = arith::IndexCastOp::create(builder, wide, first);
    addScalarCapture(
        copy, tensor::FromElementsOp::create(builder, RankedTensorType::get({}, wide), offset));
    for (Region *region : {&copy.getScore(), &copy.getMask(), &copy.getProb()}) {
      if (region->empty())
        continue;
      Block &block = region->front();
      Value query = block.getArgument((region == &copy.getMask() ? 0 : 1) + Dim::I);
      ImplicitLocOpBuilder inside(op.getLoc(), builder.getContext());
      inside.setInsertionPointToStart(&block);
      Value moved =
          arith::IndexCastOp::create(inside, inside.getIndexType(), block.getArguments().back());
      // Known here, so that the sum of both fits what a position does.
      moved = arith::MaxSIOp::create(inside, moved, arith::ConstantIndexOp::create(inside, 0));
      moved = arith::MinSIOp::create(inside, moved,
                                     arith::ConstantIndexOp::create(inside, kFewQueries));
      Value number = arith::AddIOp::create(inside, query, moved);
      query.replaceAllUsesExcept(number, number.getDefiningOp());
    }
  }

  void attendToMany() {
    op->moveBefore(builder.getInsertionBlock(), builder.getInsertionPoint());
    builder.setInsertionPointAfter(op);
    yield(op.getResults());
    if (refusal.empty())
      return describe(op, "more than " + Twine(kFewQueries) + " queries");
    describe(op, "any other number of queries");
    op->setAttr(kNotForFewAttr, builder.getStringAttr(refusal));
  }

  AttentionOp op;
  ImplicitLocOpBuilder builder;
  StringRef refusal;
  unsigned firstInit;
  /// Whether some queries are attended to in turns, and how many then at a time.
  bool inTurns;
  int64_t step;
  Value queries;
};

struct SpecializeFewQueries : fovea::impl::SpecializeFewQueriesBase<SpecializeFewQueries> {
  using SpecializeFewQueriesBase::SpecializeFewQueriesBase;

  void runOnOperation() override {
    SmallVector<AttentionOp> found;
    TensorSizes sizes(getOperation());
    getOperation().walk([&](AttentionOp op) {
      // Only what this pass has made has them.
      op->removeAttr(kQueriesAttr);
      op->removeAttr(kNotForFewAttr);
      if (isOfAnyNumber(op, headStep, sizes))
        found.push_back(op);
    });
    for (AttentionOp op : found) {
      Specializing(op, inTurns).write();
      ++numSpecialized;
    }
  }
};

} // namespace
