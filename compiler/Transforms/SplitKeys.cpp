//===- SplitKeys.cpp - keys in parts, attended to by themselves -----------===//
//
// Decoding has few queries and reads all keys and values, which one thread would do alone: the keys
// are cut into parts, each part is attended to as by a head of its own, and the results are merged
// in the order of the parts. Merge by log-sum-exp: Dao et al., "Flash-Decoding", 2023.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Base/Refusal.h"
#include "compiler/Transforms/AttentionNotes.h"
#include "compiler/Transforms/AttentionRegions.h"
#include "compiler/Transforms/Passes.h"
#include "compiler/Transforms/TensorBuilders.h"
#include "dialects/Fovea/StructuredOps.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include <limits>

namespace fovea {
#define GEN_PASS_DEF_SPLITKEYS
#include "compiler/Transforms/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;
using Dim = AttentionOp::Dim;

/// With more queries there is enough to do for each key that is read.
static constexpr int64_t kMaxQueries = 16;
/// Parts at most: the merge reads all of them for each element. Heads at most: times the parts they
/// are an extent that attention may have.
static constexpr int64_t kMaxParts = 64, kMaxHeads = 1 << 20;

/// Why the keys of `op` cannot be split; empty when they can.
static std::string whyNot(AttentionOp op, int64_t parts) {
  if (op.hasSugar())
    return "sugar is left; fovea-materialize-mods runs first";
  if (!op.getProb().empty())
    return "its probability region needs the sums over all keys";
  int64_t queries = extentOf(op.getQuery(), op.getQueryMap(), Dim::I);
  if (ShapedType::isDynamic(queries))
    return "the number of queries is known only at run time";
  if (queries > kMaxQueries)
    return "keys are split for at most " + std::to_string(kMaxQueries) +
           " queries of a head, there are " + std::to_string(queries);
  int64_t heads = extentOf(op.getQuery(), op.getQueryMap(), Dim::H);
  if (ShapedType::isDynamic(heads))
    return "the number of heads is known only at run time";
  if (heads > kMaxHeads)
    return "there are more than " + std::to_string(kMaxHeads) + " heads";
  if (parts > kMaxParts)
    return "there are at most " + std::to_string(kMaxParts) + " parts";
  return "";
}

/// Parts for an attention without a schedule that says: with few heads to share out and many keys,
/// as many as there are tasks to have, and not so many that a part is short.
static int64_t chooseParts(AttentionOp op, const SplitKeysOptions &options) {
  int64_t batch = extentOf(op.getQuery(), op.getQueryMap(), Dim::B);
  int64_t heads = extentOf(op.getQuery(), op.getQueryMap(), Dim::H);
  int64_t keys = op.getKeyCount();
  bool unknown = ShapedType::isDynamic(batch) || ShapedType::isDynamic(keys);
  if (!op.getScoreType().isF32() || (unknown && !options.unknownSizes))
    return 1;
  if (ShapedType::isDynamic(batch))
    batch = 1;
  if (ShapedType::isDynamic(keys))
    keys = std::numeric_limits<int64_t>::max();
  if (keys < options.manyKeys || batch >= options.tasks || heads >= options.tasks)
    return 1;
  int64_t parts = 1;
  while (parts < kMaxParts && batch * heads * parts < options.tasks &&
         keys / std::max<int64_t>(options.partKeys, 1) >= 2 * parts)
    parts *= 2;
  return parts;
}

namespace {

/// Rewrites one attention. Head h' of the parts is h * parts + part.
class Splitting {
public:
  Splitting(AttentionOp op, int64_t parts, int64_t runKeys)
      : op(op), builder(op.getLoc(), op), parts(parts), runKeys(runKeys), context(op.getContext()),
        real(op.getScoreType()),
        allHeads(extentOf(op.getQuery(), op.getQueryMap(), Dim::H) * parts) {}

  void write() {
    op.getQueryMutable().assign(repeatedQuery());
    renameHeads();
    keepOwnKeys();
    createParts();
    SmallVector<Value> merged{mergeOut()};
    if (op.hasLse())
      merged.push_back(mergeLse());
    if (op.hasMax())
      merged.push_back(mergeMax());
    op.replaceAllUsesWith(merged);
    op.erase();
  }

private:
  AffineExpr dim(unsigned number) { return getAffineDimExpr(number, context); }
  Value index(ImplicitLocOpBuilder &b, int64_t value) {
    return arith::ConstantIndexOp::create(b, value);
  }
  Value number(ImplicitLocOpBuilder &b, double value) {
    return arith::ConstantOp::create(b, b.getFloatAttr(real, value));
  }

  /// The query once for each part.
  Value repeatedQuery() {
    Value query = op.getQuery();
    unsigned heads = placeOf(op.getQueryMap(), Dim::H);
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, op.getLoc(), query);
    sizes[heads] = builder.getIndexAttr(allHeads);
    Value init = tensor::EmptyOp::create(builder, sizes, getElementTypeOrSelf(query));
    SmallVector<AffineExpr> source;
    for (unsigned place = 0; place < sizes.size(); ++place)
      source.push_back(place == heads ? dim(place).floorDiv(parts) : dim(place));
    return createElementwise(builder, query, AffineMap::get(sizes.size(), 0, source, context), init,
                             [](ImplicitLocOpBuilder &, ValueRange scalars) -> SmallVector<Value> {
                               return {scalars[0]};
                             })
        .front();
  }

  /// Lets keys, values, captures and regions see the heads that there were.
  void renameHeads() {
    AffineExpr shared = dim(Dim::H).floorDiv(op.getGroup() * parts);
    SmallVector<Attribute> maps(op.getIndexingMaps().getValue());
    for (unsigned operand = 1; operand < 3 + op.getCaptures().size(); ++operand) {
      SmallVector<AffineExpr> results;
      for (AffineExpr result : op.getMap(operand).getResults())
        results.push_back(operand < 3 && result.isFunctionOfDim(Dim::H)
                              ? shared
                              : result.replace(dim(Dim::H), dim(Dim::H).floorDiv(parts)));
      maps[operand] = AffineMapAttr::get(AffineMap::get(6, 0, results, context));
    }
    op.setIndexingMapsAttr(ArrayAttr::get(context, maps));
    for (Region *region : {&op.getScore(), &op.getMask()}) {
      if (region->empty())
        continue;
      Value head = region->getArgument((region == &op.getMask() ? 0 : 1) + Dim::H);
      ImplicitLocOpBuilder inside(op.getLoc(), context);
      inside.setInsertionPointToStart(&region->front());
      Value old = headOf(inside, head);
      head.replaceAllUsesExcept(old, old.getDefiningOp());
    }
  }

  Value headOf(ImplicitLocOpBuilder &b, Value head) {
    return arith::DivSIOp::create(b, head, index(b, parts));
  }

  /// True when the run decides whether a part has its share of the keys or the least.
  bool isLeastKept() { return runKeys > 1 && ShapedType::isDynamic(op.getKeyCount()); }

  Value countKeys() {
    if (!op.getPages())
      return tensor::DimOp::create(builder, op.getKey(), placeOf(op.getKeyMap(), Dim::J));
    Value blocks = tensor::DimOp::create(builder, op.getPages(), 1);
    return arith::MulIOp::create(builder, blocks, index(builder, op.getPageSize()));
  }

  /// Masks the keys of other parts: kernels leave out blocks of nothing else. Of keys in pages, a
  /// part begins with a page.
  void keepOwnKeys() {
    int64_t keys = op.getKeyCount(), page = std::max<int64_t>(op.getPageSize(), 1);
    bool known = !ShapedType::isDynamic(keys);
    if (!known) {
      Value size = arith::CeilDivUIOp::create(builder, countKeys(), index(builder, parts));
      if (isLeastKept())
        size = arith::MaxUIOp::create(builder, size, index(builder, runKeys));
      if (page > 1) {
        Value pages = arith::CeilDivUIOp::create(builder, size, index(builder, page));
        size = arith::MulIOp::create(builder, pages, index(builder, page));
      }
      size = arith::IndexCastOp::create(builder, builder.getI64Type(), size);
      auto type = RankedTensorType::get({}, builder.getI64Type());
      addScalarCapture(op, tensor::FromElementsOp::create(builder, type, size));
    }
    conjoinMask(op, [&](ImplicitLocOpBuilder &b, ValueRange arguments) -> Value {
      Value head = arguments[Dim::H], key = arguments[Dim::J];
      Value size = known ? index(b, llvm::alignTo(llvm::divideCeil(keys, parts), page))
                         : arith::IndexCastOp::create(b, b.getIndexType(), arguments.back());
      Value whole = arith::MulIOp::create(b, headOf(b, head), index(b, parts));
      Value part = arith::SubIOp::create(b, head, whole);
      Value first = arith::MulIOp::create(b, part, size);
      Value end = arith::AddIOp::create(b, first, size);
      Value from = arith::CmpIOp::create(b, arith::CmpIPredicate::sle, first, key);
      Value to = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, key, end);
      return arith::AndIOp::create(b, from, to);
    });
  }

  /// The attention over the parts: out as [b, h', i, e], log-sum-exp and, where it is asked for,
  /// the maximum as [b, h', i].
  void createParts() {
    SmallVector<OpFoldResult> out = tensor::getMixedSizes(builder, op.getLoc(), op.getOut()), sizes;
    for (unsigned dim : {Dim::B, Dim::H, Dim::I, Dim::E})
      sizes.push_back(out[placeOf(op.getOutMap(), dim)]);
    sizes[1] = builder.getIndexAttr(allHeads);
    Value outs = tensor::EmptyOp::create(builder, sizes, real);
    sizes.pop_back();
    SmallVector<Value> inits{outs, tensor::EmptyOp::create(builder, sizes, real)};
    if (op.hasMax())
      inits.push_back(tensor::EmptyOp::create(builder, sizes, real));
    SmallVector<Attribute> maps(
        op.getIndexingMaps().getValue().take_front(3 + op.getCaptures().size()));
    maps.push_back(AffineMapAttr::get(mapOf(builder, 6, {Dim::B, Dim::H, Dim::I, Dim::E})));
    maps.append(inits.size() - 1, AffineMapAttr::get(mapOf(builder, 6, {Dim::B, Dim::H, Dim::I})));
    auto partial = AttentionOp::create(builder, TypeRange(ValueRange(inits)), op.getQuery(),
                                       op.getKey(), op.getValue(), op.getCaptures(), inits,
                                       builder.getArrayAttr(maps), op.getScaleAttr());
    partial.setScheduleAttr(op.getScheduleAttr());
    partial.getPagesMutable().assign(op.getPages() ? ValueRange(op.getPages()) : ValueRange());
    partial.getScore().takeBody(op.getScore());
    partial.getMask().takeBody(op.getMask());
    partial->setAttr(kKeyPartsAttr, builder.getI64IntegerAttr(parts));
    if (isLeastKept())
      partial->setAttr(kPartKeysAttr, builder.getI64IntegerAttr(runKeys));
    for (StringRef note : {kQueriesAttr, kNotForFewAttr})
      if (Attribute text = op->getAttr(note))
        partial->setAttr(note, text);
    results = partial.getResults();
  }

  /// Maps by which an element of a tensor with dimensions as in `map` reads those of each part of
  /// result `number`.
  SmallVector<AffineMap> readingParts(AffineMap map, unsigned number) {
    SmallVector<AffineMap> maps;
    for (int64_t part = 0; part < parts; ++part) {
      SmallVector<AffineExpr> exprs;
      for (unsigned want : {Dim::B, Dim::H, Dim::I, Dim::E})
        if (number == 0 || want != Dim::E)
          exprs.push_back(dim(placeOf(map, want)));
      exprs[1] = exprs[1] * parts + part;
      maps.push_back(AffineMap::get(map.getNumResults(), 0, exprs, context));
    }
    return maps;
  }

  /// Maximum of the parts' log-sum-exp, and the weight of each part relative to it: all 0 in a row
  /// that keeps nothing.
  std::pair<Value, SmallVector<Value>> weigh(ImplicitLocOpBuilder &b, ValueRange logs) {
    Value none = number(b, -std::numeric_limits<double>::infinity());
    Value most = logs.front();
    for (Value log : logs.drop_front()) {
      Value more = arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, log, most);
      most = arith::SelectOp::create(b, more, log, most);
    }
    Value empty = arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, most, none);
    most = arith::SelectOp::create(b, empty, number(b, 0), most);
    SmallVector<Value> weights = llvm::map_to_vector(logs, [&](Value log) -> Value {
      return math::ExpOp::create(b, arith::SubFOp::create(b, log, most));
    });
    return {most, weights};
  }

  Value sum(ImplicitLocOpBuilder &b, ValueRange values) {
    Value total = values.front();
    for (Value value : values.drop_front())
      total = arith::AddFOp::create(b, total, value);
    return total;
  }

  /// `value`, or `otherwise` where the weights' total is 0.
  Value unlessEmpty(ImplicitLocOpBuilder &b, Value total, Value value, double otherwise) {
    Value empty = arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, total, number(b, 0));
    return arith::SelectOp::create(b, empty, number(b, otherwise), value);
  }

  /// Weighted mean of the parts' results.
  Value mergeOut() {
    SmallVector<AffineMap> maps = readingParts(op.getOutMap(), 1);
    llvm::append_range(maps, readingParts(op.getOutMap(), 0));
    SmallVector<Value> inputs(parts, results[1]);
    inputs.append(parts, results[0]);
    auto body = [&](ImplicitLocOpBuilder &b, ValueRange scalars) -> SmallVector<Value> {
      SmallVector<Value> weights = weigh(b, scalars.take_front(parts)).second, weighted;
      for (auto [weight, value] : llvm::zip_equal(weights, scalars.slice(parts, parts)))
        weighted.push_back(arith::MulFOp::create(b, weight, value));
      Value total = sum(b, weights);
      Value mean = arith::DivFOp::create(b, sum(b, weighted), total);
      return {convertFloat(b, unlessEmpty(b, total, mean, 0), getElementTypeOrSelf(op.getOut()))};
    };
    return createElementwise(builder, inputs, maps, op.getOut(), body).front();
  }

  /// Logarithm of the sum over all parts.
  Value mergeLse() {
    SmallVector<Value> inputs(parts, results[1]);
    auto body = [&](ImplicitLocOpBuilder &b, ValueRange scalars) -> SmallVector<Value> {
      auto [most, weights] = weigh(b, scalars.take_front(parts));
      Value total = sum(b, weights);
      Value log = arith::AddFOp::create(b, most, math::LogOp::create(b, total));
      return {unlessEmpty(b, total, log, -std::numeric_limits<double>::infinity())};
    };
    return createElementwise(builder, inputs, readingParts(op.getLseMap(), 1), op.getLse(), body)
        .front();
  }

  /// Maximum over all parts, NaN where a part's is.
  Value mergeMax() {
    SmallVector<Value> inputs(parts, results[2]);
    auto body = [&](ImplicitLocOpBuilder &b, ValueRange scalars) -> SmallVector<Value> {
      Value most = scalars.front();
      for (Value next : scalars.take_front(parts).drop_front())
        most = arith::MaximumFOp::create(b, most, next);
      return {most};
    };
    return createElementwise(builder, inputs, readingParts(op.getMaxMap(), 2), op.getMax(), body)
        .front();
  }

  AttentionOp op;
  ImplicitLocOpBuilder builder;
  /// Parts, and the least keys of one where the run says how many there are.
  int64_t parts, runKeys;
  MLIRContext *context;
  FloatType real;
  /// Heads of all parts.
  int64_t allHeads;
  /// Of the attention over the parts.
  ValueRange results;
};

struct SplitKeys : fovea::impl::SplitKeysBase<SplitKeys> {
  using SplitKeysBase::SplitKeysBase;

  void runOnOperation() override {
    SmallVector<AttentionOp> found;
    getOperation().walk([&](AttentionOp op) {
      if (op->getNumResults() > 0)
        found.push_back(op);
    });
    for (AttentionOp op : found) {
      // Only what this pass has made has them: kernels rely on the mask behind them.
      op->removeAttr(kKeyPartsAttr);
      op->removeAttr(kPartKeysAttr);
      if (failed(split(op)))
        return signalPassFailure();
    }
  }

  LogicalResult split(AttentionOp op) {
    ScheduleAttr schedule = op.getScheduleAttr();
    std::optional<int64_t> asked = schedule ? schedule.getKvSplit() : std::nullopt;
    if (asked == 1)
      return success();
    std::string reason = whyNot(op, asked.value_or(1));
    if (!reason.empty() && asked) {
      InFlightDiagnostic diag = emitRefusal(op, kScheduleNotFollowed);
      diag << nodeOrLine(op) << " cannot follow " << schedule;
      diag.attachNote() << "kv_split: " << reason;
      return diag;
    }
    int64_t parts = !reason.empty() ? 1
                    : asked ? *asked
                            : chooseParts(op, {tasks, manyKeys, partKeys, unknownSizes, runKeys});
    if (parts > 1) {
      Splitting(op, parts, asked ? 1 : runKeys.getValue()).write();
      ++numSplit;
    }
    return success();
  }
};

} // namespace
