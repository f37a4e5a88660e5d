//===- LinalgRules.cpp - linalg -------------------------------------------===//
//
// Structured operations (generic, fill and all others that are generics by their interface),
// linalg.index and linalg.softmax.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/Reference/Access.h"
#include "compiler/Targets/Reference/Execution.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

#include <algorithm>
#include <cmath>

using namespace mlir;
using namespace fovea::reference;
using Kind = RunError::Kind;

namespace {
/// The loops of one structured operation. Reductions run in the order of their indices, a row of
/// lanes along one parallel dimension at a time.
class Loops {
public:
  Loops(OpRun &run) : run(run), op(run.as<linalg::LinalgOp>()), maps(op.getIndexingMapsArray()) {}

  LogicalResult execute();

private:
  LogicalResult prepare();
  void chooseLaneDim();
  LogicalResult executeLanes(LaneProgram &program);
  LogicalResult executeLane(LaneProgram &program, ArrayRef<int64_t> point, int64_t lanes);
  LogicalResult executeElements();
  LogicalResult outside();

  OpRun &run;
  linalg::LinalgOp op;
  SmallVector<AffineMap> maps;
  /// Operands of the operation, the destinations replaced by what they become.
  SmallVector<Array> arrays;
  std::vector<Access> accesses;
  SmallVector<bool> scalar;
  SmallVector<int64_t> extents;
  unsigned inputs = 0;
  std::optional<unsigned> laneDim;
};
} // namespace

LogicalResult Loops::outside() {
  return run.fail(Kind::Shape, "an indexing map leaves its operand");
}

LogicalResult Loops::prepare() {
  inputs = op.getNumDpsInputs();
  for (OpOperand &operand : op->getOpOperands()) {
    unsigned index = operand.getOperandNumber();
    scalar.push_back(!isa<ShapedType>(operand.get().getType()));
    if (index >= inputs) {
      FailureOr<Array> array = run.takeUnique(index);
      if (failed(array))
        return failure();
      arrays.push_back(std::move(*array));
    } else {
      arrays.push_back(run.operand(index).array);
    }
  }
  SmallVector<ArrayRef<int64_t>> shapes;
  for (const Array &array : arrays)
    shapes.push_back(array.shape);
  std::string why;
  std::optional<SmallVector<int64_t>> found = iterationExtents(maps, shapes, why);
  if (!found)
    return run.fail(Kind::Shape, why);
  extents = std::move(*found);
  for (auto [map, array] : llvm::zip_equal(maps, arrays)) {
    accesses.emplace_back(map, array.shape);
    if (!accesses.back().contains(extents))
      return outside();
  }
  return success();
}

void Loops::chooseLaneDim() {
  SmallVector<utils::IteratorType> types = op.getIteratorTypesArray();
  for (unsigned dim = 0; dim < extents.size(); ++dim) {
    bool parallel = types[dim] == utils::IteratorType::parallel;
    for (auto [index, access] : llvm::enumerate(accesses)) {
      parallel &= access.isLinearIn(dim);
      // Lanes that wrote one element would race.
      parallel &= index < inputs || access.stride(dim) != 0;
    }
    // On a tie the inner dimension, whose elements lie closer together.
    if (parallel && (!laneDim || extents[dim] >= extents[*laneDim]))
      laneDim = dim;
  }
}

static void gather(Cell *target, const Cell *source, int64_t stride, int64_t count) {
  if (stride == 0)
    std::fill_n(target, count, *source);
  else
    for (int64_t lane = 0; lane < count; ++lane)
      target[lane] = source[lane * stride];
}

LogicalResult Loops::executeLane(LaneProgram &program, ArrayRef<int64_t> point, int64_t lanes) {
  SmallVector<int64_t, 8> offsets;
  for (const Access &access : accesses) {
    offsets.push_back(access.at(point));
    if (offsets.back() < 0)
      return outside();
  }
  auto stride = [&](unsigned index) -> int64_t {
    return laneDim ? accesses[index].stride(*laneDim) : 0;
  };
  for (unsigned index = 0; index < arrays.size(); ++index) {
    if (!program.usesArgument(index))
      continue;
    if (scalar[index])
      std::fill_n(program.argument(index), lanes, run.operand(index).cell);
    else
      gather(program.argument(index), arrays[index].data() + offsets[index], stride(index), lanes);
  }
  for (unsigned dim = 0; dim < extents.size(); ++dim)
    if (Cell *cells = program.index(dim))
      for (int64_t lane = 0; lane < lanes; ++lane)
        cells[lane].integer = point[dim] + (laneDim == dim ? lane : 0);
  if (failed(program.run(run, lanes)))
    return failure();
  for (unsigned index = inputs; index < arrays.size(); ++index) {
    const Cell *source = program.yielded(index - inputs);
    Cell *target = arrays[index].mutableData() + offsets[index];
    for (int64_t lane = 0; lane < lanes; ++lane)
      target[lane * stride(index)] = source[lane];
  }
  return success();
}

LogicalResult Loops::executeLanes(LaneProgram &program) {
  if (failed(program.bind(run)))
    return failure();
  chooseLaneDim();
  SmallVector<int64_t> point(extents.size(), 0), outer(extents);
  if (laneDim)
    outer[*laneDim] = 1;
  do {
    int64_t length = laneDim ? extents[*laneDim] : 1;
    for (int64_t start = 0; start < length; start += LaneProgram::kLanes) {
      if (laneDim)
        point[*laneDim] = start;
      if (failed(executeLane(program, point, std::min(length - start, LaneProgram::kLanes))))
        return failure();
    }
    if (laneDim)
      point[*laneDim] = 0;
  } while (advance(point, outer));
  return success();
}

/// For regions with operations that are no steps: element by element, op by op.
LogicalResult Loops::executeElements() {
  SmallVector<int64_t> point(extents.size(), 0);
  do {
    SmallVector<Datum, 4> args(arrays.size());
    SmallVector<int64_t, 8> offsets;
    for (auto [index, access] : llvm::enumerate(accesses)) {
      offsets.push_back(access.at(point));
      if (offsets.back() < 0)
        return outside();
      args[index].cell =
          scalar[index] ? run.operand(index).cell : arrays[index].data()[offsets[index]];
    }
    run.execution.points.push_back(point);
    FailureOr<Data> yielded = run.run(0, args);
    run.execution.points.pop_back();
    if (failed(yielded))
      return failure();
    for (auto [index, datum] : llvm::enumerate(*yielded))
      arrays[inputs + index].mutableData()[offsets[inputs + index]] = datum.cell;
  } while (advance(point, extents));
  return success();
}

LogicalResult Loops::execute() {
  if (failed(prepare()))
    return failure();
  if (!llvm::is_contained(extents, 0)) {
    LaneProgram *program = run.program(0);
    if (failed(program ? executeLanes(*program) : executeElements()))
      return failure();
  }
  for (unsigned index = 0; index < op->getNumResults(); ++index)
    run.set(index, std::move(arrays[inputs + index]));
  return success();
}

static LogicalResult runGeneric(OpRun &run) {
  auto op = cast<linalg::LinalgOp>(run.op());
  if (!op.hasPureTensorSemantics() || op.getBlock()->getNumArguments() != op->getNumOperands())
    return run.fail(Kind::Unsupported, "expected tensors, and a region that sees every operand");
  return Loops(run).execute();
}

static LogicalResult runIndex(OpRun &run) {
  run.set(0, run.execution.points.back()[run.as<linalg::IndexOp>().getDim()]);
  return success();
}

/// exp(x - max) / sum along a row, in T; results are rounded where they are stored.
template <typename T>
static void softmaxRow(const Cell *source, Cell *target, int64_t count, int64_t stride) {
  T largest = -INFINITY, sum = 0;
  for (int64_t i = 0; i < count; ++i) {
    T value = static_cast<T>(source[i * stride].real);
    if (value > largest || std::isnan(value))
      largest = value;
    if (std::isnan(largest))
      break;
  }
  for (int64_t i = 0; i < count; ++i) {
    T shifted = static_cast<T>(source[i * stride].real) - largest;
    T weight = static_cast<T>(std::exp(static_cast<double>(shifted)));
    target[i * stride].real = weight;
    sum += weight;
  }
  for (int64_t i = 0; i < count; ++i)
    target[i * stride].real = static_cast<T>(target[i * stride].real) / sum;
}

static LogicalResult runSoftmax(OpRun &run) {
  auto op = run.as<linalg::SoftmaxOp>();
  const Array &x = run.array(op.getInput());
  FailureOr<Array> out = run.takeDestination(op.getOutputMutable());
  if (failed(out))
    return failure();
  if (x.shape != out->shape)
    return run.fail(Kind::Shape, "input and output have different shapes");
  int64_t dim = op.getDimension(), count = x.shape[dim], stride = stridesOf(x.shape)[dim];
  Type element = op.getInputOperandType().getElementType();
  bool narrow = run.mode() == Mode::Plain && !element.isF64();
  if (x.count > 0)
    for (int64_t outer = 0; outer < x.count; outer += count * stride)
      for (int64_t inner = 0; inner < stride; ++inner)
        (narrow ? softmaxRow<float> : softmaxRow<double>)(x.data() + outer + inner,
                                                          out->mutableData() + outer + inner, count,
                                                          stride);
  settle(settledFormat(element, run.mode()), out->mutableData(), out->count);
  run.set(0, std::move(*out));
  return success();
}

void fovea::reference::addLinalgRules(RuleTable &table) {
  table["linalg.generic"] = runGeneric;
  table["linalg.fill"] = runGeneric;
  table["linalg.index"] = runIndex;
  table["linalg.softmax"] = runSoftmax;
}
