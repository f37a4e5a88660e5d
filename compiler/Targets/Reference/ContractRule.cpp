//===- ContractRule.cpp - fovea.contract ----------------------------------===//
//
// Sums of products over arbitrary affine maps: in double, or in the plain mode in f32 in the order
// of the summed dimensions; integers with wrap-around. A row of results is summed at a time, so
// that the inner loop runs over neighbouring elements.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/Reference/Access.h"
#include "compiler/Targets/Reference/Execution.h"
#include "compiler/Targets/Reference/Recurrence.h"
#include "compiler/Targets/Reference/Working.h"
#include "dialects/Fovea/FoveaDialect.h"

#include <algorithm>

using namespace mlir;
using namespace fovea;
using namespace fovea::reference;
using Kind = RunError::Kind;

/// True for a product, in the cell of a recurrence, of what hangs on a state with what the cell is
/// given: one whose factors a run may round (docs/Rationale/RecurrentWeights.md).
static bool isOfState(ContractOp op) {
  auto rnn = dyn_cast<RnnOp>(op->getParentOp());
  bool isMade = rnn && op.getRhs().getParentRegion() == &rnn.getCell() &&
                !op.getRhs().getDefiningOp<GetWeightOp>();
  if (!rnn || isMade)
    return false;
  Block &cell = rnn.getCell().front();
  SetVector<Value> sources;
  sources.insert(op.getLhs());
  for (size_t next = 0; next < sources.size(); ++next) {
    Value source = sources[next];
    if (Operation *def = source.getDefiningOp(); def && def->getBlock() == &cell)
      sources.insert_range(def->getOperands());
    else if (llvm::is_contained(cell.getArguments().take_back(rnn.getStates().size()), source))
      return true;
  }
  return false;
}

namespace {
/// lhs or rhs: its elements in the type of the sum, the dimension along the lanes last. Copied
/// unless the operand is like that already.
template <typename T> struct Factor {
  std::shared_ptr<Cell[]> memory;
  const T *data = nullptr;
  std::optional<Access> access;
};

template <typename T> class Contraction {
public:
  Contraction(OpRun &run, ContractOp op, ArrayRef<int64_t> extents)
      : run(run), op(op), extents(extents) {}

  LogicalResult execute(Array &out);

private:
  LogicalResult pack(Factor<T> &factor, Value value, AffineMap map);
  std::optional<unsigned> placeToRound(AffineMap map, ArrayRef<unsigned> order);
  LogicalResult prepare(Array &out);
  void chooseLaneDim(ArrayRef<Access> accesses);
  LogicalResult findOffsets(ArrayRef<int64_t> point);
  void sumRow(ArrayRef<int64_t> point, int64_t lanes, T *sums);
  LogicalResult finishRow(LaneProgram &program, Array &out, ArrayRef<int64_t> point, int64_t lanes,
                          const T *sums);
  LogicalResult executeRow(LaneProgram &program, Array &out, ArrayRef<int64_t> point,
                           int64_t lanes);
  int64_t laneStride(const Access &access) { return laneDim ? access.stride(*laneDim) : 0; }
  LogicalResult outside() { return run.fail(Kind::Shape, "an indexing map leaves its operand"); }

  OpRun &run;
  ContractOp op;
  ArrayRef<int64_t> extents;
  Factor<T> left, right;
  std::vector<Access> captures;
  std::optional<Access> outAccess;
  std::optional<unsigned> laneDim;
  SmallVector<unsigned> summed;
  /// Offsets of both factors for every point of the summed dimensions, from the point where these
  /// are 0 in linear maps, absolute otherwise.
  std::shared_ptr<Cell[]> offsets;
  int64_t terms = 0;
  bool linear = true;
};
} // namespace

/// Along which dimension a factor packed in `order` is rounded; none in most runs.
template <typename T>
std::optional<unsigned> Contraction<T>::placeToRound(AffineMap map, ArrayRef<unsigned> order) {
  if (!run.roundsRecurrent() || summed.size() != 1 || !map.isProjectedPermutation() ||
      !isOfState(op))
    return std::nullopt;
  for (auto [place, dim] : llvm::enumerate(order))
    if (map.getDimPosition(dim) == summed.front())
      return place;
  return std::nullopt;
}

template <typename T>
LogicalResult Contraction<T>::pack(Factor<T> &factor, Value value, AffineMap map) {
  const Array &array = run.array(value);
  unsigned rank = map.getNumResults(), last = rank;
  for (unsigned dim = 0; laneDim && dim < rank; ++dim)
    if (map.getResult(dim).isFunctionOfDim(*laneDim))
      last = dim;
  SmallVector<unsigned> order;
  for (unsigned dim = 0; dim < rank; ++dim)
    if (dim != last)
      order.push_back(dim);
  if (last != rank)
    order.push_back(last);
  SmallVector<AffineExpr> exprs;
  SmallVector<int64_t> shape, strides, sourceStrides = stridesOf(array.shape);
  for (unsigned dim : order) {
    exprs.push_back(map.getResult(dim));
    shape.push_back(array.shape[dim]);
    strides.push_back(sourceStrides[dim]);
  }
  factor.access.emplace(AffineMap::get(map.getNumDims(), 0, exprs, map.getContext()), shape);
  std::optional<unsigned> levels = placeToRound(map, order);
  bool rounds = run.roundsOperands() && getElementTypeOrSelf(op.getLhs()).isF32() &&
                getElementTypeOrSelf(op.getRhs()).isF32();
  if (std::is_same_v<T, double> && llvm::is_sorted(order) && !rounds && !levels) {
    factor.data = reinterpret_cast<const T *>(array.data());
    return success();
  }
  factor.memory = run.scratch(array.count);
  if (!factor.memory)
    return failure();
  T *data = reinterpret_cast<T *>(factor.memory.get());
  factor.data = data;
  copyPermuted(array.data(), shape, strides, data);
  if constexpr (std::is_floating_point_v<T>) {
    if (rounds)
      std::transform(data, data + array.count, data, roundToTf32<T>);
    if (levels)
      roundAlong(data, shape, *levels);
  }
  return success();
}

template <typename T> void Contraction<T>::chooseLaneDim(ArrayRef<Access> accesses) {
  for (unsigned dim = 0; dim < extents.size(); ++dim) {
    bool usable = !op.isReduction(dim);
    for (const Access &access : accesses)
      usable &= access.isLinearIn(dim);
    if (usable && (!laneDim || extents[dim] >= extents[*laneDim]))
      laneDim = dim;
  }
}

template <typename T> LogicalResult Contraction<T>::prepare(Array &out) {
  std::vector<Access> accesses;
  SmallVector<Value> operands{op.getLhs(), op.getRhs()};
  llvm::append_range(operands, op.getCaptures());
  for (auto [index, value] : llvm::enumerate(operands))
    accesses.emplace_back(op.getMap(index), run.array(value).shape);
  outAccess.emplace(op.getOutMap(), out.shape);
  // Captures and results are touched even when there is nothing to sum.
  SmallVector<int64_t> touched(extents), box;
  for (unsigned dim = 0; dim < extents.size(); ++dim) {
    if (!op.isReduction(dim))
      continue;
    summed.push_back(dim);
    box.push_back(extents[dim]);
    touched[dim] = 1;
  }
  for (auto [index, access] : llvm::enumerate(accesses))
    if (!access.contains(index < 2 ? extents : ArrayRef<int64_t>(touched)))
      return outside();
  captures.assign(accesses.begin() + 2, accesses.end());
  linear = accesses[0].isLinear() && accesses[1].isLinear();
  chooseLaneDim(accesses);
  if (failed(pack(left, op.getLhs(), op.getLhsMap())) ||
      failed(pack(right, op.getRhs(), op.getRhsMap())))
    return failure();
  box.push_back(2);
  FailureOr<Array> pairs = run.allocate(box);
  if (failed(pairs))
    return failure();
  terms = pairs->count / 2;
  offsets = pairs->cells;
  return success();
}

template <typename T> LogicalResult Contraction<T>::findOffsets(ArrayRef<int64_t> start) {
  if (terms == 0)
    return success();
  SmallVector<int64_t> point(start), index(summed.size(), 0), box;
  for (unsigned dim : summed)
    box.push_back(extents[dim]);
  Cell *next = offsets.get();
  do {
    for (auto [dim, position] : llvm::zip_equal(summed, index))
      point[dim] = position;
    next[0].integer = left.access->at(point);
    next[1].integer = right.access->at(point);
    if (next[0].integer < 0 || next[1].integer < 0)
      return outside();
    next += 2;
  } while (advance(index, box));
  return success();
}

template <typename T> void Contraction<T>::sumRow(ArrayRef<int64_t> point, int64_t lanes, T *sums) {
  std::fill_n(sums, lanes, T(0));
  // Products commute: the factor that does not move along the lanes comes first.
  unsigned first = laneStride(*left.access) != 0 && laneStride(*right.access) == 0;
  const Factor<T> &x = first ? right : left, &y = first ? left : right;
  int64_t xStep = laneStride(*x.access), yStep = laneStride(*y.access);
  const T *xData = x.data + (linear ? x.access->at(point) : 0);
  const T *yData = y.data + (linear ? y.access->at(point) : 0);
  const Cell *next = offsets.get();
  for (int64_t term = 0; term < terms; ++term, next += 2) {
    const T *xs = xData + next[first].integer, *ys = yData + next[1 - first].integer;
    if (xStep == 0 && yStep == 1)
      for (int64_t lane = 0; lane < lanes; ++lane)
        sums[lane] += *xs * ys[lane];
    else
      for (int64_t lane = 0; lane < lanes; ++lane)
        sums[lane] += xs[lane * xStep] * ys[lane * yStep];
  }
}

template <typename T>
LogicalResult Contraction<T>::finishRow(LaneProgram &program, Array &out, ArrayRef<int64_t> point,
                                        int64_t lanes, const T *sums) {
  Type type = op.getEpilogue().front().getArgument(0).getType();
  Format format = settledFormat(type, run.mode());
  if (program.usesArgument(0)) {
    for (int64_t lane = 0; lane < lanes; ++lane)
      store(program.argument(0)[lane], sums[lane]);
    settle(format, program.argument(0), lanes);
  }
  for (auto [index, access] : llvm::enumerate(captures)) {
    int64_t offset = access.at(point), stride = laneStride(access);
    if (offset < 0)
      return outside();
    const Cell *source = run.array(op.getCaptures()[index]).data() + offset;
    Cell *target = program.argument(index + 1);
    for (int64_t lane = 0; lane < lanes; ++lane)
      target[lane] = source[lane * stride];
  }
  if (failed(program.run(run, lanes)))
    return failure();
  Cell *target = out.mutableData() + outAccess->at(point);
  int64_t stride = laneStride(*outAccess);
  for (int64_t lane = 0; lane < lanes; ++lane)
    target[lane * stride] = program.yielded(0)[lane];
  return success();
}

template <typename T>
LogicalResult Contraction<T>::executeRow(LaneProgram &program, Array &out, ArrayRef<int64_t> point,
                                         int64_t lanes) {
  T sums[LaneProgram::kLanes];
  if (!linear && failed(findOffsets(point)))
    return failure();
  sumRow(point, lanes, sums);
  return finishRow(program, out, point, lanes, sums);
}

template <typename T> LogicalResult Contraction<T>::execute(Array &out) {
  LaneProgram *program = run.program(0);
  if (!program)
    return run.fail(Kind::Unsupported, "an epilogue that is not elementwise");
  SmallVector<int64_t> point(extents.size(), 0), outer(extents);
  if (failed(prepare(out)) || failed(program->bind(run)) || (linear && failed(findOffsets(point))))
    return failure();
  // A linear map's constant is in the point's offset already.
  if (linear && terms > 0) {
    int64_t leftBase = left.access->at(point), rightBase = right.access->at(point);
    for (int64_t term = 0; term < terms; ++term) {
      offsets[2 * term].integer -= leftBase;
      offsets[2 * term + 1].integer -= rightBase;
    }
  }
  for (unsigned dim : summed)
    outer[dim] = 1;
  if (laneDim)
    outer[*laneDim] = 1;
  if (llvm::is_contained(outer, 0) || (laneDim && extents[*laneDim] == 0))
    return success();
  int64_t length = laneDim ? extents[*laneDim] : 1;
  for (int64_t start = 0; start < length; start += LaneProgram::kLanes) {
    int64_t lanes = std::min(length - start, LaneProgram::kLanes);
    do {
      if (laneDim)
        point[*laneDim] = start;
      if (failed(executeRow(*program, out, point, lanes)))
        return failure();
      if (laneDim)
        point[*laneDim] = 0;
    } while (advance(point, outer));
  }
  return success();
}

static LogicalResult runContract(OpRun &run) {
  auto op = run.as<ContractOp>();
  SmallVector<AffineMap> maps;
  SmallVector<ArrayRef<int64_t>> shapes;
  SmallVector<Value> operands{op.getLhs(), op.getRhs()};
  llvm::append_range(operands, op.getCaptures());
  operands.push_back(op.getInit());
  for (auto [index, value] : llvm::enumerate(operands)) {
    maps.push_back(op.getMap(index));
    shapes.push_back(run.array(value).shape);
  }
  std::string why;
  auto extents = iterationExtents(maps, shapes, why);
  if (!extents)
    return run.fail(Kind::Shape, why);
  FailureOr<Array> out = run.takeDestination(op.getInitMutable());
  if (failed(out))
    return failure();
  Type element = op.getSumType();
  LogicalResult done = success();
  if (isa<IntegerType>(element))
    done = Contraction<uint64_t>(run, op, *extents).execute(*out);
  else if (run.mode() == Mode::Plain && !element.isF64())
    done = Contraction<float>(run, op, *extents).execute(*out);
  else
    done = Contraction<double>(run, op, *extents).execute(*out);
  if (failed(done))
    return failure();
  run.set(0, std::move(*out));
  return success();
}

void fovea::reference::addContractRule(RuleTable &table) { table["fovea.contract"] = runContract; }
