//===- GruRule.cpp - fovea.gru --------------------------------------------===//
//
// The operation's formulas, one row of one step of one direction at a time. In the plain mode a
// state of f16 or bf16 is rounded when it is stored, once a step.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/Reference/Recurrence.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::reference;

namespace {
template <typename T> class Gru {
public:
  Gru(OpRun &run, GruOp op, const Sequence &sequence) : run(run), op(op), sequence(sequence) {}

  LogicalResult execute();

private:
  LogicalResult prepare();
  void executeRow(int64_t d, int64_t b);
  void step(int64_t d);
  /// W x, R s with the state that is set, and the two biases of a gate's unit.
  struct Parts {
    T input, recurrent, inputBias, recurrentBias;
  };
  Parts parts(int64_t d, Gate gate, int64_t unit);
  T gate(int64_t d, Gate gate, int64_t unit);
  T keep(T value) { return static_cast<T>(roundTo(format.kind, value)); }

  OpRun &run;
  GruOp op;
  const Sequence &sequence;
  Format format;
  int64_t width = 0, hidden = 0;
  SmallVector<Gate> order;
  SmallVector<ActivationAttr> activations;
  Array y, finalH;
  SmallVector<T> x, h, update, reset, gated;
  RecurrentRows<T> recurrent;
};
} // namespace

template <typename T> LogicalResult Gru<T>::prepare() {
  width = run.array(op.getX()).shape[2];
  hidden = run.array(op.getR()).shape[2];
  int64_t directions = sequence.directions, rows = 3 * hidden;
  if (failed(expectShape(run, "w", op.getW(), {directions, rows, width})) ||
      failed(expectShape(run, "r", op.getR(), {directions, rows, hidden})) ||
      failed(expectShape(run, "bias", op.getBias(), {directions, 2 * rows})) ||
      failed(expectShape(run, "initial_h", op.getInitialH(), sequence.stateShape(hidden))) ||
      failed(expectShape(run, "resets", op.getResets(), sequence.flagShape())) ||
      failed(expectLengths(run, op.getLengths(), sequence.batch, sequence.steps)))
    return failure();
  for (auto gate : op.getGateOrder().getAsRange<GateAttr>())
    order.push_back(gate.getValue());
  llvm::append_range(activations, op.getActivations().getAsRange<ActivationAttr>());
  format = settledFormat(cast<ShapedType>(op.getX().getType()).getElementType(), run.mode());
  FailureOr<Array> out = run.allocate(sequence.yShape(hidden));
  FailureOr<Array> last = run.allocate(sequence.stateShape(hidden));
  if (failed(out) || failed(last))
    return failure();
  y = std::move(*out), finalH = std::move(*last);
  recurrent.setWeights(run, dataOf(run, op.getR()), directions * rows, hidden);
  return success();
}

template <typename T> typename Gru<T>::Parts Gru<T>::parts(int64_t d, Gate gate, int64_t unit) {
  int64_t block = llvm::find(order, gate) - order.begin(), row = block * hidden + unit;
  const Cell *w = dataOf(run, op.getW()) + (d * 3 * hidden + row) * width;
  Parts result{dot<T>(w, x, run.roundsOperands()), recurrent.product(d * 3 * hidden + row), 0, 0};
  if (!op.getBias())
    return result;
  const Cell *bias = dataOf(run, op.getBias()) + d * 6 * hidden;
  result.inputBias = load<T>(bias[row]);
  result.recurrentBias = load<T>(bias[3 * hidden + row]);
  return result;
}

template <typename T> T Gru<T>::gate(int64_t d, Gate gate, int64_t unit) {
  Parts p = parts(d, gate, unit);
  T sum = p.input + p.recurrent + p.inputBias + p.recurrentBias;
  return activate(activations[2 * d], clipTo(sum, op.getClip()));
}

template <typename T> void Gru<T>::step(int64_t d) {
  update.resize(hidden), reset.resize(hidden), gated.resize(hidden);
  recurrent.setState(h);
  for (int64_t unit = 0; unit < hidden; ++unit) {
    update[unit] = gate(d, Gate::Update, unit);
    reset[unit] = gate(d, Gate::ResetGate, unit);
    gated[unit] = reset[unit] * h[unit];
  }
  bool before = op.getReset() == Reset::Before;
  if (before)
    recurrent.setState(gated);
  SmallVector<T> next(hidden);
  for (int64_t unit = 0; unit < hidden; ++unit) {
    Parts p = parts(d, Gate::New, unit);
    T sum = before ? p.input + p.recurrent + p.recurrentBias + p.inputBias
                   : p.input + reset[unit] * (p.recurrent + p.recurrentBias) + p.inputBias;
    T fresh = activate(activations[2 * d + 1], clipTo(sum, op.getClip()));
    T z = update[unit], old = h[unit];
    next[unit] = keep(op.getKeep() == Keep::Old ? z * old + (T(1) - z) * fresh
                                                : z * fresh + (T(1) - z) * old);
  }
  h = next;
}

template <typename T> void Gru<T>::executeRow(int64_t d, int64_t b) {
  int64_t row = sequence.stateRow(d, b);
  const Cell *first = dataOf(run, op.getInitialH());
  loadRow(h, first ? first + row * hidden : nullptr, hidden);
  const Cell *resets = dataOf(run, op.getResets());
  int64_t length = sequence.length(op.getLengths() ? &run.array(op.getLengths()) : nullptr, b);
  for (int64_t n = 0; n < length; ++n) {
    int64_t t = sequence.step(n, length, d);
    loadRow(x, dataOf(run, op.getX()) + sequence.xRow(t, b) * width, width);
    if (resets && resets[sequence.xRow(t, b)].integer)
      h.assign(hidden, T(0));
    step(d);
    for (int64_t unit = 0; unit < hidden; ++unit)
      y.mutableData()[sequence.yRow(t, d, b) * hidden + unit].real = h[unit];
  }
  for (int64_t unit = 0; unit < hidden; ++unit)
    finalH.mutableData()[row * hidden + unit].real = h[unit];
}

template <typename T> LogicalResult Gru<T>::execute() {
  if (failed(prepare()))
    return failure();
  for (int64_t d = 0; d < sequence.directions; ++d)
    for (int64_t b = 0; b < sequence.batch; ++b)
      executeRow(d, b);
  run.set(0, std::move(y));
  run.set(1, std::move(finalH));
  return success();
}

static LogicalResult runGru(OpRun &run) {
  auto op = run.as<GruOp>();
  Sequence sequence = Sequence::of(run, op);
  Type element = cast<ShapedType>(op.getX().getType()).getElementType();
  if (run.mode() == Mode::Plain && !element.isF64())
    return Gru<float>(run, op, sequence).execute();
  return Gru<double>(run, op, sequence).execute();
}

void fovea::reference::addGruRule(RuleTable &table) { table["fovea.gru"] = runGru; }
