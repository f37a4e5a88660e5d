//===- NormRules.cpp - norms and rotary positions -------------------------===//
//
// fovea.layer_norm, rms_norm and rope, as their formulas say.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/Reference/Execution.h"
#include "compiler/Targets/Reference/Working.h"
#include "dialects/Fovea/FoveaDialect.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::reference;
using Kind = RunError::Kind;

static Type elementOf(Value value) { return cast<ShapedType>(value.getType()).getElementType(); }

/// True when the operation computes in f32: in the plain mode, except for f64.
static bool narrow(OpRun &run, Value value) {
  return run.mode() == Mode::Plain && !elementOf(value).isF64();
}

static LogicalResult finish(OpRun &run, unsigned result, Array array) {
  Type element = elementOf(run.op()->getResult(result));
  settle(settledFormat(element, run.mode()), array.mutableData(), array.count);
  run.set(result, std::move(array));
  return success();
}

/// Elements of a row: the product of the extents from `axis` on, which the parameters must have.
static FailureOr<int64_t> rowSize(OpRun &run, const Array &x, int64_t axis,
                                  ArrayRef<Value> parameters) {
  ArrayRef<int64_t> trailing = ArrayRef<int64_t>(x.shape).drop_front(axis);
  for (Value parameter : parameters)
    if (parameter && ArrayRef<int64_t>(run.array(parameter).shape) != trailing)
      return run.fail(Kind::Shape, "a parameter does not have the shape of x from the axis on");
  return *elementCount(trailing);
}

template <typename T>
static void normalizeLayer(const Cell *x, const Cell *weight, const Cell *bias, Cell *out,
                           int64_t count, double epsilon, T &mean, T &inverse) {
  T sum = 0, squares = 0;
  for (int64_t i = 0; i < count; ++i)
    sum += load<T>(x[i]);
  mean = sum / static_cast<T>(count);
  for (int64_t i = 0; i < count; ++i) {
    T centered = load<T>(x[i]) - mean;
    squares += centered * centered;
  }
  inverse = T(1) / std::sqrt(squares / static_cast<T>(count) + static_cast<T>(epsilon));
  for (int64_t i = 0; i < count; ++i) {
    T value = (load<T>(x[i]) - mean) * inverse * load<T>(weight[i]);
    out[i].real = bias ? value + load<T>(bias[i]) : value;
  }
}

template <typename T>
static void layerNorm(const Array &x, const Cell *weight, const Cell *bias,
                      MutableArrayRef<Array> results, int64_t size, double epsilon) {
  for (int64_t row = 0; row * size < x.count; ++row) {
    T mean, inverse;
    normalizeLayer<T>(x.data() + row * size, weight, bias, results[0].mutableData() + row * size,
                      size, epsilon, mean, inverse);
    if (results.size() == 1)
      continue;
    results[1].mutableData()[row].real = mean;
    results[2].mutableData()[row].real = inverse;
  }
}

static LogicalResult runLayerNorm(OpRun &run) {
  auto op = run.as<LayerNormOp>();
  Array x = run.array(op.getX());
  FailureOr<int64_t> size = rowSize(run, x, op.getAxis(), {op.getWeight(), op.getBias()});
  if (failed(size))
    return failure();
  SmallVector<Array, 3> results;
  for (OpOperand &init : op.getDpsInitsMutable()) {
    FailureOr<Array> result = run.takeDestination(init);
    if (failed(result))
      return failure();
    int64_t count = results.empty() ? x.count : *size ? x.count / *size : 0;
    if (result->count != count && x.count > 0)
      return run.fail(Kind::Shape, "a result does not have the shape of x or of its rows");
    results.push_back(std::move(*result));
  }
  const Cell *weight = run.array(op.getWeight()).data();
  const Cell *bias = op.getBias() ? run.array(op.getBias()).data() : nullptr;
  double epsilon = op.getEpsilon().convertToDouble();
  (narrow(run, op.getX()) ? layerNorm<float> : layerNorm<double>)(x, weight, bias, results, *size,
                                                                  epsilon);
  for (unsigned index = 0; index < results.size(); ++index)
    if (failed(finish(run, index, std::move(results[index]))))
      return failure();
  return success();
}

template <typename T>
static void rmsNorm(const Array &x, const Cell *weight, Array &out, int64_t size, double epsilon) {
  for (int64_t row = 0; row < x.count; row += size) {
    T squares = 0;
    for (int64_t i = 0; i < size; ++i) {
      T value = load<T>(x.data()[row + i]);
      squares += value * value;
    }
    T root = std::sqrt(squares / static_cast<T>(size) + static_cast<T>(epsilon));
    for (int64_t i = 0; i < size; ++i)
      out.mutableData()[row + i].real = load<T>(x.data()[row + i]) / root * load<T>(weight[i]);
  }
}

static LogicalResult runRmsNorm(OpRun &run) {
  auto op = run.as<RmsNormOp>();
  Array x = run.array(op.getX());
  FailureOr<int64_t> size = rowSize(run, x, op.getAxis(), {op.getWeight()});
  if (failed(size))
    return failure();
  FailureOr<Array> out = run.takeDestination(op.getInitMutable());
  if (failed(out))
    return failure();
  if (out->shape != x.shape)
    return run.fail(Kind::Shape, "the result does not have the shape of x");
  (narrow(run, op.getX()) ? rmsNorm<float> : rmsNorm<double>)(x, run.array(op.getWeight()).data(),
                                                              *out, *size,
                                                              op.getEpsilon().convertToDouble());
  return finish(run, 0, std::move(*out));
}

template <typename T>
static void rotate(Cell *row, const Cell *cos, const Cell *sin, int64_t half, bool interleaved) {
  for (int64_t p = 0; p < half; ++p) {
    Cell &first = row[interleaved ? 2 * p : p], &second = row[interleaved ? 2 * p + 1 : half + p];
    T a = load<T>(first), b = load<T>(second), c = load<T>(cos[p]), s = load<T>(sin[p]);
    first.real = c * a - s * b;
    second.real = s * a + c * b;
  }
}

/// The row of the cosine and sine tables for sequence place `row` = b * S + s.
static int64_t tableRow(OpRun &run, RopeOp op, int64_t row, int64_t rows) {
  if (!op.getPositions())
    return row;
  int64_t position = run.array(op.getPositions()).data()[row].integer;
  if (position >= 0 && position < rows)
    return position;
  run.execution.record({Kind::Index, op.getNode().str(), position, rows,
                        "node '" + op.getNode().str() + "': position " + std::to_string(position) +
                            " is outside [0, " + std::to_string(rows) + ")"});
  return -1;
}

static LogicalResult runRope(OpRun &run) {
  auto op = run.as<RopeOp>();
  Array cos = run.array(op.getCos()), sin = run.array(op.getSin());
  unsigned index = op.getXMutable().getOperandNumber();
  FailureOr<Array> x = run.takeUnique(index);
  if (failed(x))
    return failure();
  int64_t heads = x->shape[1], steps = x->shape[2], depth = x->shape[3];
  int64_t rotated = op.getRotaryDim() == 0 ? depth : op.getRotaryDim(), half = rotated / 2;
  int64_t places = x->shape[0] * steps;
  SmallVector<int64_t> table{x->shape[0], steps, half}, positions{x->shape[0], steps};
  bool fits =
      rotated <= depth && rotated == 2 * half && cos.shape == sin.shape && cos.shape.back() == half;
  if (op.getPositions())
    fits &= ArrayRef<int64_t>(run.array(op.getPositions()).shape) == ArrayRef<int64_t>(positions);
  else
    fits &= ArrayRef<int64_t>(cos.shape) == ArrayRef<int64_t>(table);
  if (!fits)
    return run.fail(Kind::Shape, "x, cos, sin and positions do not fit together");
  for (int64_t place = 0; place < places; ++place) {
    int64_t row = tableRow(run, op, place, cos.shape[0]);
    if (row < 0)
      return failure();
    for (int64_t head = 0; head < heads; ++head) {
      int64_t b = place / steps, s = place % steps;
      Cell *target = x->mutableData() + ((b * heads + head) * steps + s) * depth;
      (narrow(run, op.getX()) ? rotate<float> : rotate<double>)(target, cos.data() + row * half,
                                                                sin.data() + row * half, half,
                                                                op.getInterleaved());
    }
  }
  return finish(run, 0, std::move(*x));
}

void fovea::reference::addNormRules(RuleTable &table) {
  table["fovea.layer_norm"] = runLayerNorm;
  table["fovea.rms_norm"] = runRmsNorm;
  table["fovea.rope"] = runRope;
}
