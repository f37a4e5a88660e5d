//===- WarpAttention.cpp - attention, a query for each warp ---------------===//
//
// Keys come in groups of 32. Every lane multiplies its part of the depth, so that a row of keys is
// read by neighbors; 31 exchanges then leave the score of key l in lane l, where regions and the
// exponential run once for each key. For the weighted sum lanes are channels. Where there are few
// queries, the warps of a block share the keys of one, and their sums are added in their order.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CUDA/AttentionBlock.h"
#include "compiler/Targets/CUDA/SharedMemory.h"
#include "compiler/Targets/Loops/ScalarLoops.h"
#include "compiler/Transforms/FewQueries.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::cuda;

static bool handles(Operation *op) { return isa<AttentionOp>(op); }

static Refusal refuse(Operation *op) { return refuseOnWarps(cast<AttentionOp>(op)); }

namespace {

/// Where queries are few, blocks split the keys of one.
class WarpAttention : AttentionBlock {
public:
  WarpAttention(AttentionOp op, Nest &nest) : AttentionBlock(op, nest) {
    std::optional<int64_t> queries = constant(extent[Dim::I]);
    splits = queries && *queries <= kFewQueries;
  }

  void write() {
    SmallVector<Value> space{extent[Dim::B], extent[Dim::H], extent[Dim::I]};
    Value rows = nest.product(space), warps = nest.index(kWarps), lanes = nest.index(warp::kWarp);
    Value blocks = splits ? rows : nest.ceilDiv(rows, warps);
    nest.grid(blocks, kBlockThreads, [&](Value block, Value inBlock) {
      thread = inBlock;
      lane = nest.rem(thread, lanes);
      number = nest.div(thread, lanes);
      auto writeAt = [&](Value row) {
        SmallVector<Value> place = nest.delinearize(row, space);
        enter(place[0], place[1]);
        query = place[2];
        writeRow();
      };
      if (splits)
        return writeAt(block);
      Value row = nest.add(nest.mul(block, warps), number);
      nest.branch(compare(arith::CmpIPredicate::ult, row, rows), [&] { writeAt(row); });
    });
  }

private:
  /// Largest score and sum of the exponentials of scores less that.
  struct Statistics {
    Value maximum, total;
  };

  /// A value of each lane, folded over the warp in an order that does not change.
  Value folded(Value value, function_ref<Value(Value, Value)> fold) {
    return RowLanes{lane, warp::kWarp}.combine(nest, value, fold);
  }
  Value asWord(Value index) {
    return arith::IndexCastOp::create(b, nest.loc, b.getI32Type(), index);
  }
  int64_t channelGroups() { return llvm::divideCeil(width, warp::kWarp); }
  /// The lane's element of group `group`, some element where it has none.
  Value channel(int64_t group) {
    Value place = nest.add(nest.index(group * warp::kWarp), lane);
    return (group + 1) * warp::kWarp <= width ? place : nest.min(place, nest.index(width - 1));
  }
  void whereChannel(int64_t group, function_ref<void()> body) {
    if ((group + 1) * warp::kWarp <= width)
      return body();
    Value place = nest.add(nest.index(group * warp::kWarp), lane);
    nest.branch(compare(arith::CmpIPredicate::slt, place, nest.index(width)), body);
  }

  void writeRow() {
    Positions keys = keysOfWarp();
    bool twice = !op.getProb().empty();
    SmallVector<Value> state{infinity(), f32(0)};
    if (!twice)
      state.append(channelGroups(), f32(0));
    state = forGroups(keys, state, [&](Value first, Value count, ValueRange now) {
      return addGroup(first, count, now, !twice);
    });
    Statistics own{state[0], folded(state[1], [&](Value x, Value y) { return addf(x, y); })};
    if (!twice)
      return splits ? mergeAndStore(own, ArrayRef(state).drop_front(2))
                    : finish(own, ArrayRef(state).drop_front(2), inverse(own.total));
    Statistics all = splits ? merged(shareStatistics(own)) : own;
    Value factor = inverse(all.total);
    SmallVector<Value> sums(channelGroups(), f32(0));
    sums = forGroups(keys, sums, [&](Value first, Value count, ValueRange now) {
      Value score = scoreOf(first, count);
      Value weight = mulf(weigh(score, safe(all.maximum)), factor);
      return addValues(first, count, score, probability(weight, pointOf(first, count)), now);
    });
    if (splits)
      return addAndStore(all, sums);
    finish(all, sums, Value());
  }

  /// The keys that the row may keep; with splits, this warp's part of them.
  Positions keysOfWarp() {
    Positions keys = keysOf(op, nest, head, extent[Dim::J]);
    if (!op.getMask().empty()) {
      Positions row{query, nest.add(query, nest.index(1))};
      keys = BlockMask(op, nest, {batch, head, row}, Readers()).within(keys, /*block=*/1);
    }
    if (!splits)
      return keys;
    Value group = nest.index(warp::kWarp);
    Value count = nest.max(nest.sub(keys.end, keys.first), nest.index(0));
    Value part = nest.mul(nest.ceilDiv(nest.ceilDiv(count, group), nest.index(kWarps)), group);
    Value first = nest.add(keys.first, nest.mul(number, part));
    return {first, nest.min(nest.add(first, part), keys.end)};
  }

  Nest::Carried forGroups(const Positions &keys, ValueRange state,
                          function_ref<Nest::Carried(Value, Value, ValueRange)> body) {
    Value group = nest.index(warp::kWarp);
    return nest.loop(keys.first, keys.end, group, state, [&](Value first, ValueRange now) {
      return body(first, nest.min(nest.sub(keys.end, first), group), now);
    });
  }

  /// The pair of this row and the lane's key; of the last key where the lane has none.
  SmallVector<Value> pointOf(Value first, Value count) {
    Value within = nest.min(lane, nest.sub(count, nest.index(1)));
    return at(query, nest.add(first, within));
  }

  /// The lane's score; -inf where its key is excluded.
  Value scoreOf(Value first, Value count) {
    Value score = mulf(exchangeDots(dotsOfGroup(first, count)), f32(scale()));
    score = modified(score, pointOf(first, count), /*masked=*/true);
    Value exists = compare(arith::CmpIPredicate::slt, lane, count);
    return select(exists, score, infinity());
  }

  /// As `dotsOf`, with code of its own for groups of 32 keys. Where only the run says how far keys
  /// lie apart that code would keep 32 distances over the loop, and spill.
  SmallVector<Value> dotsOfGroup(Value first, Value count) {
    if (hasStepsOfTheRun())
      return dotsOf(first, count);
    Value whole = compare(arith::CmpIPredicate::eq, count, nest.index(warp::kWarp));
    auto dots = [&](bool isWhole) {
      scf::YieldOp::create(b, nest.loc, dotsOf(first, isWhole ? Value() : count));
    };
    auto either = scf::IfOp::create(
        b, nest.loc, whole, [&](OpBuilder &, Location) { dots(true); },
        [&](OpBuilder &, Location) { dots(false); });
    return SmallVector<Value>(either.getResults());
  }

  /// The lane's share of the products with 32 keys; of the last key instead of those behind it.
  SmallVector<Value> dotsOf(Value first, Value count) {
    SmallVector<Value> keys;
    // A group has 1 to 32 keys: numbers in one register are enough.
    Value last = count ? asWord(nest.sub(count, nest.index(1))) : Value();
    for (int64_t place = 0; place < warp::kWarp; ++place) {
      Value within = nest.index(place);
      if (last)
        within = arith::IndexCastUIOp::create(
            b, nest.loc, b.getIndexType(), arith::MinUIOp::create(b, nest.loc, word(place), last));
      keys.push_back(placeOfKey(op, nest, batch, nest.add(first, within)));
    }
    auto multiply = [&](Value element, Value exists, ValueRange sums) {
      Value q = load(op.getQuery(), op.getQueryMap(), at(query, Value(), element));
      Nest::Carried next;
      for (auto [key, sum] : llvm::zip_equal(keys, sums)) {
        Value k = load(op.getKey(), op.getKeyMap(), at(Value(), key, element));
        // An element that is not there is a copy of another one: no product with 0, it may be inf.
        Value more = fma(q, k, sum);
        next.push_back(exists ? select(exists, more, sum) : more);
      }
      return next;
    };
    int64_t even = depth / warp::kWarp * warp::kWarp;
    SmallVector<Value> sums(warp::kWarp, f32(0));
    if (even > 0)
      sums = nest.loop(nest.index(0), nest.index(even), nest.index(warp::kWarp), sums,
                       [&](Value start, ValueRange now) {
                         return multiply(nest.add(start, lane), Value(), now);
                       });
    if (even == depth)
      return sums;
    Value element = nest.add(nest.index(even), lane), end = nest.index(depth);
    Value exists = compare(arith::CmpIPredicate::slt, element, end);
    return multiply(nest.min(element, nest.index(depth - 1)), exists, sums);
  }

  /// Sums of 32 values of all lanes, that of value l in lane l: each step halves the values.
  Value exchangeDots(SmallVector<Value> values) {
    for (int64_t half = warp::kWarp / 2; half > 0; half /= 2) {
      Value bit = arith::AndIOp::create(b, nest.loc, lane, nest.index(half));
      Value upper = compare(arith::CmpIPredicate::ne, bit, nest.index(0));
      for (int64_t place = 0; place < half; ++place) {
        Value kept = select(upper, values[place + half], values[place]);
        Value given = select(upper, values[place], values[place + half]);
        values[place] = addf(kept, across(given, half));
      }
      values.truncate(half);
    }
    return values.front();
  }

  /// The online softmax, by one group: maximum, this lane's total, sums.
  Nest::Carried addGroup(Value first, Value count, ValueRange now, bool weighs) {
    Value score = scoreOf(first, count);
    Value most = folded(score, [&](Value x, Value y) { return larger(x, y); });
    most = larger(most, now[0]);
    Value factor = weigh(now[0], safe(most)), weight = weigh(score, safe(most));
    Nest::Carried next{most, fma(now[1], factor, weight)};
    if (!weighs)
      return next;
    auto sums =
        llvm::map_to_vector(now.drop_front(2), [&](Value sum) { return mulf(sum, factor); });
    next.append(addValues(first, count, score, weight, sums));
    return next;
  }

  /// sums + weight * values over the group's keys that are kept, each lane for its channels. What
  /// is excluded is not read: which keys are kept is known to all lanes.
  Nest::Carried addValues(Value first, Value count, Value score, Value weight, ValueRange sums) {
    Value kept = compare(arith::CmpFPredicate::UNE, score, infinity());
    Value bits = warp::VoteOp::create(b, nest.loc, b.getI32Type(), warp::Vote::Ballot, kept);
    auto body = [&](Value place, ValueRange now) {
      Value key = asWord(place);
      Value bit = arith::AndIOp::create(b, nest.loc, arith::ShRUIOp::create(b, nest.loc, bits, key),
                                        word(1));
      // Of all lanes, so outside of the branch.
      Value shared = exchanged(weight, key, gpu::ShuffleMode::IDX);
      auto add = [&](OpBuilder &, Location) {
        Value stored = placeOfKey(op, nest, batch, nest.add(first, place));
        SmallVector<Value> next;
        for (auto [group, sum] : llvm::enumerate(now)) {
          Value value =
              load(op.getValue(), op.getValueMap(), at(Value(), stored, Value(), channel(group)));
          next.push_back(fma(shared, value, sum));
        }
        scf::YieldOp::create(b, nest.loc, next);
      };
      auto either =
          scf::IfOp::create(b, nest.loc, compare(arith::CmpIPredicate::ne, bit, word(0)), add,
                            [&](OpBuilder &, Location) { scf::YieldOp::create(b, nest.loc, now); });
      return Nest::Carried(either.getResults());
    };
    return nest.loop(nest.index(0), count, nest.index(1), sums, body);
  }

  void whereFirst(Value index, function_ref<void()> body) {
    nest.branch(compare(arith::CmpIPredicate::eq, index, nest.index(0)), body);
  }

  /// The results that are one number of the row, where `index` is 0.
  void storeStatistics(const Statistics &row, Value index) {
    if (op.hasLse())
      whereFirst(index, [&] {
        store(logOfSum(row.maximum, row.total), op.getLse(), op.getLseMap(), at(query, Value()));
        if (op.hasMax())
          store(maximumOf(row.maximum, row.total), op.getMax(), op.getMaxMap(), at(query, Value()));
      });
  }

  /// The results of a warp that has a row for itself; sums times `factor` unless that is null.
  void finish(const Statistics &row, ArrayRef<Value> sums, Value factor) {
    for (auto [group, sum] : llvm::enumerate(sums)) {
      Value value = factor ? mulf(sum, factor) : sum;
      whereChannel(group, [&] {
        store(value, op.getOut(), op.getOutMap(), at(query, Value(), Value(), channel(group)));
      });
    }
    storeStatistics(row, lane);
  }

  Value shared(ArrayRef<int64_t> shape) { return sharedBuffer(nest, shape, b.getF32Type()); }
  void barrier() { gpu::BarrierOp::create(b, nest.loc); }
  Value read(Value buffer, Value row, Value column) {
    return memref::LoadOp::create(b, nest.loc, buffer, ValueRange{row, column});
  }
  void keep(Value value, Value buffer, Value row, Value column) {
    memref::StoreOp::create(b, nest.loc, value, buffer, ValueRange{row, column});
  }

  /// Every warp's statistics, which its own are one row of, behind a barrier.
  Value shareStatistics(const Statistics &own) {
    Value all = shared({kWarps, 2});
    whereFirst(lane, [&] {
      keep(own.maximum, all, number, nest.index(0));
      keep(own.total, all, number, nest.index(1));
    });
    barrier();
    return all;
  }

  Statistics merged(Value all) {
    Statistics row{infinity(), f32(0)};
    for (int64_t one = 0; one < kWarps; ++one)
      row.maximum = larger(read(all, nest.index(one), nest.index(0)), row.maximum);
    for (int64_t one = 0; one < kWarps; ++one)
      row.total =
          fma(read(all, nest.index(one), nest.index(1)), factorOf(all, one, row), row.total);
    return row;
  }
  Value factorOf(Value all, int64_t one, const Statistics &row) {
    return weigh(read(all, nest.index(one), nest.index(0)), safe(row.maximum));
  }

  /// Every warp's sums: written here, read behind a barrier.
  Value shareSums(ArrayRef<Value> sums) {
    Value all = shared({kWarps, width});
    for (auto [group, sum] : llvm::enumerate(sums))
      whereChannel(group, [&] { keep(sum, all, number, channel(group)); });
    return all;
  }

  /// Each thread stores the channels that are its own of the sum over warps, in their order.
  void storeSums(Value all, ArrayRef<Value> factors, Value factor) {
    nest.loop(thread, nest.index(width), nest.index(kBlockThreads), [&](Value place) {
      Value sum = f32(0);
      for (int64_t one = 0; one < kWarps; ++one) {
        Value part = read(all, nest.index(one), place);
        sum = factors.empty() ? addf(sum, part) : fma(part, factors[one], sum);
      }
      store(factor ? mulf(sum, factor) : sum, op.getOut(), op.getOutMap(),
            at(query, Value(), Value(), place));
    });
  }

  void mergeAndStore(const Statistics &own, ArrayRef<Value> sums) {
    Value parts = shareSums(sums), all = shareStatistics(own);
    Statistics row = merged(all);
    SmallVector<Value> factors;
    for (int64_t one = 0; one < kWarps; ++one)
      factors.push_back(factorOf(all, one, row));
    storeSums(parts, factors, inverse(row.total));
    storeStatistics(row, thread);
  }

  /// The same of sums that are normalized already.
  void addAndStore(const Statistics &row, ArrayRef<Value> sums) {
    Value parts = shareSums(sums);
    barrier();
    storeSums(parts, {}, Value());
    storeStatistics(row, thread);
  }

  /// Whether the warps of a block share one row.
  bool splits;
  Value thread, lane, number, query;
};

} // namespace

static void schedule(Operation *op, Nest &nest) {
  WarpAttention(cast<AttentionOp>(op), nest).write();
}

const LoopForm cuda::kWarpAttention = {"warp_attention", handles, refuse, schedule};
