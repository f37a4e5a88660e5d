//===- AttentionRule.cpp - fovea.attention --------------------------------===//
//
// The operation's formulas row by row: dot product, scale, score region, softcap, mask region,
// causal, window, softmax over what is kept, probability region, weighted sum. A row whose kept
// scores are all -inf counts as one that keeps nothing: it gives 0, and lse -inf.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/Reference/RowRegion.h"
#include "compiler/Targets/Reference/Working.h"
#include "dialects/Fovea/StructuredOps.h"

#include <algorithm>

using namespace mlir;
using namespace fovea;
using namespace fovea::reference;
using Kind = RunError::Kind;

namespace {
/// One attention operation in a working type.
template <typename T> class Attention {
public:
  Attention(OpRun &run, AttentionOp op, ArrayRef<int64_t> extents)
      : run(run), op(op), extents(extents), score(run, op, 0, 1), mask(run, op, 1, 0),
        prob(run, op, 2, 1) {}

  LogicalResult execute(Array &out, Array *lse);

private:
  using Op = AttentionOp;
  LogicalResult prepare(Array &out, Array *lse);
  void copyHead(int64_t b, int64_t h);
  bool keeps(int64_t i, int64_t j) const;
  LogicalResult findKept(MutableArrayRef<int64_t> point);
  LogicalResult findScores(MutableArrayRef<int64_t> point);
  LogicalResult executeRow(MutableArrayRef<int64_t> point, Array &out, Array *lse);
  int64_t offset(const Access &access, int64_t b, int64_t h, int64_t i, int64_t j, int64_t d,
                 int64_t e) const {
    return access.at({b, h, i, j, d, e});
  }

  OpRun &run;
  AttentionOp op;
  ArrayRef<int64_t> extents;
  RowRegion score, mask, prob;
  std::optional<Access> query, key, value, outAccess, lseAccess;
  /// The head's keys as [d][j] and values as [j][e], one row of scores and one of results.
  std::vector<T> keys, values, row, sums;
  std::vector<int64_t> kept, all;
  std::vector<Cell> cells, verdicts;
  int64_t shift = 0;
};
} // namespace

template <typename T> LogicalResult Attention<T>::prepare(Array &out, Array *lse) {
  query.emplace(op.getQueryMap(), run.array(op.getQuery()).shape);
  key.emplace(op.getKeyMap(), run.array(op.getKey()).shape);
  value.emplace(op.getValueMap(), run.array(op.getValue()).shape);
  outAccess.emplace(op.getOutMap(), out.shape);
  if (lse)
    lseAccess.emplace(op.getLseMap(), lse->shape);
  int64_t group = op.getGroup(), heads = extents[Op::H];
  if (group > 1) {
    // The maps' h floordiv G hides the number of key heads from the extents.
    for (auto [map, array] : {std::pair(op.getKeyMap(), &run.array(op.getKey())),
                              std::pair(op.getValueMap(), &run.array(op.getValue()))})
      for (auto [expr, extent] : llvm::zip_equal(map.getResults(), array->shape))
        if (!isa<AffineDimExpr>(expr) && extent * group != heads)
          return run.fail(Kind::Shape, "expected " + std::to_string(group) +
                                           " query heads for each of " + std::to_string(extent) +
                                           " key heads, got " + std::to_string(heads));
  }
  if (op.getOffset())
    shift = run.integer(op.getOffset());
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

template <typename T> void Attention<T>::copyHead(int64_t b, int64_t h) {
  const Cell *k = run.array(op.getKey()).data(), *v = run.array(op.getValue()).data();
  int64_t count = extents[Op::J];
  for (int64_t j = 0; j < count; ++j) {
    int64_t from = offset(*key, b, h, 0, j, 0, 0), step = key->stride(Op::D);
    for (int64_t d = 0; d < extents[Op::D]; ++d)
      keys[d * count + j] = load<T>(k[from + d * step]);
    from = offset(*value, b, h, 0, j, 0, 0), step = value->stride(Op::E);
    for (int64_t e = 0; e < extents[Op::E]; ++e)
      values[j * extents[Op::E] + e] = load<T>(v[from + e * step]);
  }
}

template <typename T> bool Attention<T>::keeps(int64_t i, int64_t j) const {
  __int128 center = static_cast<__int128>(i) + shift;
  AttentionOp attention = op;
  if (attention.getCausal() && j > center)
    return false;
  std::optional<ArrayRef<int64_t>> window = attention.getWindow();
  if (!window)
    return true;
  int64_t left = (*window)[0], right = (*window)[1];
  return (left < 0 || j >= center - left) && (right < 0 || j <= center + right);
}

template <typename T> LogicalResult Attention<T>::findKept(MutableArrayRef<int64_t> point) {
  kept.clear();
  if (mask.exists() && failed(mask.apply(point, all, verdicts)))
    return failure();
  for (int64_t j : all)
    if ((!mask.exists() || verdicts[j].integer) && keeps(point[Op::I], j))
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
  if (op.getSoftcap()) {
    T cap = static_cast<T>(op.getSoftcap()->convertToDouble());
    for (size_t place = 0; place < kept.size(); ++place)
      row[place] = cap * tanhOf(row[place] / cap);
  }
  return success();
}

template <typename T>
LogicalResult Attention<T>::executeRow(MutableArrayRef<int64_t> point, Array &out, Array *lse) {
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
  if (lse) {
    int64_t at = offset(*lseAccess, point[Op::B], point[Op::H], point[Op::I], 0, 0, 0);
    lse->mutableData()[at].real = empty ? -INFINITY : largest + logOf(sum);
  }
  for (size_t place = 0; place < count; ++place)
    cells[place].real = row[place] / sum;
  if (prob.exists() && failed(prob.apply(point, ArrayRef<int64_t>(kept).take_front(count),
                                         MutableArrayRef<Cell>(cells).take_front(count))))
    return failure();
  std::fill(sums.begin(), sums.end(), T(0));
  for (size_t place = 0; place < count; ++place) {
    T weight = load<T>(cells[place]);
    const T *line = values.data() + kept[place] * extents[Op::E];
    for (int64_t e = 0; e < extents[Op::E]; ++e)
      sums[e] += weight * line[e];
  }
  int64_t at = offset(*outAccess, point[Op::B], point[Op::H], point[Op::I], 0, 0, 0);
  for (int64_t e = 0; e < extents[Op::E]; ++e)
    out.mutableData()[at + e * outAccess->stride(Op::E)].real = sums[e];
  return success();
}

template <typename T> LogicalResult Attention<T>::execute(Array &out, Array *lse) {
  if (failed(prepare(out, lse)))
    return failure();
  SmallVector<int64_t> point(6, 0);
  for (int64_t b = 0; b < extents[Op::B]; ++b)
    for (int64_t h = 0; h < extents[Op::H]; ++h) {
      copyHead(b, h);
      for (int64_t i = 0; i < extents[Op::I]; ++i) {
        point[Op::B] = b, point[Op::H] = h, point[Op::I] = i;
        if (failed(executeRow(point, out, lse)))
          return failure();
      }
    }
  return success();
}

static LogicalResult runAttention(OpRun &run) {
  auto op = run.as<AttentionOp>();
  if (op.getScorer() != Scorer::Dot || op.getNormalizer() != Normalizer::Softmax)
    return run.fail(Kind::Unsupported, "only dot scores with softmax are evaluated");
  SmallVector<AffineMap> maps{op.getQueryMap(), op.getKeyMap(), op.getValueMap(), op.getOutMap()};
  SmallVector<Value> operands{op.getQuery(), op.getKey(), op.getValue(), op.getOut()};
  if (op.hasLse()) {
    maps.push_back(op.getLseMap());
    operands.push_back(op.getLse());
  }
  for (auto [index, capture] : llvm::enumerate(op.getCaptures())) {
    if (isTable(capture, op.getCaptureMap(index)))
      continue;
    maps.push_back(op.getCaptureMap(index));
    operands.push_back(capture);
  }
  SmallVector<ArrayRef<int64_t>> shapes;
  for (Value operand : operands)
    shapes.push_back(run.array(operand).shape);
  std::string why;
  auto extents = iterationExtents(maps, shapes, why);
  if (!extents)
    return run.fail(Kind::Shape, why);
  SmallVector<Array, 2> results;
  for (OpOperand &init : op.getDpsInitsMutable()) {
    FailureOr<Array> result = run.takeDestination(init);
    if (failed(result))
      return failure();
    results.push_back(std::move(*result));
  }
  Array *lse = op.hasLse() ? &results[1] : nullptr;
  bool narrow = run.mode() == Mode::Plain && op.getScoreType().isF32();
  if (failed(narrow ? Attention<float>(run, op, *extents).execute(results[0], lse)
                    : Attention<double>(run, op, *extents).execute(results[0], lse)))
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
