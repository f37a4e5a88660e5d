//===- DecodeTiles.cpp - attention of few queries by tensor cores ---------===//
//
// A warp multiplies its block's queries, up to 16, with 16 keys at a time. Keys and values go from
// memory to the registers that products take: the order of summed elements, and of channels, is
// what 16 bytes a lane make it, and that of the queries follows. Of a lane l = 4 g + t,
//   keys:    piece t of key g: words 2 s and 2 s + 1 are operand b of product s of 32 elements,
//   queries: piece t of queries g and g + 8, likewise operand a,
//   values:  piece g of keys 2 t, 2 t + 1, 2 t + 8, 2 t + 9: channels 8 g + 2 j and 8 g + 2 j + 1
//            of each 64 are rows g and g + 8 of product j.
// Products with values have channels as rows and 8 queries as columns: registers of scores are
// those of their operand b (mma_sync in the specification has the tables), and up to 8 queries need
// half of the products and of the sums that 16 rows of queries would.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CUDA/DecodeBlock.h"
#include "compiler/Targets/CUDA/Forms.h"
#include "compiler/Targets/CUDA/ShortPairs.h"

#include "dialects/Fovea/StructuredOps.h"

#include <limits>

using namespace mlir;
using namespace fovea;
using namespace fovea::cuda;

/// Keys of a group and rows of a product; its columns; lanes that share a key's row, and a value's.
static constexpr int64_t kRows = 16, kColumns = 8, kKeyLanes = 4, kValueLanes = 8;
/// Elements of a piece, and most elements of a head that registers hold.
static constexpr int64_t kPieceElements = 8, kMaxHead = 128;

static bool handles(Operation *op) { return isa<AttentionOp>(op); }

static Refusal refuse(Operation *operation) {
  auto op = cast<AttentionOp>(operation);
  if (Refusal refusal = refuseDecode(op))
    return refusal;
  if (Refusal refusal = refuseElements(op))
    return refusal;
  int64_t depth = staticExtent(op.getQuery(), op.getQueryMap(), AttentionOp::D);
  int64_t width = staticExtent(op.getValue(), op.getValueMap(), AttentionOp::E);
  if (depth % (kKeyLanes * kPieceElements) != 0 || width % (kValueLanes * kPieceElements) != 0 ||
      std::max(depth, width) > kMaxHead)
    return {"shape", "a head of " + std::to_string(depth) + " and " + std::to_string(width) +
                         " elements is no multiple of 32 and of 64 up to " +
                         std::to_string(kMaxHead)};
  return {};
}

namespace {

class DecodeTiles : DecodeBlock {
public:
  DecodeTiles(AttentionOp op, Nest &nest)
      : DecodeBlock(op, nest), pairs(nest, elementTypeOf(op.getKey())) {
    rows = queries;
    halves = queries > kColumns ? 2 : 1;
    groupKeys = kRows;
  }

  void write() {
    writeGrid([&] { writeBlock(); });
  }

private:
  /// Of the rows that a lane has: rowOfLane and, of more than 8 queries, 8 below it.
  using Rows = Values;

  void writeBlock() {
    rowOfLane = nest.div(lane, nest.index(kKeyLanes));
    columnOfLane = nest.rem(lane, nest.index(kKeyLanes));
    Value pair = nest.mul(columnOfLane, nest.index(2));
    keyPlaces = {rowOfLane, nest.add(rowOfLane, nest.index(kColumns))};
    for (int64_t place : {0, 1, 8, 9})
      valuePlaces.push_back(nest.add(pair, nest.index(place)));
    ofKeys.emplace(nest, op.getKey(), depth, kKeyLanes, columnOfLane);
    ofValues.emplace(nest, op.getValue(), width, kValueLanes, rowOfLane);
    queryWords = loadQueries(LaneRows(nest, op.getQuery(), depth, kKeyLanes, columnOfLane),
                             ArrayRef(keyPlaces).take_front(halves));
    Values state(halves, infinity());
    state.append(halves * (1 + width / 4), f32(0));
    size_t count = state.size();
    state.append(loadKeys(*ofKeys, range.first, keyPlaces));
    // All warps take as many turns: exchanges are then plainly of whole warps.
    state = nest.loop(range.first, range.end, nest.index(groupKeys * kWarps), state,
                      [&](Value start, ValueRange now) {
                        return addGroup(start, now.take_front(count), now.drop_front(count));
                      });
    ArrayRef<Value> all(state);
    Rows totals;
    for (Value total : all.slice(halves, halves))
      totals.push_back(foldedOverRow(total, [&](Value x, Value y) { return addf(x, y); }));
    placeShared();
    keep(all.take_front(halves), totals, all.slice(2 * halves, halves * width / 4));
    mergeAndStore();
  }

  /// A value of each lane of a row, folded over these four.
  Value foldedOverRow(Value value, function_ref<Value(Value, Value)> fold) {
    for (int64_t distance = 1; distance < kKeyLanes; distance *= 2)
      value = fold(value, across(value, distance));
    return value;
  }

  Values multiply(ValueRange left, ValueRange right, ValueRange sum) {
    warp::Product product =
        elementTypeOf(op.getKey()).isF16() ? warp::Product::F16 : warp::Product::BF16;
    return Values(warp::MmaSyncOp::create(b, nest.loc, product, left, right, sum).getD());
  }

  /// Products of the queries with 8 keys from `first` on, or with those 8 behind them.
  Values dotsOf(ValueRange keys) {
    Values sum(4, f32(0));
    ArrayRef<Value> queries(queryWords);
    for (int64_t place = 0; place < ofKeys->words(); place += 2) {
      ArrayRef<Value> upper = queries.slice(place, 2);
      Values lower(2, word(0));
      if (halves == 2)
        lower = Values(queries.slice(ofKeys->words() + place, 2));
      sum = multiply({upper[0], lower[0], upper[1], lower[1]}, keys.slice(place, 2), sum);
    }
    return sum;
  }

  /// Whether place `place` of a lane's part of a product is of a row of queries.
  bool isUsed(int64_t place) const { return place / 2 % 2 < halves; }

  /// The lane's scores of a group: of two products, of its rows, of two keys.
  Values scoresOf(Value start, ValueRange keys) {
    Values scores;
    for (int64_t product = 0; product < 2; ++product) {
      Values dots = dotsOf(keys.slice(product * ofKeys->words(), ofKeys->words()));
      for (auto [place, dot] : llvm::enumerate(dots)) {
        if (!isUsed(place))
          continue;
        Value key = nest.add(firstOfWarp(start), valuePlaces[2 * product + place % 2]);
        scores.push_back(scoreOf(dot, keyPlaces[place / 2], key));
      }
    }
    return scores;
  }

  /// The online softmax, by one group: maxima, the lane's totals, sums, the next keys.
  Nest::Carried addGroup(Value start, ValueRange now, ValueRange keys) {
    Values values = loadValues(*ofValues, start, valuePlaces);
    Values scores = scoresOf(start, keys);
    Values next = loadKeys(*ofKeys, nest.add(start, nest.index(groupKeys * kWarps)), keyPlaces);
    Rows most(now.take_front(halves)), factors, totals;
    for (auto [place, score] : llvm::enumerate(scores))
      most[place / 2 % halves] = larger(score, most[place / 2 % halves]);
    for (int64_t half = 0; half < halves; ++half) {
      most[half] = foldedOverRow(most[half], [&](Value x, Value y) { return larger(x, y); });
      factors.push_back(weigh(now[half], safe(most[half])));
      totals.push_back(mulf(now[halves + half], factors[half]));
    }
    Values weights, kept;
    for (auto [place, score] : llvm::enumerate(scores)) {
      int64_t half = place / 2 % halves;
      weights.push_back(weigh(score, safe(most[half])));
      totals[half] = addf(totals[half], weights.back());
      kept.push_back(compare(arith::CmpFPredicate::UNE, score, infinity()));
    }
    Values state(most), sums;
    state.append(totals);
    Values ofColumns = ofQueriesOfSums(factors);
    for (auto [place, sum] : llvm::enumerate(now.drop_front(2 * halves)))
      sums.push_back(mulf(sum, ofColumns[place / 4 % halves * 2 + place % 2]));
    state.append(addValues(weights, kept, values, sums));
    state.append(next);
    return state;
  }

  /// By half, what lanes have of rows for the two queries whose sums this lane has.
  Values ofQueriesOfSums(ValueRange ofRows) {
    Values result;
    Value lanes = nest.mul(columnOfLane, nest.index(2 * kKeyLanes));
    Value first = arith::IndexCastOp::create(b, nest.loc, b.getI32Type(), lanes);
    Value second = arith::AddIOp::create(b, nest.loc, first, word(kKeyLanes));
    for (Value each : ofRows)
      for (Value from : {first, second})
        result.push_back(exchanged(each, from, gpu::ShuffleMode::IDX));
    return result;
  }

  /// By half, values of 16 keys as operand b.
  SmallVector<Values> asOperands(ValueRange of) {
    SmallVector<Values> operands(halves);
    for (size_t place = 0; place < of.size(); place += 2)
      operands[place / 2 % halves].push_back(pairs.round(of[place], of[place + 1]));
    return operands;
  }

  /// Operands a of all products of a group's values: of two channels, keys in pairs.
  Values asColumns(ValueRange values) {
    Values columns;
    for (int64_t product = 0; product < width / kRows; ++product)
      for (int64_t key = 0; key < 4; key += 2) {
        Value x = values[key * ofValues->words() + product];
        Value y = values[(key + 1) * ofValues->words() + product];
        columns.append({pairs.firsts(x, y), pairs.seconds(x, y)});
      }
    return columns;
  }

  /// sums + weights * values. An excluded key has weight 0, which does not keep an infinity or NaN
  /// of its value out of the product: where a group mixes, such values are taken out of it, and
  /// added to the rows that keep them.
  Values addValues(ValueRange weights, ValueRange kept, ValueRange values, ValueRange sums) {
    Values columns = asColumns(values);
    Value whole = kept.front();
    for (Value each : kept.drop_front())
      whole = both(whole, each);
    whole = warp::VoteOp::create(b, nest.loc, b.getI1Type(), warp::Vote::All, whole);
    auto same = [&] {
      Values all(columns);
      all.append(sums.begin(), sums.end());
      return all;
    };
    auto mixes = [&] {
      Value bits = word(0);
      for (Value column : columns)
        bits = arith::OrIOp::create(b, nest.loc, bits, pairs.nonFinite(column));
      Value some = compare(arith::CmpIPredicate::ne, bits, word(0));
      some = warp::VoteOp::create(b, nest.loc, b.getI1Type(), warp::Vote::Any, some);
      return either(some, [&] { return repaired(kept, columns, sums); }, same);
    };
    Values all = either(whole, same, mixes), result;
    SmallVector<Values> right = asOperands(weights);
    ValueRange clean = ValueRange(all).take_front(columns.size());
    ValueRange before = ValueRange(all).drop_front(columns.size());
    for (int64_t place = 0; place < productsOfSums(); ++place)
      result.append(multiply(clean.slice(place / halves * 4, 4), right[place % halves],
                             before.slice(4 * place, 4)));
    return result;
  }
  /// Products with values, by channels and then by half.
  int64_t productsOfSums() const { return halves * width / kRows; }

  /// The columns without what is not finite, and the sums with that. Products with 1 for each kept
  /// key count the infinities of either sign; a NaN counts as both.
  Values repaired(ValueRange kept, ValueRange columns, ValueRange sums) {
    Values ones, positive, negative, clean, added, none(4, f32(0));
    for (Value each : kept)
      ones.push_back(select(each, f32(1), f32(0)));
    SmallVector<Values> right = asOperands(ones);
    for (Value column : columns) {
      Value bits = pairs.nonFinite(column);
      positive.push_back(pairs.ones(pairs.ofSign(column, bits, /*negative=*/false)));
      negative.push_back(pairs.ones(pairs.ofSign(column, bits, /*negative=*/true)));
      clean.push_back(pairs.cleared(column, bits));
    }
    for (int64_t place = 0; place < productsOfSums(); ++place) {
      auto count = [&](ValueRange of) {
        return multiply(of.slice(place / halves * 4, 4), right[place % halves], none);
      };
      Values ups = count(positive), downs = count(negative);
      for (auto [sum, up, down] : llvm::zip_equal(sums.slice(4 * place, 4), ups, downs))
        added.push_back(withInfinity(withInfinity(sum, up, 1), down, -1));
    }
    clean.append(added);
    return clean;
  }
  Value withInfinity(Value sum, Value count, double sign) {
    Value more = addf(sum, f32(sign * std::numeric_limits<double>::infinity()));
    return select(compare(arith::CmpFPredicate::OGT, count, f32(0)), more, sum);
  }

  /// This warp's statistics and sums to the memory of the block.
  void keep(ArrayRef<Value> most, const Rows &totals, ArrayRef<Value> sums) {
    auto inBlock = [&](Value row) {
      return compare(arith::CmpIPredicate::slt, row, nest.index(rows));
    };
    Value first = compare(arith::CmpIPredicate::eq, columnOfLane, nest.index(0));
    for (int64_t half = 0; half < halves; ++half)
      nest.branch(both(first, inBlock(keyPlaces[half])),
                  [&] { keepStatistics({most[half], totals[half]}, keyPlaces[half]); });
    for (int64_t half = 0; half < halves; ++half)
      for (int64_t column = 0; column < 2; ++column) {
        Value row = nest.add(valuePlaces[column], nest.index(half * kColumns));
        nest.branch(inBlock(row), [&] {
          for (int64_t product = 0; product < width / kRows; ++product)
            for (int64_t lower = 0; lower < 2; ++lower)
              keepSum(sums[(product * halves + half) * 4 + 2 * lower + column], row,
                      channelOf(product, lower));
        });
      }
  }
  /// Channel of row g of a product, or of row g + 8.
  Value channelOf(int64_t product, int64_t lower) {
    int64_t each = kPieceElements / 2, piece = product / each;
    int64_t within = product % each * 2 + lower;
    return nest.add(nest.mul(rowOfLane, nest.index(kPieceElements)),
                    nest.index(piece * kValueLanes * kPieceElements + within));
  }

  ShortPairs pairs;
  /// Rows of queries that a lane has.
  int64_t halves = 1;
  /// Row and pair of columns of this lane in sums.
  Value rowOfLane, columnOfLane;
  /// Places of the lane's keys and values in a group; those of keys are its rows, too.
  Values keyPlaces, valuePlaces;
  std::optional<LaneRows> ofKeys, ofValues;
  /// Of the lane's rows.
  Values queryWords;
};

} // namespace

static void schedule(Operation *op, Nest &nest) {
  DecodeTiles(cast<AttentionOp>(op), nest).write();
}

const LoopForm cuda::kDecodeTiles = {"decode_tiles", handles, refuse, schedule,
                                     /*roundsWeights=*/true};
