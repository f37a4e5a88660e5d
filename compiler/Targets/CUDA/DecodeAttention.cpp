//===- DecodeAttention.cpp - attention of few queries by multiply-adds ----===//
//
// Lanes share a row of keys; exchanges leave scores of one query in each lane, where regions and
// exponentials run. The keys of the next group are read while a group is worked on.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CUDA/DecodeBlock.h"
#include "compiler/Targets/CUDA/Forms.h"

#include "dialects/Fovea/StructuredOps.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::cuda;

/// Registers of a thread for its parts of queries and of their sums, of which elements of 16 bits
/// and rows of several pieces a lane leave less; scores of a lane before they are exchanged; pieces
/// of keys of a lane in a group.
static constexpr int64_t kRowRegisters = 128, kShortRowRegisters = 64, kScores = 32, kPieces = 8;

static bool handles(Operation *op) { return isa<AttentionOp>(op); }

static Refusal refuse(Operation *op) { return refuseDecode(cast<AttentionOp>(op)); }

namespace {

class DecodeAttention : DecodeBlock {
public:
  DecodeAttention(AttentionOp op, Nest &nest) : DecodeBlock(op, nest) {
    int64_t piece = elementsOfPiece(op.getKey());
    shared = std::min<int64_t>(llvm::PowerOf2Ceil(std::max(depth, width) / piece), warp::kWarp);
    int64_t each =
        piece * (llvm::divideCeil(depth, shared * piece) + llvm::divideCeil(width, shared * piece));
    int64_t pieces = llvm::divideCeil(std::max(depth, width), shared * piece);
    bool isNarrow = pieces == 1 && elementTypeOf(op.getKey()).isF32();
    int64_t registers = isNarrow ? kRowRegisters : kShortRowRegisters;
    int64_t fitting = std::max<int64_t>(llvm::bit_floor(uint64_t(registers / each)), 1);
    rows = std::min<int64_t>(llvm::PowerOf2Ceil(queries), fitting);
    shared = std::max(shared, rows);
    // Where the run says how far rows are apart, addresses take registers, too.
    int64_t most = hasStepsOfTheRun() ? kPieces / 2 : kPieces;
    int64_t inFlight = std::max<int64_t>(llvm::bit_floor(uint64_t(most / pieces)), 1);
    loads = std::min(kScores / rows, inFlight);
    held = std::max<int64_t>(rows * loads / shared, 1);
    copies = std::max<int64_t>(shared / (rows * loads), 1);
    groupKeys = loads * warp::kWarp / shared;
  }

  void write() {
    writeGrid([&] { writeBlock(); });
  }

private:
  // Lanes. Score n of a lane before exchanges is that of query n / loads and load n mod loads;
  // after them lane l of those that share a row has scores l / copies * held and following ones.

  int64_t lanesOfQuery() { return shared / rows; }
  /// Number, in the block's rows, of the query whose scores this lane has.
  Value ownRow() { return nest.div(inRow, nest.index(lanesOfQuery())); }
  /// Place in the group of the lane's key of load `load`.
  Value placeOf(Value load) {
    return nest.add(nest.mul(load, nest.index(warp::kWarp / shared)), keyOfLoad);
  }
  /// Place in the group of the key of score `score`.
  Value keyInGroup(int64_t score) {
    Value within = nest.rem(inRow, nest.index(lanesOfQuery()));
    Value load = nest.mul(nest.div(within, nest.index(copies)), nest.index(held));
    return placeOf(nest.add(load, nest.index(score)));
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
    Value sharing = nest.index(shared);
    inRow = nest.rem(lane, sharing);
    keyOfLoad = nest.div(lane, sharing);
    for (int64_t load = 0; load < loads; ++load)
      places.push_back(placeOf(nest.index(load)));
    ofKeys.emplace(nest, op.getKey(), depth, shared, inRow);
    ofValues.emplace(nest, op.getValue(), width, shared, inRow);
    loadRows();
    Values state{infinity(), f32(0)};
    state.append(rows * ofValues->pieces * ofValues->elements, f32(0));
    size_t count = state.size();
    state.append(loadKeys(*ofKeys, range.first, places));
    // All warps take as many turns: exchanges are then plainly of whole warps.
    state = nest.loop(range.first, range.end, nest.index(groupKeys * kWarps), state,
                      [&](Value start, ValueRange now) {
                        return addGroup(start, now.take_front(count), now.drop_front(count));
                      });
    state.truncate(count);
    Value total = foldedOverKeys(state[1], [&](Value x, Value y) { return addf(x, y); });
    placeShared();
    keep({state[0], total}, ArrayRef(state).drop_front(2));
    mergeAndStore();
  }

  void loadRows() {
    LaneRows ofQueries(nest, op.getQuery(), depth, shared, inRow);
    Values numbers;
    for (int64_t row = 0; row < rows; ++row)
      numbers.push_back(nest.index(row));
    Values words = loadQueries(ofQueries, numbers);
    for (int64_t row = 0; row < rows; ++row)
      queryElements.push_back(
          ofQueries.widen(ValueRange(words).slice(row * ofQueries.words(), ofQueries.words())));
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

  /// The online softmax, by one group: maximum, this lane's total, sums, the next keys.
  Nest::Carried addGroup(Value start, ValueRange now, ValueRange keys) {
    Values values = loadValues(*ofValues, start, places);
    Values scores = exchangeDots(dotsOf(keys));
    for (auto [number, score] : llvm::enumerate(scores))
      score = scoreOf(score, ownRow(), nest.add(firstOfWarp(start), keyInGroup(number)));
    Values next = loadKeys(*ofKeys, nest.add(start, nest.index(groupKeys * kWarps)), places);
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

  /// This warp's statistics and sums, over all of its keys, to the memory of the block.
  void keep(const Statistics &own, ArrayRef<Value> sums) {
    Value zero = nest.index(0), within = nest.rem(lane, nest.index(lanesOfQuery()));
    nest.branch(both(compare(arith::CmpIPredicate::eq, keyOfLoad, zero),
                     compare(arith::CmpIPredicate::eq, within, zero)),
                [&] { keepStatistics(own, ownRow()); });
    Values joined(sums);
    for (Value &sum : joined)
      for (int64_t distance = shared; distance < warp::kWarp; distance *= 2)
        sum = addf(sum, across(sum, distance));
    nest.branch(compare(arith::CmpIPredicate::eq, keyOfLoad, zero), [&] {
      for (int64_t piece = 0; piece < ofValues->pieces; ++piece)
        keepPiece(joined, piece);
    });
  }

  void keepPiece(ArrayRef<Value> sums, int64_t piece) {
    int64_t elements = ofValues->elements, each = ofValues->pieces * elements;
    auto store = [&] {
      for (int64_t row = 0; row < rows; ++row)
        for (int64_t place = 0; place < elements; ++place)
          keepSum(sums[row * each + piece * elements + place], nest.index(row),
                  nest.add(ofValues->column(piece), nest.index(place)));
    };
    if (Value exists = ofValues->exists(piece))
      nest.branch(exists, store);
    else
      store();
  }

  /// Lanes that share a row of keys; loads of a group; scores that a lane has after exchanges, and
  /// lanes that have the same ones.
  int64_t shared = 0, loads = 0, held = 0, copies = 0;
  /// This lane among those that share its row, and which of the keys of a load that row is.
  Value inRow, keyOfLoad;
  /// By load, the place of the lane's key in the group.
  Values places;
  std::optional<LaneRows> ofKeys, ofValues;
  /// Of each query, the lane's elements.
  SmallVector<Values> queryElements;
};

} // namespace

static void schedule(Operation *op, Nest &nest) {
  DecodeAttention(cast<AttentionOp>(op), nest).write();
}

const LoopForm cuda::kDecodeAttention = {"decode_attention", handles, refuse, schedule};
