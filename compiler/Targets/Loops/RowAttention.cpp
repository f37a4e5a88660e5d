//===- RowAttention.cpp - attention, a query at a time --------------------===//
//
// For what the transposed form does not take: head sizes known only at run time, or large, and f64.
// Online softmax over scalar scores; the row of results stays in scratch memory, a block of
// channels at a time, so that neither scores nor results depend on run-time sizes.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/Loops/AttentionKeys.h"
#include "compiler/Targets/Loops/Forms.h"
#include "compiler/Targets/Loops/MaskIntervals.h"
#include "compiler/Targets/Loops/RegionInliner.h"
#include "compiler/Targets/Loops/ScalarLoops.h"

#include "dialects/Fovea/StructuredOps.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include <limits>

using namespace mlir;
using namespace fovea;
using namespace fovea::loops;

/// Channels whose sums are in scratch memory at a time; the scores are computed anew for each
/// block.
static constexpr int64_t kChannels = 1024;

static bool handles(Operation *op) { return isa<AttentionOp>(op); }

static Refusal refuse(Operation *op) {
  auto attention = cast<AttentionOp>(op);
  if (attention.hasSugar())
    return {"order", "sugar is left; fovea-materialize-mods runs first"};
  return {};
}

namespace {

class RowAttention {
public:
  RowAttention(AttentionOp op, Nest &nest)
      : op(op), nest(nest), b(nest.builder), real(op.getScoreType()) {}

  void write() {
    extent = extentsOf(op, nest);
    SmallVector<Value> space{extent[Dim::B], extent[Dim::H], extent[Dim::I]};
    Value work = nest.mul(extent[Dim::J], nest.add(extent[Dim::D], extent[Dim::E]));
    parallelRows(
        nest, nest.product(space), work,
        [&](Value row) {
          place = nest.delinearize(row, space);
          place.append(3, nest.index(0));
          writeRow();
        },
        [&] {
          sums = nest.scratch({kChannels}, real);
          maximum = nest.scratch({1}, real);
          total = nest.scratch({1}, real);
        });
  }

private:
  using Dim = AttentionOp::Dim;

  Value number(double value) {
    return arith::ConstantOp::create(b, nest.loc, b.getFloatAttr(real, value));
  }
  Value infinity() { return number(-std::numeric_limits<double>::infinity()); }
  Value mulf(Value x, Value y) { return relaxed(arith::MulFOp::create(b, nest.loc, x, y)); }
  Value addf(Value x, Value y) { return relaxed(arith::AddFOp::create(b, nest.loc, x, y)); }
  Value relaxed(Value value) {
    relax(value.getDefiningOp(), /*reassociate=*/true);
    return value;
  }
  Value compare(arith::CmpFPredicate predicate, Value x, Value y) {
    return arith::CmpFOp::create(b, nest.loc, predicate, x, y);
  }
  Value select(Value condition, Value x, Value y) {
    return arith::SelectOp::create(b, nest.loc, condition, x, y);
  }
  Value exponential(Value value) { return math::ExpOp::create(b, nest.loc, value); }
  Value difference(Value x, Value y) { return arith::SubFOp::create(b, nest.loc, x, y); }

  SmallVector<Value> at(Value key, Value depth, Value channel) {
    SmallVector<Value> point(place);
    Value zero = nest.index(0);
    point[Dim::J] = key ? key : zero;
    point[Dim::D] = depth ? depth : zero;
    point[Dim::E] = channel ? channel : zero;
    return point;
  }
  Value load(Value buffer, AffineMap map, ArrayRef<Value> point) {
    Value value = memref::LoadOp::create(b, nest.loc, buffer, nest.apply(map, point));
    return resized(nest, value, real);
  }
  Value read(Value scratch, Value index = Value()) {
    return memref::LoadOp::create(b, nest.loc, scratch, index ? index : nest.index(0));
  }
  void keep(Value value, Value scratch, Value index = Value()) {
    memref::StoreOp::create(b, nest.loc, value, scratch, index ? index : nest.index(0));
  }

  void writeRow() {
    Value zero = nest.index(0), block = nest.index(kChannels);
    // Statistics do not depend on channels, but a row without any has a log of its sum, too.
    Value channels = nest.max(extent[Dim::E], nest.index(1));
    nest.loop(zero, channels, block, [&](Value first) {
      Value count = nest.min(nest.sub(extent[Dim::E], first), block);
      keep(infinity(), maximum);
      keep(number(0), total);
      nest.loop(zero, count, nest.index(1), [&](Value e) { keep(number(0), sums, e); });
      bool twice = !op.getProb().empty();
      forKeys([&](Value key, Value score) { addKey(key, score, first, count, !twice); });
      if (twice)
        forKeys([&](Value key, Value score) { weighKey(key, score, first, count); });
      finish(first, count, twice);
    });
    if (op.hasLse())
      storeLse();
    if (op.hasMax())
      storeMax();
  }

  /// body(key, score) for every key that the row keeps.
  void forKeys(function_ref<void(Value, Value)> body) {
    Positions keys = keysOf(op, nest, place[Dim::H], extent[Dim::J]);
    if (!op.getMask().empty()) {
      Positions row{place[Dim::I], nest.add(place[Dim::I], nest.index(1))};
      QueryBlock block{place[Dim::B], place[Dim::H], row};
      keys = BlockMask(op, nest, block, Readers()).within(keys, /*block=*/1);
    }
    nest.loop(keys.first, keys.end, nest.index(1), [&](Value key) {
      Value stored = placeOfKey(op, nest, place[Dim::B], key);
      Value dot = nest.loop(nest.index(0), extent[Dim::D], nest.index(1), number(0),
                            [&](Value d, ValueRange sum) {
                              SmallVector<Value> point = at(key, d, Value());
                              Value q = load(op.getQuery(), op.getQueryMap(), point);
                              point[Dim::J] = stored;
                              Value k = load(op.getKey(), op.getKeyMap(), point);
                              return Nest::Carried{addf(sum[0], mulf(q, k))};
                            })
                      .front();
      Value score = mulf(dot, number(op.getScale().convertToDouble()));
      if (!op.getScore().empty())
        score = inlined(op.getScore(), score, key);
      Value kept = compare(arith::CmpFPredicate::UNE, score, infinity());
      if (!op.getMask().empty())
        kept = arith::AndIOp::create(b, nest.loc, kept, inlined(op.getMask(), Value(), key));
      nest.branch(kept, [&] { body(key, score); });
    });
  }

  /// A region at this row and a key, on scalars.
  Value inlined(Region &region, Value first, Value key) {
    SmallVector<Value> arguments;
    if (first)
      arguments.push_back(first);
    SmallVector<Value> point = at(key, Value(), Value());
    arguments.append(point.begin(), point.begin() + 4);
    for (auto [index, capture] : llvm::enumerate(op.getCaptures())) {
      AffineMap map = op.getCaptureMap(index);
      arguments.push_back(
          isTable(capture, map)
              ? capture
              : memref::LoadOp::create(b, nest.loc, capture, nest.apply(map, point)).getResult());
    }
    return inlineRegion(nest, region, arguments)[0];
  }

  /// A maximum without the -inf of a row that keeps nothing yet.
  Value safe(Value value) {
    return select(compare(arith::CmpFPredicate::OEQ, value, infinity()), number(0), value);
  }

  void addKey(Value key, Value score, Value first, Value count, bool weigh) {
    Value before = read(maximum);
    Value most = select(compare(arith::CmpFPredicate::OGT, score, before), score, before);
    Value factor = exponential(difference(before, safe(most)));
    Value weight = exponential(difference(score, safe(most)));
    keep(most, maximum);
    keep(addf(mulf(read(total), factor), weight), total);
    if (weigh)
      addValues(key, weight, factor, first, count);
  }

  void weighKey(Value key, Value score, Value first, Value count) {
    Value weight = exponential(difference(score, safe(read(maximum))));
    weight = inlined(op.getProb(), mulf(weight, inverseTotal()), key);
    addValues(key, weight, Value(), first, count);
  }

  /// sums = sums * factor + weight * values.
  void addValues(Value key, Value weight, Value factor, Value first, Value count) {
    Value stored = placeOfKey(op, nest, place[Dim::B], key);
    nest.loop(nest.index(0), count, nest.index(1), [&](Value e) {
      Value value = load(op.getValue(), op.getValueMap(), at(stored, Value(), nest.add(first, e)));
      Value sum = read(sums, e);
      keep(addf(factor ? mulf(sum, factor) : sum, mulf(weight, value)), sums, e);
    });
  }

  /// 1 / total, 0 in a row that keeps no key.
  Value inverseTotal() {
    Value sum = read(total);
    Value inverse = arith::DivFOp::create(b, nest.loc, number(1), sum);
    return select(compare(arith::CmpFPredicate::OEQ, sum, number(0)), number(0), inverse);
  }

  void finish(Value first, Value count, bool normalized) {
    Value factor = normalized ? Value() : inverseTotal();
    nest.loop(nest.index(0), count, nest.index(1), [&](Value e) {
      Value value = read(sums, e);
      if (factor)
        value = mulf(value, factor);
      value = resized(nest, value, elementTypeOf(op.getOut()));
      SmallVector<Value> point = at(Value(), Value(), nest.add(first, e));
      memref::StoreOp::create(b, nest.loc, value, op.getOut(), nest.apply(op.getOutMap(), point));
    });
  }

  /// maximum + log(total), -inf in a row that keeps no key.
  void storeLse() {
    Value sum = read(total);
    Value value = addf(read(maximum), math::LogOp::create(b, nest.loc, sum));
    Value empty = compare(arith::CmpFPredicate::OEQ, sum, number(0));
    memref::StoreOp::create(b, nest.loc, select(empty, infinity(), value), op.getLse(),
                            nest.apply(op.getLseMap(), at(Value(), Value(), Value())));
  }

  /// The largest score, -inf in a row that keeps no key, NaN where the sum of exponentials is.
  void storeMax() {
    Value sum = read(total), nan = compare(arith::CmpFPredicate::UNO, sum, sum);
    memref::StoreOp::create(b, nest.loc, select(nan, sum, read(maximum)), op.getMax(),
                            nest.apply(op.getMaxMap(), at(Value(), Value(), Value())));
  }

  AttentionOp op;
  Nest &nest;
  OpBuilder &b;
  FloatType real;
  SmallVector<Value> extent, place;
  Value sums, maximum, total;
};

} // namespace

static void schedule(Operation *op, Nest &nest) {
  RowAttention(cast<AttentionOp>(op), nest).write();
}

const LoopForm loops::kRowAttention = {"row_attention", handles, refuse, schedule};
