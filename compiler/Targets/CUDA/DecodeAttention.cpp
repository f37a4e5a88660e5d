//===- DecodeAttention.cpp - attention of few queries that share keys -----===//
//
// A block has up to 16 queries of a head and reads keys and values once for all of them: that is
// what decoding takes its time for. Its warps take turns in groups of keys. Lanes share a row of
// keys, 16 bytes each; exchanges leave a score of one query in each lane, where regions and
// exponentials run. The keys of the next group are read while a group is worked on. What the warps
// have is merged in their order.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CUDA/AttentionBlock.h"
#include "compiler/Targets/CUDA/Forms.h"
#include "compiler/Targets/CUDA/LaneRows.h"
#include "compiler/Targets/CUDA/RowCopies.h"

#include "dialects/Fovea/StructuredOps.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::cuda;

/// Queries up to which reading keys is what takes the time.
static constexpr int64_t kFewQueries = 16;
/// Registers of a thread for its parts of queries and of their sums, of which elements of 16 bits
/// leave less; scores of a lane before they are exchanged; loads of keys in a group.
static constexpr int64_t kRowRegisters = 128, kShortRowRegisters = 64, kScores = 32, kLoads = 8;

static bool handles(Operation *op) { return isa<AttentionOp>(op); }

static Refusal refuse(Operation *operation) {
  auto op = cast<AttentionOp>(operation);
  if (Refusal refusal = refuseOnWarps(op))
    return refusal;
  int64_t queries = staticExtent(op.getQuery(), op.getQueryMap(), AttentionOp::I);
  if (ShapedType::isDynamic(queries) || queries > kFewQueries)
    return {"shape",
            "there may be more than " + std::to_string(kFewQueries) + " queries for each head"};
  if (!op.getProb().empty())
    return {"order", "its probability region needs the sums over all keys"};
  if (elementTypeOf(op.getQuery()) != elementTypeOf(op.getKey()) ||
      elementTypeOf(op.getValue()) != elementTypeOf(op.getKey()))
    return {"dtype", "queries, keys and values are of different types"};
  for (int64_t size : {staticExtent(op.getKey(), op.getKeyMap(), AttentionOp::D),
                       staticExtent(op.getValue(), op.getValueMap(), AttentionOp::E)})
    if (size % elementsOfPiece(op.getKey()) != 0)
      return {"shape", "a row of " + std::to_string(size) + " elements is no multiple of 16 bytes"};
  if (Refusal refusal = refuseRows(op.getQuery(), op.getQueryMap(), AttentionOp::D))
    return refusal;
  if (Refusal refusal = refuseRows(op.getKey(), op.getKeyMap(), AttentionOp::D))
    return refusal;
  return refuseRows(op.getValue(), op.getValueMap(), AttentionOp::E);
}

namespace {

class DecodeAttention : AttentionBlock {
public:
  DecodeAttention(AttentionOp op, Nest &nest)
      : AttentionBlock(op, nest), queries(*constant(extent[Dim::I])) {
    int64_t piece = elementsOfPiece(op.getKey());
    shared = std::min<int64_t>(llvm::PowerOf2Ceil(std::max(depth, width) / piece), warp::kWarp);
    int64_t each =
        piece * (llvm::divideCeil(depth, shared * piece) + llvm::divideCeil(width, shared * piece));
    int64_t registers = elementTypeOf(op.getKey()).isF32() ? kRowRegisters : kShortRowRegisters;
    int64_t most = std::max<int64_t>(llvm::bit_floor(uint64_t(registers / each)), 1);
    rows = std::min<int64_t>(llvm::PowerOf2Ceil(queries), most);
    shared = std::max(shared, rows);
    loads = std::clamp<int64_t>(kScores / rows, 1, kLoads);
    held = std::max<int64_t>(rows * loads / shared, 1);
    copies = std::max<int64_t>(shared / (rows * loads), 1);
  }

  void write() {
    Value blocks = nest.index(llvm::divideCeil(queries, rows));
    SmallVector<Value> space{extent[Dim::B], extent[Dim::H], blocks};
    nest.grid(nest.product(space), kBlockThreads, [&](Value block, Value inBlock) {
      thread = inBlock;
      Value lanes = nest.index(warp::kWarp), sharing = nest.index(shared);
      lane = nest.rem(thread, lanes);
      number = nest.div(thread, lanes);
      inRow = nest.rem(lane, sharing);
      keyOfLoad = nest.div(lane, sharing);
      SmallVector<Value> place = nest.delinearize(block, space);
      enter(place[0], place[1]);
      firstQuery = nest.mul(place[2], nest.index(rows));
      writeBlock();
    });
  }

private:
  using Values = SmallVector<Value>;

  /// Largest score and sum of the exponentials of scores less that.
  struct Statistics {
    Value maximum, total;
  };

  // Lanes. Score n of a lane before exchanges is that of query n / loads and load n mod loads;
  // after them lane l of those that share a row has scores l / copies * held and following ones.

  int64_t groupKeys() { return loads * warp::kWarp / shared; }
  int64_t lanesOfQuery() { return shared / rows; }
  /// Number, in the block's rows, of the query whose scores this lane has.
  Value ownRow() { return nest.div(inRow, nest.index(lanesOfQuery())); }
  Value queryAt(Value row) { return nest.min(nest.add(firstQuery, row), nest.index(queries - 1)); }
  /// Place in the group of the key of score `score`.
  Value keyInGroup(int64_t score) {
    Value within = nest.rem(inRow, nest.index(lanesOfQuery()));
    Value load = nest.mul(nest.div(within, nest.index(copies)), nest.index(held));
    load = nest.add(load, nest.index(score));
    return nest.add(nest.mul(load, nest.index(warp::kWarp / shared)), keyOfLoad);
  }

  Value word(int64_t value) { return arith::ConstantIntOp::create(b, nest.loc, value, 32); }
  Value exchanged(Value value, Value with, gpu::ShuffleMode mode) {
    return gpu::ShuffleOp::create(b, nest.loc, value, with, word(warp::kWarp), mode)
        .getShuffleResult();
  }
  Value across(Value value, int64_t distance) {
    return exchanged(value, word(distance), gpu::ShuffleMode::XOR);
  }
  /// What lane `from` of those that share this lane's row has.
  Value fromLane(Value value, int64_t from) {
    Value first = arith::IndexCastOp::create(b, nest.loc, b.getI32Type(),
                                             nest.mul(keyOfLoad, nest.index(shared)));
    return exchanged(value, arith::AddIOp::create(b, nest.loc, first, word(from)),
                     gpu::ShuffleMode::IDX);
  }
  /// A value of each lane, folded over those that have other scores of the same query.
  Value foldedOverKeys(Value value, function_ref<Value(Value, Value)> fold) {
    for (int64_t distance = copies; distance < lanesOfQuery(); distance *= 2)
      value = fold(value, across(value, distance));
    for (int64_t distance = shared; distance < warp::kWarp; distance *= 2)
      value = fold(value, across(value, distance));
    return value;
  }

  void writeBlock() {
    aligned = areAligned(nest, {op.getQuery(), op.getKey(), op.getValue()});
    ofKeys.emplace(nest, op.getKey(), depth, shared, inRow);
    ofValues.emplace(nest, op.getValue(), width, shared, inRow);
    loadQueries();
    range = keysOf(op, nest, head, extent[Dim::J]);
    if (!op.getMask().empty()) {
      Value end = nest.min(nest.add(firstQuery, nest.index(rows)), extent[Dim::I]);
      range = BlockMask(op, nest, {batch, head, {firstQuery, end}}, /*lanes=*/1)
                  .within(range, /*block=*/1);
    }
    Values state{infinity(), f32(0)};
    state.append(rows * ofValues->pieces * ofValues->elements, f32(0));
    size_t count = state.size();
    state.append(loadKeys(range.first));
    // All warps take as many turns: exchanges are then plainly of whole warps.
    state = nest.loop(range.first, range.end, nest.index(groupKeys() * kWarps), state,
                      [&](Value start, ValueRange now) {
                        return addGroup(start, now.take_front(count), now.drop_front(count));
                      });
    state.truncate(count);
    Value total = foldedOverKeys(state[1], [&](Value x, Value y) { return addf(x, y); });
    mergeAndStore({state[0], total}, ArrayRef(state).drop_front(2));
  }

  // Loads

  /// What `then` or `otherwise` gives.
  Values either(Value condition, function_ref<Values()> then, function_ref<Values()> otherwise) {
    auto yield = [&](function_ref<Values()> body) {
      return [this, body](OpBuilder &, Location) { scf::YieldOp::create(b, nest.loc, body()); };
    };
    return Values(
        scf::IfOp::create(b, nest.loc, condition, yield(then), yield(otherwise)).getResults());
  }

  void loadQueries() {
    LaneRows ofQueries(nest, op.getQuery(), depth, shared, inRow);
    auto load = [&](bool isAligned) {
      Values all;
      for (int64_t row = 0; row < rows; ++row)
        all.append(ofQueries.load(
            [&](Value column) {
              return nest.apply(op.getQueryMap(), at(queryAt(nest.index(row)), Value(), column));
            },
            isAligned));
      return all;
    };
    Values words = either(aligned, [&] { return load(true); }, [&] { return load(false); });
    for (int64_t row = 0; row < rows; ++row)
      queryElements.push_back(
          ofQueries.widen(ValueRange(words).slice(row * ofQueries.words(), ofQueries.words())));
  }

  /// Words of the keys or values of this warp's group of those that begin at `start`; 0 when there
  /// are none. The last key stands for those behind it.
  Values loadGroup(const LaneRows &from, Value operand, AffineMap map, unsigned columnDim,
                   Value start) {
    Value first = firstOfWarp(start), end = range.end;
    auto load = [&](bool isWhole, bool isAligned) {
      Values all;
      for (int64_t load = 0; load < loads; ++load) {
        Value key = nest.add(nest.add(first, keyOfLoad), nest.index(load * warp::kWarp / shared));
        if (!isWhole)
          key = nest.min(key, nest.sub(end, nest.index(1)));
        Values point = at(Value(), placeOfKey(op, nest, batch, key));
        all.append(from.load(
            [&](Value column) {
              point[columnDim] = column;
              return nest.apply(map, point);
            },
            isAligned));
      }
      return all;
    };
    auto none = [&] { return Values(loads * from.words(), word(0)); };
    auto part = [&] {
      return either(aligned, [&] { return load(false, true); }, [&] { return load(false, false); });
    };
    auto rest = [&] { return either(compare(arith::CmpIPredicate::slt, start, end), part, none); };
    // Places of keys that all exist differ by constants.
    Value last = nest.add(start, nest.index(groupKeys() * kWarps));
    Value whole = both(aligned, compare(arith::CmpIPredicate::sle, last, end));
    return either(whole, [&] { return load(true, true); }, rest);
  }
  Value firstOfWarp(Value start) {
    return nest.add(start, nest.mul(number, nest.index(groupKeys())));
  }
  Values loadKeys(Value start) {
    return loadGroup(*ofKeys, op.getKey(), op.getKeyMap(), Dim::D, start);
  }

  // Scores

  /// The lane's share of the products of all queries with a group of keys.
  Values dotsOf(ValueRange keys) {
    Values dots(rows * loads, f32(0));
    for (int64_t load = 0; load < loads; ++load) {
      Values key = ofKeys->widen(keys.slice(load * ofKeys->words(), ofKeys->words()));
      for (auto [place, element] : llvm::enumerate(key)) {
        // Of elements that are not there the query's are copies, too: no product with them.
        Value exists = ofKeys->exists(place / ofKeys->elements);
        for (int64_t row = 0; row < rows; ++row) {
          Value &dot = dots[row * loads + load];
          Value more = fma(queryElements[row][place], element, dot);
          dot = exists ? select(exists, more, dot) : more;
        }
      }
    }
    return dots;
  }

  /// Sums over the lanes that share a row, each lane those that it holds: a step halves the values.
  Values exchangeDots(Values dots) {
    for (int64_t distance = shared / 2; distance > 0; distance /= 2) {
      if (dots.size() == 1) {
        dots[0] = addf(dots[0], across(dots[0], distance));
        continue;
      }
      Value bit = arith::AndIOp::create(b, nest.loc, lane, nest.index(distance));
      Value upper = compare(arith::CmpIPredicate::ne, bit, nest.index(0));
      size_t half = dots.size() / 2;
      for (size_t place = 0; place < half; ++place) {
        Value kept = select(upper, dots[place + half], dots[place]);
        Value given = select(upper, dots[place], dots[place + half]);
        dots[place] = addf(kept, across(given, distance));
      }
      dots.truncate(half);
    }
    return dots;
  }

  /// The lane's scores; -inf where a key is excluded or not there.
  Values scoresOf(Value first, ValueRange keys) {
    Values scores = exchangeDots(dotsOf(keys));
    for (auto [number, score] : llvm::enumerate(scores)) {
      Value key = nest.add(first, keyInGroup(number));
      Value last = nest.sub(range.end, nest.index(1));
      score = modified(mulf(score, f32(scale())), at(queryAt(ownRow()), nest.min(key, last)),
                       /*masked=*/true);
      score = select(compare(arith::CmpIPredicate::slt, key, range.end), score, infinity());
    }
    return scores;
  }

  /// The online softmax, by one group: maximum, this lane's total, sums, the next keys.
  Nest::Carried addGroup(Value start, ValueRange now, ValueRange keys) {
    Values values = loadGroup(*ofValues, op.getValue(), op.getValueMap(), Dim::E, start);
    Values scores = scoresOf(firstOfWarp(start), keys);
    Values next = loadKeys(nest.add(start, nest.index(groupKeys() * kWarps)));
    Value most = scores.front();
    for (Value score : ArrayRef(scores).drop_front())
      most = larger(score, most);
    most = foldedOverKeys(most, [&](Value x, Value y) { return larger(x, y); });
    most = larger(most, now[0]);
    Value factor = weigh(now[0], safe(most)), total = mulf(now[1], factor);
    Value whole = arith::ConstantIntOp::create(b, nest.loc, 1, 1);
    Values marked;
    for (Value score : scores) {
      Value kept = compare(arith::CmpFPredicate::UNE, score, infinity());
      Value weight = weigh(score, safe(most));
      total = addf(total, weight);
      whole = both(whole, kept);
      marked.push_back(select(kept, weight, f32(-1)));
    }
    // Of all lanes, so outside of the branch.
    Values weights;
    for (int64_t score = 0; score < rows * loads; ++score)
      weights.push_back(fromLane(marked[score % held], score / held * copies));
    Values sums = rescaled(now.drop_front(2), factor);
    Value all = warp::VoteOp::create(b, nest.loc, b.getI1Type(), warp::Vote::All, whole);
    auto add = [&](bool isWhole) { return addValues(weights, isWhole, values, sums); };
    Values state{most, total};
    state.append(either(all, [&] { return add(true); }, [&] { return add(false); }));
    state.append(next);
    return state;
  }

  Values rescaled(ValueRange sums, Value factor) {
    Values result;
    int64_t each = ofValues->pieces * ofValues->elements;
    for (int64_t row = 0; row < rows; ++row) {
      Value own = fromLane(factor, row * lanesOfQuery());
      for (Value sum : sums.slice(row * each, each))
        result.push_back(mulf(sum, own));
    }
    return result;
  }

  /// sums + weight * value over a group, each lane for its channels and keys. Where some query
  /// excludes some key (`isWhole` is false) its weight is -1: nothing is added to that query's
  /// sums.
  Values addValues(ArrayRef<Value> weights, bool isWhole, ValueRange values, Values sums) {
    int64_t each = ofValues->pieces * ofValues->elements;
    for (int64_t load = 0; load < loads; ++load) {
      Values value = ofValues->widen(values.slice(load * ofValues->words(), ofValues->words()));
      for (int64_t row = 0; row < rows; ++row) {
        Value weight = weights[row * loads + load];
        Value kept = isWhole ? Value() : compare(arith::CmpFPredicate::UGE, weight, f32(0));
        for (auto [place, element] : llvm::enumerate(value)) {
          Value &sum = sums[row * each + place];
          Value more = fma(weight, element, sum);
          sum = isWhole ? more : select(kept, more, sum);
        }
      }
    }
    return sums;
  }

  // Results

  Value sharedMemory(ArrayRef<int64_t> shape) {
    auto space = gpu::AddressSpaceAttr::get(b.getContext(), gpu::AddressSpace::Workgroup);
    auto type = MemRefType::get(shape, b.getF32Type(), MemRefLayoutAttrInterface(), space);
    return warp::SharedOp::create(b, nest.loc, type, IntegerAttr());
  }
  Value read(Value buffer, int64_t warp, Value row, Value column) {
    return memref::LoadOp::create(b, nest.loc, buffer, ValueRange{nest.index(warp), row, column});
  }
  void keep(Value value, Value buffer, Value row, Value column) {
    memref::StoreOp::create(b, nest.loc, value, buffer, ValueRange{number, row, column});
  }
  void whereFirst(Value index, function_ref<void()> body) {
    nest.branch(compare(arith::CmpIPredicate::eq, index, nest.index(0)), body);
  }

  /// Statistics of a row over all warps.
  Statistics merged(Value all, Value row) {
    Statistics of{infinity(), f32(0)};
    for (int64_t one = 0; one < kWarps; ++one)
      of.maximum = larger(read(all, one, row, nest.index(0)), of.maximum);
    for (int64_t one = 0; one < kWarps; ++one)
      of.total = fma(read(all, one, row, nest.index(1)), factorOf(all, one, row, of), of.total);
    return of;
  }
  Value factorOf(Value all, int64_t one, Value row, const Statistics &of) {
    return weigh(read(all, one, row, nest.index(0)), safe(of.maximum));
  }

  /// Every warp's sums and statistics to the memory of the block: those of all its keys.
  void share(const Statistics &own, ArrayRef<Value> sums, Value parts, Value all) {
    Value within = nest.rem(lane, nest.index(lanesOfQuery()));
    nest.branch(both(compare(arith::CmpIPredicate::slt, lane, nest.index(shared)),
                     compare(arith::CmpIPredicate::eq, within, nest.index(0))),
                [&] {
                  keep(own.maximum, all, ownRow(), nest.index(0));
                  keep(own.total, all, ownRow(), nest.index(1));
                });
    Values joined(sums);
    for (Value &sum : joined)
      for (int64_t distance = shared; distance < warp::kWarp; distance *= 2)
        sum = addf(sum, across(sum, distance));
    int64_t each = ofValues->pieces * ofValues->elements;
    whereFirst(keyOfLoad, [&] {
      for (int64_t piece = 0; piece < ofValues->pieces; ++piece) {
        auto store = [&] {
          for (int64_t row = 0; row < rows; ++row)
            for (int64_t place = 0; place < ofValues->elements; ++place)
              keep(joined[row * each + piece * ofValues->elements + place], parts, nest.index(row),
                   nest.add(ofValues->column(piece), nest.index(place)));
        };
        if (Value exists = ofValues->exists(piece))
          nest.branch(exists, store);
        else
          store();
      }
    });
    gpu::BarrierOp::create(b, nest.loc);
  }

  void mergeAndStore(const Statistics &own, ArrayRef<Value> sums) {
    Value parts = sharedMemory({kWarps, rows, width}), all = sharedMemory({kWarps, rows, 2});
    share(own, sums, parts, all);
    Value count = nest.min(nest.index(rows), nest.sub(extent[Dim::I], firstQuery));
    Value channels = nest.index(width), step = nest.index(kBlockThreads);
    nest.loop(thread, nest.mul(count, channels), step, [&](Value place) {
      Value row = nest.div(place, channels), channel = nest.rem(place, channels);
      Statistics of = merged(all, row);
      Value sum = f32(0);
      for (int64_t one = 0; one < kWarps; ++one)
        sum = fma(read(parts, one, row, channel), factorOf(all, one, row, of), sum);
      store(mulf(sum, inverse(of.total)), op.getOut(), op.getOutMap(),
            at(nest.add(firstQuery, row), Value(), Value(), channel));
    });
    if (!op.hasLse())
      return;
    nest.branch(compare(arith::CmpIPredicate::slt, thread, count), [&] {
      Statistics of = merged(all, thread);
      store(logOfSum(of.maximum, of.total), op.getLse(), op.getLseMap(),
            at(nest.add(firstQuery, thread), Value()));
    });
  }

  /// Queries of the op and of a block, a power of two.
  int64_t queries, rows = 0;
  /// Lanes that share a row of keys; loads of a group; scores that a lane has after exchanges, and
  /// lanes that have the same ones.
  int64_t shared = 0, loads = 0, held = 0, copies = 0;
  Value thread, lane, number, firstQuery, aligned;
  /// This lane among those that share its row, and which of the keys of a load that row is.
  Value inRow, keyOfLoad;
  Positions range;
  std::optional<LaneRows> ofKeys, ofValues;
  /// Of each query, the lane's elements.
  SmallVector<Values> queryElements;
};

} // namespace

static void schedule(Operation *op, Nest &nest) {
  DecodeAttention(cast<AttentionOp>(op), nest).write();
}

const LoopForm cuda::kDecodeAttention = {"decode_attention", handles, refuse, schedule};
