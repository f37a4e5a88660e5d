//===- Recurrence.h - what LSTM and GRU share -----------------------------===//
//
// Places in sequences of both layouts, activation functions, and dot products with weights.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_REFERENCE_RECURRENCE_H
#define FOVEA_COMPILER_TARGETS_REFERENCE_RECURRENCE_H

#include "compiler/Targets/Reference/Execution.h"
#include "compiler/Targets/Reference/Working.h"
#include "dialects/Fovea/FoveaDialect.h"

#include <algorithm>

namespace fovea::reference {

/// Extents of a recurrence, and row numbers in its operands and results.
struct Sequence {
  int64_t steps = 0, batch = 0, directions = 1;
  bool batchMajor = false, reverse = false;

  template <typename OpTy> static Sequence of(OpRun &run, OpTy op) {
    Sequence sequence;
    sequence.batchMajor = op.getLayout() == SequenceLayout::BatchMajor;
    const Array &x = run.array(op.getX());
    sequence.steps = x.shape[sequence.batchMajor ? 1 : 0];
    sequence.batch = x.shape[sequence.batchMajor ? 0 : 1];
    sequence.directions = op.getDirection() == Direction::Bidirectional ? 2 : 1;
    sequence.reverse = op.getDirection() == Direction::Reverse;
    return sequence;
  }

  int64_t xRow(int64_t t, int64_t b) const { return batchMajor ? b * steps + t : t * batch + b; }
  int64_t yRow(int64_t t, int64_t d, int64_t b) const {
    return batchMajor ? (b * steps + t) * directions + d : (t * directions + d) * batch + b;
  }
  int64_t stateRow(int64_t d, int64_t b) const {
    return batchMajor ? b * directions + d : d * batch + b;
  }
  /// Shape of what is given for each step of each row.
  llvm::SmallVector<int64_t> flagShape() const {
    if (batchMajor)
      return {batch, steps};
    return {steps, batch};
  }
  /// Shapes with the given width: of y, and of a state.
  llvm::SmallVector<int64_t> yShape(int64_t width) const {
    if (batchMajor)
      return {batch, steps, directions, width};
    return {steps, directions, batch, width};
  }
  llvm::SmallVector<int64_t> stateShape(int64_t width) const {
    if (batchMajor)
      return {batch, directions, width};
    return {directions, batch, width};
  }
  /// Step visited as the n-th of a row with `length` valid steps.
  int64_t step(int64_t n, int64_t length, int64_t d) const {
    return reverse || d == 1 ? length - 1 - n : n;
  }
  /// Valid steps of row b; `lengths` may be null.
  int64_t length(const Array *lengths, int64_t b) const {
    return lengths ? lengths->data()[b].integer : steps;
  }
};

/// Shape error unless the value (absent is fine) has the shape.
inline mlir::LogicalResult expectShape(OpRun &run, llvm::StringRef what, mlir::Value value,
                                       llvm::ArrayRef<int64_t> shape) {
  if (!value || llvm::ArrayRef<int64_t>(run.array(value).shape) == shape)
    return mlir::success();
  return run.fail(RunError::Kind::Shape,
                  "'" + what + "' does not have the shape that x, w and r ask for");
}

/// Error unless there is a length for each of `batch` rows, each in [0, steps]; absent is fine.
inline mlir::LogicalResult expectLengths(OpRun &run, mlir::Value lengths, int64_t batch,
                                         int64_t steps) {
  if (!lengths)
    return mlir::success();
  if (failed(expectShape(run, "lengths", lengths, {batch})))
    return mlir::failure();
  for (int64_t row = 0; row < batch; ++row) {
    int64_t length = run.array(lengths).data()[row].integer;
    if (length < 0 || length > steps)
      return run.fail(RunError::Kind::Length, "length " + std::to_string(length) +
                                                  " is out of range [0, " + std::to_string(steps) +
                                                  "]");
  }
  return mlir::success();
}

/// An activation function (ONNX RNN, LSTM and GRU); absent parameters have ONNX's defaults, those
/// of scaled_tanh are 1.
template <typename T> T activate(ActivationAttr attr, T x) {
  auto alpha = [&](double absent) { return static_cast<T>(attr.alphaOr(absent)); };
  auto beta = [&](double absent) { return static_cast<T>(attr.betaOr(absent)); };
  auto log1pOf = [](T v) { return static_cast<T>(std::log1p(static_cast<double>(v))); };
  auto expm1Of = [](T v) { return static_cast<T>(std::expm1(static_cast<double>(v))); };
  switch (attr.getKind()) {
  case ActivationKind::Sigmoid:
    return T(1) / (T(1) + expOf(-x));
  case ActivationKind::Tanh:
    return tanhOf(x);
  case ActivationKind::Relu:
    return x < 0 ? T(0) : x;
  case ActivationKind::LeakyRelu:
    return x < 0 ? alpha(0.01) * x : x;
  case ActivationKind::ThresholdedRelu:
    return x <= alpha(1) ? T(0) : x;
  case ActivationKind::ScaledTanh:
    return alpha(1) * tanhOf(beta(1) * x);
  case ActivationKind::HardSigmoid: {
    T line = alpha(0.2) * x + beta(0.5);
    return line < 0 ? T(0) : line > 1 ? T(1) : line;
  }
  case ActivationKind::Elu:
    return x < 0 ? alpha(1) * expm1Of(x) : x;
  case ActivationKind::Softsign:
    return x / (T(1) + std::fabs(x));
  case ActivationKind::Softplus:
    return (x > 0 ? x : T(0)) + log1pOf(expOf(-std::fabs(x)));
  case ActivationKind::Affine:
    return alpha(1) * x + beta(0);
  }
  return x;
}

/// x within [-limit, limit]; NaN stays.
template <typename T> T clipTo(T x, std::optional<llvm::APFloat> limit) {
  if (!limit)
    return x;
  T bound = static_cast<T>(limit->convertToDouble());
  return x < -bound ? -bound : x > bound ? bound : x;
}

/// Sum of weights[i] * x[i] in order; of both rounded to tf32 where `rounds`.
template <typename T> T dot(const Cell *weights, llvm::ArrayRef<T> x, bool rounds = false) {
  T sum = 0;
  for (size_t i = 0; i < x.size(); ++i)
    sum +=
        rounds ? roundToTf32(load<T>(weights[i])) * roundToTf32(x[i]) : load<T>(weights[i]) * x[i];
  return sum;
}

/// Copies `count` cells into numbers; zeros when there are none.
template <typename T>
void loadRow(llvm::SmallVectorImpl<T> &row, const Cell *cells, int64_t count) {
  row.assign(count, T(0));
  for (int64_t i = 0; cells && i < count; ++i)
    row[i] = load<T>(cells[i]);
}

/// Values as integers of 8 bits times what one stands for, a 127th of the largest (fovea.gates).
template <typename T> void roundToLevels(llvm::MutableArrayRef<T> values) {
  T largest = 0;
  for (T value : values)
    largest = std::fabs(value) > largest ? std::fabs(value) : largest;
  T step = largest / 127;
  for (T &value : values)
    value = step > 0 ? step * std::nearbyint(value / step) : value * 0;
}

/// The same for each run of the elements along dimension `dim` of an array of `shape`.
template <typename T> void roundAlong(T *data, llvm::ArrayRef<int64_t> shape, unsigned dim) {
  int64_t before = 1, length = shape[dim], stride = 1;
  for (int64_t extent : shape.take_front(dim))
    before *= extent;
  for (int64_t extent : shape.drop_front(dim + 1))
    stride *= extent;
  llvm::SmallVector<T> run(length);
  for (int64_t number = 0; number < before * stride; ++number) {
    T *first = data + number / stride * length * stride + number % stride;
    for (int64_t k = 0; k < length; ++k)
      run[k] = first[k * stride];
    roundToLevels(llvm::MutableArrayRef<T>(run));
    for (int64_t k = 0; k < length; ++k)
      first[k * stride] = run[k];
  }
}

/// Products of recurrent weights with a state; both are rounded where the run asks for it.
template <typename T> class RecurrentRows {
public:
  /// Weights [count, width].
  void setWeights(OpRun &run, const Cell *cells, int64_t count, int64_t width) {
    weights = cells, depth = width, rounds = run.roundsRecurrent(), toTf32 = run.roundsOperands();
    if (!rounds)
      return;
    loadRow(rounded, cells, count * width);
    for (int64_t row = 0; row < count; ++row)
      roundToLevels(llvm::MutableArrayRef<T>(rounded).slice(row * width, width));
  }
  void setState(llvm::ArrayRef<T> values) {
    state.assign(values.begin(), values.end());
    if (rounds)
      roundToLevels(llvm::MutableArrayRef<T>(state));
  }
  /// One row of the weights times the state.
  T product(int64_t row) const {
    if (!rounds)
      return dot<T>(weights + row * depth, state, toTf32);
    T sum = 0;
    for (int64_t k = 0; k < depth; ++k)
      sum += rounded[row * depth + k] * state[k];
    return sum;
  }

private:
  const Cell *weights = nullptr;
  int64_t depth = 0;
  bool rounds = false, toTf32 = false;
  llvm::SmallVector<T, 0> rounded, state;
};

/// Data of an optional operand.
inline const Cell *dataOf(OpRun &run, mlir::Value value) {
  return value ? run.array(value).data() : nullptr;
}

} // namespace fovea::reference

#endif // FOVEA_COMPILER_TARGETS_REFERENCE_RECURRENCE_H
