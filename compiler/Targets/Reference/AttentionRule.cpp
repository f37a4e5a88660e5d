//===- AttentionRule.cpp - fovea.attention --------------------------------===//
//
// The operation's formulas row by row: dot product, scale, score region, softcap, mask region,
// causal, window, softmax over what is kept, probability region, weighted sum. A row whose kept
// scores are all -inf counts as one that keeps nothing: it gives 0, and lse and max -inf.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/Reference/Recurrence.h"
#include "compiler/Targets/Reference/RowRegion.h"
#include "compiler/Targets/Reference/Working.h"
#include "dialects/Fovea/StructuredOps.h"

#include <algorithm>

using namespace mlir;
using namespace fovea;
using namespace fovea::reference;
using Kind = RunError::Kind;

namespace {
/// Where the results go, those of a number a row if they are asked for.
struct Outs {
  Array &out;
  Array *lse = nullptr, *max = nullptr;
};

/// One attention operation in a working type.
template <typename T> class Attention {
public:
  Attention(OpRun &run, AttentionOp op, ArrayRef<int64_t> extents)
      : run(run), op(op), extents(extents), score(run, op, 0, 1), mask(run, op, 1, 0),
        prob(run, op, 2, 1) {}

  LogicalResult execute(Outs outs);

private:
  using Op = AttentionOp;
  LogicalResult prepare(Outs outs);
  LogicalResult readLengths();
  LogicalResult readStarts(Value starts, int64_t extent, std::vector<int64_t> &into);
  void enterSequence(int64_t i);
  FailureOr<int64_t> placeOfKey(int64_t b, int64_t j);
  LogicalResult copyHead(int64_t b, int64_t h);
  bool keeps(int64_t i, int64_t j) const;
  LogicalResult findKept(MutableArrayRef<int64_t> point);
  LogicalResult findScores(MutableArrayRef<int64_t> point);
  LogicalResult executeRow(MutableArrayRef<int64_t> point, Outs outs);
  int64_t offset(const Access &access, int64_t b, int64_t h, int64_t i, int64_t j, int64_t d,
                 int64_t e) const {
    return access.at({b, h, i, j, d, e});
  }

  OpRun &run;
  AttentionOp op;
  ArrayRef<int64_t> extents;
  RowRegion score, mask, prob;
  std::optional<Access> query, key, value, outAccess, lseAccess, maxAccess;
  /// The head's keys as [d][j] and values as [j][e], one row of scores and one of results.
  std::vector<T> keys, values, row, sums;
  std::vector<int64_t> kept, all;
  std::vector<Cell> cells, verdicts;
  int64_t shift = 0;
  /// Keys of each batch, and starts of packed sequences; empty without.
  std::vector<int64_t> lengths, queryStarts, keyStarts;
  /// What the row may keep: keys [firstKey, endKey), all of its batch or its sequence; sugar counts
  /// from the sequence's first query and key.
  int64_t sequence = 0, firstQuery = 0, firstKey = 0, endKey = 0;
};
} // namespace

template <typename T> LogicalResult Attention<T>::prepare(Outs outs) {
  query.emplace(op.getQueryMap(), run.array(op.getQuery()).shape);
  key.emplace(op.getKeyMap(), run.array(op.getKey()).shape);
  value.emplace(op.getValueMap(), run.array(op.getValue()).shape);
  outAccess.emplace(op.getOutMap(), outs.out.shape);
  if (outs.lse)
    lseAccess.emplace(op.getLseMap(), outs.lse->shape);
  if (outs.max)
    maxAccess.emplace(op.getMaxMap(), outs.max->shape);
  int64_t group = op.getGroup(), heads = extents[Op::H];
  if (group > 1) {
    // The maps' h floordiv G hides the number of key heads from the extents.
    for (auto [map, array] : {std::pair(op.getKeyMap(), &run.array(op.getKey())),
                              std::pair(op.getValueMap(), &run.array(op.getValue()))})
      for (auto [expr, extent] : llvm::zip_equal(map.getResults(), array->shape))
        if (!isa<AffineDimExpr>(expr) && expr.isFunctionOfDim(Op::H) && extent * group != heads)
          return run.fail(Kind::Shape, "expected " + std::to_string(group) +
                                           " query heads for each of " + std::to_string(extent) +
                                           " key heads, got " + std::to_string(heads));
  }
  if (op.getOffset())
    shift = run.integer(op.getOffset());
  if (failed(readLengths()))
    return failure();
  int64_t count = extents[Op::J];
  // Only asks whether the buffers below fit into the budget.
  if (failed(run.allocate({count, extents[Op::D] + extents[Op::E] + 4})))
    return failure();
  keys.resize(count * extents[Op::D]);
  values.resize(count * extents[Op::E]);
  row.resize(count);
  cells.resize(count);
  verdicts.resize(count);
  sums.resize(extents[Op::E]);
  for (int64_t j = 0; j < count; ++j)
    all.push_back(j);
  if (failed(score.prepare(extents)) || failed(mask.prepare(extents)) ||
      failed(prob.prepare(extents)))
    return failure();
  return success();
}

template <typename T> LogicalResult Attention<T>::readLengths() {
  if (Value given = op.getLengths()) {
    int64_t batch = extents[Op::B];
    if (failed(expectLengths(run, given, batch, extents[Op::J])))
      return failure();
    for (int64_t b = 0; b < batch; ++b)
      lengths.push_back(run.array(given).data()[b].integer);
  }
  if (!op.getQueryStarts())
    return success();
  if (failed(readStarts(op.getQueryStarts(), extents[Op::I], queryStarts)) ||
      failed(readStarts(op.getKeyStarts(), extents[Op::J], keyStarts)))
    return failure();
  if (queryStarts.size() != keyStarts.size())
    return run.fail(Kind::Shape, "as many starts of queries as of keys are needed");
  return success();
}

template <typename T>
LogicalResult Attention<T>::readStarts(Value starts, int64_t extent, std::vector<int64_t> &into) {
  const Array &array = run.array(starts);
  for (int64_t n = 0; n < array.count; ++n)
    into.push_back(array.data()[n].integer);
  if (into.empty())
    return run.fail(Kind::Shape, "sequences have one start at least");
  if (into.front() != 0 || into.back() != extent || !llvm::is_sorted(into))
    return run.fail(Kind::Length,
                    "starts of sequences do not rise from 0 to " + std::to_string(extent));
  return success();
}

/// Finds what the row of query `i` may keep, and from where it counts.
template <typename T> void Attention<T>::enterSequence(int64_t i) {
  if (queryStarts.empty())
    return;
  sequence = llvm::upper_bound(queryStarts, i) - queryStarts.begin() - 1;
  firstQuery = queryStarts[sequence], firstKey = keyStarts[sequence];
  endKey = keyStarts[sequence + 1];
  for (RowRegion *region : {&score, &mask, &prob})
    region->countFrom({-sequence, 0, firstQuery, firstKey});
}

/// Key j of batch b in the numbering of the maps: with pages, that of the page's rows.
template <typename T> FailureOr<int64_t> Attention<T>::placeOfKey(int64_t b, int64_t j) {
  if (!op.getPages())
    return j;
  int64_t size = op.getPageSize(), blocks = extents[Op::J] / size;
  int64_t page = run.array(op.getPages()).data()[b * blocks + j / size].integer;
  int64_t count = std::min(run.array(op.getKey()).shape[op.getPagePlace(op.getKeyMap())],
                           run.array(op.getValue()).shape[op.getPagePlace(op.getValueMap())]);
  if (page < 0 || page >= count)
    return run.fail(Kind::Index, "page " + std::to_string(page) + " is out of range [0, " +
                                     std::to_string(count) + ")");
  return page * size + j % size;
}

template <typename T> LogicalResult Attention<T>::copyHead(int64_t b, int64_t h) {
  const Cell *k = run.array(op.getKey()).data(), *v = run.array(op.getValue()).data();
  int64_t count = extents[Op::J];
  firstKey = 0;
  endKey = lengths.empty() ? count : lengths[b];
  for (int64_t j = 0; j < endKey; ++j) {
    FailureOr<int64_t> place = placeOfKey(b, j);
    if (failed(place))
      return failure();
    int64_t from = offset(*key, b, h, 0, *place, 0, 0), step = key->stride(Op::D);
    for (int64_t d = 0; d < extents[Op::D]; ++d)
      keys[d * count + j] = load<T>(k[from + d * step]);
    from = offset(*value, b, h, 0, *place, 0, 0), step = value->stride(Op::E);
    for (int64_t e = 0; e < extents[Op::E]; ++e)
      values[j * extents[Op::E] + e] = load<T>(v[from + e * step]);
  }
  return success();
}

template <typename T> bool Attention<T>::keeps(int64_t i, int64_t j) const {
  AttentionOp attention = op;
  __int128 center = static_cast<__int128>(i - firstQuery) + shift, place = j - firstKey;
  if (attention.getAlignEnds())
    center += (endKey - firstKey) - (queryStarts[sequence + 1] - firstQuery);
  if (attention.getCausal() && place > center)
    return false;
  std::optional<ArrayRef<int64_t>> window = attention.getWindow();
  if (!window)
    return true;
  int64_t left = (*window)[0], right = (*window)[1];
  return (left < 0 || place >= center - left) && (right < 0 || place <= center + right);
}

template <typename T> LogicalResult Attention<T>::findKept(MutableArrayRef<int64_t> point) {
  enterSequence(point[Op::I]);
  kept.clear();
  auto own = ArrayRef(all).slice(firstKey, endKey - firstKey);
  if (mask.exists() && failed(mask.apply(point, own, verdicts)))
    return failure();
  for (auto [place, j] : llvm::enumerate(own))
    if ((!mask.exists() || verdicts[place].integer) && keeps(point[Op::I], j))
      kept.push_back(j);
  return success();
}

/// Leaves the scores of the kept keys, in their order, in `row`.
template <typename T> LogicalResult Attention<T>::findScores(MutableArrayRef<int64_t> point) {
  const Cell *q = run.array(op.getQuery()).data() +
                  offset(*query, point[Op::B], point[Op::H], point[Op::I], 0, 0, 0);
  int64_t count = extents[Op::J];
  std::fill(row.begin(), row.end(), T(0));
  for (int64_t d = 0; d < extents[Op::D]; ++d) {
    T factor = load<T>(q[d * query->stride(Op::D)]);
    const T *line = keys.data() + d * count;
    for (int64_t j = 0; j < count; ++j)
      row[j] += factor * line[j];
  }
  T scale = static_cast<T>(op.getScale().convertToDouble());
  for (auto [place, j] : llvm::enumerate(kept))
    row[place] = scale * row[j];
  if (score.exists()) {
    for (size_t place = 0; place < kept.size(); ++place)
      cells[place].real = row[place];
    if (failed(score.apply(point, kept, MutableArrayRef<Cell>(cells).take_front(kept.size()))))
      return failure();
    for (size_t place = 0; place < kept.size(); ++place)
      row[place] = load<T>(cells[place]);
  }
  if (Value slopes = op.getSlopes()) {
    T slope = load<T>(run.array(slopes).data()[point[Op::H]]);
    int64_t query = point[Op::I] - firstQuery;
    for (auto [place, j] : llvm::enumerate(kept))
      row[place] += slope * static_cast<T>(j - firstKey - query);
  }
  if (op.getSoftcap()) {
    T cap = static_cast<T>(op.getSoftcap()->convertToDouble());
    for (size_t place = 0; place < kept.size(); ++place)
      row[place] = cap * tanhOf(row[place] / cap);
  }
  return success();
}

template <typename T>
LogicalResult Attention<T>::executeRow(MutableArrayRef<int64_t> point, Outs outs) {
  if (failed(findKept(point)) || failed(findScores(point)))
    return failure();
  size_t count = kept.size();
  T largest = -INFINITY, sum = 0;
  bool nan = false;
  for (size_t place = 0; place < count; ++place) {
    largest = row[place] > largest ? row[place] : largest;
    nan |= std::isnan(row[place]);
  }
  bool empty = !nan && largest == -static_cast<T>(INFINITY);
  if (empty)
    count = 0;
  for (size_t place = 0; place < count; ++place) {
    row[place] = expOf<T>(row[place] - largest);
    sum += row[place];
  }
  auto placeIn = [&](const Access &access) {
    return offset(access, point[Op::B], point[Op::H], point[Op::I], 0, 0, 0);
  };
  if (outs.lse)
    outs.lse->mutableData()[placeIn(*lseAccess)].real = empty ? -INFINITY : largest + logOf(sum);
  if (outs.max)
    outs.max->mutableData()[placeIn(*maxAccess)].real = std::isnan(sum) ? sum : largest;
  for (size_t place = 0; place < count; ++place)
    cells[place].real = row[place] / sum;
  if (prob.exists() && failed(prob.apply(point, ArrayRef<int64_t>(kept).take_front(count),
                                         MutableArrayRef<Cell>(cells).take_front(count))))
    return failure();
  if (run.roundsWeights())
    settle(Format::of(getElementTypeOrSelf(op.getValue().getType())), cells.data(), count);
  std::fill(sums.begin(), sums.end(), T(0));
  for (size_t place = 0; place < count; ++place) {
    T weight = load<T>(cells[place]);
    const T *line = values.data() + kept[place] * extents[Op::E];
    for (int64_t e = 0; e < extents[Op::E]; ++e)
      sums[e] += weight * line[e];
  }
  int64_t at = placeIn(*outAccess);
  for (int64_t e = 0; e < extents[Op::E]; ++e)
    outs.out.mutableData()[at + e * outAccess->stride(Op::E)].real = sums[e];
  return success();
}

template <typename T> LogicalResult Attention<T>::execute(Outs outs) {
  if (failed(prepare(outs)))
    return failure();
  SmallVector<int64_t> point(6, 0);
  for (int64_t b = 0; b < extents[Op::B]; ++b)
    for (int64_t h = 0; h < extents[Op::H]; ++h) {
      if (failed(copyHead(b, h)))
        return failure();
      for (int64_t i = 0; i < extents[Op::I]; ++i) {
        point[Op::B] = b, point[Op::H] = h, point[Op::I] = i;
        if (failed(executeRow(point, outs)))
          return failure();
      }
    }
  return success();
}

static LogicalResult runAttention(OpRun &run) {
  auto op = run.as<AttentionOp>();
  if (op.getScorer() != Scorer::Dot || op.getNormalizer() != Normalizer::Softmax)
    return run.fail(Kind::Unsupported, "only dot scores with softmax are evaluated");
  SmallVector<AffineMap> maps{op.getQueryMap(), op.getKeyMap(), op.getValueMap()};
  SmallVector<Value> operands{op.getQuery(), op.getKey(), op.getValue()};
  for (auto [index, init] : llvm::enumerate(op.getInits())) {
    maps.push_back(op.getMap(3 + op.getCaptures().size() + index));
    operands.push_back(init);
  }
  for (auto [index, capture] : llvm::enumerate(op.getCaptures())) {
    if (isTable(capture, op.getCaptureMap(index)))
      continue;
    maps.push_back(op.getCaptureMap(index));
    operands.push_back(capture);
  }
  if (Value slopes = op.getSlopes()) {
    maps.push_back(AffineMap::getMultiDimMapWithTargets(6, {AttentionOp::H}, op.getContext()));
    operands.push_back(slopes);
  }
  SmallVector<ArrayRef<int64_t>> shapes;
  for (Value operand : operands)
    shapes.push_back(run.array(operand).shape);
  // Without batch and keys in the maps of pages, their table says how many there are.
  SmallVector<int64_t> inPages;
  if (op.getPages()) {
    maps[1] = op.getMapInPage(maps[1]);
    maps[2] = op.getMapInPage(maps[2]);
    ArrayRef<int64_t> table = run.array(op.getPages()).shape;
    inPages = {table[0], table[1] * op.getPageSize()};
    maps.push_back(
        AffineMap::getMultiDimMapWithTargets(6, {AttentionOp::B, AttentionOp::J}, op.getContext()));
    shapes.push_back(inPages);
  }
  std::string why;
  auto extents = iterationExtents(maps, shapes, why);
  if (!extents)
    return run.fail(Kind::Shape, why);
  SmallVector<Array, 3> results;
  for (OpOperand &init : op.getDpsInitsMutable()) {
    FailureOr<Array> result = run.takeDestination(init);
    if (failed(result))
      return failure();
    results.push_back(std::move(*result));
  }
  Outs outs{results[0], op.hasLse() ? &results[1] : nullptr, op.hasMax() ? &results[2] : nullptr};
  bool narrow = run.mode() == Mode::Plain && op.getScoreType().isF32();
  if (failed(narrow ? Attention<float>(run, op, *extents).execute(outs)
                    : Attention<double>(run, op, *extents).execute(outs)))
    return failure();
  for (auto [index, result] : llvm::enumerate(results)) {
    Type element = cast<ShapedType>(op.getInits()[index].getType()).getElementType();
    settle(settledFormat(element, run.mode()), result.mutableData(), result.count);
    run.set(index, std::move(result));
  }
  return success();
}

void fovea::reference::addAttentionRule(RuleTable &table) {
  table["fovea.attention"] = runAttention;
}
