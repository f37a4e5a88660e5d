//===- LstmRule.cpp - fovea.lstm ------------------------------------------===//
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
/// Gates of a cell in the order of this file.
enum : unsigned { I, O, F, C };

template <typename T> class Lstm {
public:
  Lstm(OpRun &run, LstmOp op, const Sequence &sequence) : run(run), op(op), sequence(sequence) {}

  LogicalResult execute();

private:
  LogicalResult prepare();
  void executeRow(int64_t d, int64_t b);
  void gates(int64_t d);
  void step(int64_t d);
  T keep(T value) { return static_cast<T>(roundTo(format.kind, value)); }

  OpRun &run;
  LstmOp op;
  const Sequence &sequence;
  Format format;
  int64_t width = 0, hidden = 0, state = 0;
  /// Block of each gate's rows in the weights.
  unsigned place[4] = {};
  SmallVector<ActivationAttr> activations;
  Array y, finalH, finalC;
  /// The row's input, states, and pre-activations by gate.
  SmallVector<T> x, h, c, next, sums[4];
  RecurrentRows<T> recurrent, projection;
};
} // namespace

template <typename T> LogicalResult Lstm<T>::prepare() {
  width = run.array(op.getX()).shape[2];
  state = run.array(op.getR()).shape[2];
  hidden = run.array(op.getW()).shape[1] / 4;
  int64_t directions = sequence.directions, rows = 4 * hidden;
  if (failed(expectShape(run, "w", op.getW(), {directions, rows, width})) ||
      failed(expectShape(run, "r", op.getR(), {directions, rows, state})) ||
      failed(expectShape(run, "bias", op.getBias(), {directions, 2 * rows})) ||
      failed(expectShape(run, "initial_h", op.getInitialH(), sequence.stateShape(state))) ||
      failed(expectShape(run, "initial_c", op.getInitialC(), sequence.stateShape(hidden))) ||
      failed(expectShape(run, "peephole", op.getPeephole(), {directions, 3 * hidden})) ||
      failed(expectShape(run, "projection", op.getProjection(), {directions, state, hidden})) ||
      failed(expectShape(run, "resets", op.getResets(), sequence.flagShape())) ||
      failed(expectLengths(run, op.getLengths(), sequence.batch, sequence.steps)))
    return failure();
  if (!op.getProjection() && state != hidden)
    return run.fail(RunError::Kind::Shape, "'r' does not have the shape that w asks for");
  for (auto [index, gate] : llvm::enumerate(op.getGateOrder().getAsRange<GateAttr>()))
    place[static_cast<unsigned>(gate.getValue())] = index;
  llvm::append_range(activations, op.getActivations().getAsRange<ActivationAttr>());
  format = settledFormat(cast<ShapedType>(op.getX().getType()).getElementType(), run.mode());
  FailureOr<Array> out = run.allocate(sequence.yShape(state));
  FailureOr<Array> lastH = run.allocate(sequence.stateShape(state));
  FailureOr<Array> lastC = run.allocate(sequence.stateShape(hidden));
  if (failed(out) || failed(lastH) || failed(lastC))
    return failure();
  y = std::move(*out), finalH = std::move(*lastH), finalC = std::move(*lastC);
  recurrent.setWeights(run, dataOf(run, op.getR()), directions * rows, state);
  if (op.getProjection())
    projection.setWeights(run, dataOf(run, op.getProjection()), directions * state, hidden);
  return success();
}

template <typename T> void Lstm<T>::gates(int64_t d) {
  const Cell *w = dataOf(run, op.getW()) + d * 4 * hidden * width;
  const Cell *bias = op.getBias() ? dataOf(run, op.getBias()) + d * 8 * hidden : nullptr;
  const Cell *peephole =
      op.getPeephole() ? dataOf(run, op.getPeephole()) + d * 3 * hidden : nullptr;
  recurrent.setState(h);
  for (unsigned gate : {I, O, F, C}) {
    sums[gate].resize(hidden);
    for (int64_t unit = 0; unit < hidden; ++unit) {
      int64_t row = place[gate] * hidden + unit;
      T sum = dot<T>(w + row * width, x, run.roundsOperands()) +
              recurrent.product(d * 4 * hidden + row);
      if (bias)
        sum = sum + load<T>(bias[row]) + load<T>(bias[4 * hidden + row]);
      // Peepholes are stored in the order i, o, f.
      if (peephole && (gate == I || gate == F))
        sum += load<T>(peephole[(gate == I ? 0 : 2) * hidden + unit]) * c[unit];
      // The output gate's sum is complete, and clipped, when the new cell state is known.
      sums[gate][unit] = gate == O ? sum : clipTo(sum, op.getClip());
    }
  }
}

template <typename T> void Lstm<T>::step(int64_t d) {
  const Cell *peephole =
      op.getPeephole() ? dataOf(run, op.getPeephole()) + d * 3 * hidden : nullptr;
  ArrayRef<ActivationAttr> f = ArrayRef<ActivationAttr>(activations).slice(3 * d, 3);
  gates(d);
  next.resize(hidden);
  for (int64_t unit = 0; unit < hidden; ++unit) {
    T input = activate(f[0], sums[I][unit]);
    T forget = op.getCoupled() ? T(1) - input : activate(f[0], sums[F][unit]);
    T fresh = activate(f[1], sums[C][unit]);
    c[unit] = keep(forget * c[unit] + input * fresh);
    T out = sums[O][unit];
    if (peephole)
      out += load<T>(peephole[hidden + unit]) * c[unit];
    next[unit] = keep(activate(f[0], clipTo(out, op.getClip())) * activate(f[2], c[unit]));
  }
  if (!op.getProjection()) {
    h = next;
    return;
  }
  projection.setState(next);
  for (int64_t row = 0; row < state; ++row)
    h[row] = keep(projection.product(d * state + row));
}

template <typename T> void Lstm<T>::executeRow(int64_t d, int64_t b) {
  int64_t row = sequence.stateRow(d, b);
  const Cell *firstH = dataOf(run, op.getInitialH()), *firstC = dataOf(run, op.getInitialC());
  loadRow(h, firstH ? firstH + row * state : nullptr, state);
  loadRow(c, firstC ? firstC + row * hidden : nullptr, hidden);
  const Cell *resets = dataOf(run, op.getResets());
  int64_t length = sequence.length(op.getLengths() ? &run.array(op.getLengths()) : nullptr, b);
  for (int64_t n = 0; n < length; ++n) {
    int64_t t = sequence.step(n, length, d);
    loadRow(x, dataOf(run, op.getX()) + sequence.xRow(t, b) * width, width);
    if (resets && resets[sequence.xRow(t, b)].integer)
      h.assign(state, T(0)), c.assign(hidden, T(0));
    step(d);
    for (int64_t unit = 0; unit < state; ++unit)
      y.mutableData()[sequence.yRow(t, d, b) * state + unit].real = h[unit];
  }
  for (int64_t unit = 0; unit < state; ++unit)
    finalH.mutableData()[row * state + unit].real = h[unit];
  for (int64_t unit = 0; unit < hidden; ++unit)
    finalC.mutableData()[row * hidden + unit].real = c[unit];
}

template <typename T> LogicalResult Lstm<T>::execute() {
  if (failed(prepare()))
    return failure();
  for (int64_t d = 0; d < sequence.directions; ++d)
    for (int64_t b = 0; b < sequence.batch; ++b)
      executeRow(d, b);
  run.set(0, std::move(y));
  run.set(1, std::move(finalH));
  run.set(2, std::move(finalC));
  return success();
}

static LogicalResult runLstm(OpRun &run) {
  auto op = run.as<LstmOp>();
  Sequence sequence = Sequence::of(run, op);
  Type element = cast<ShapedType>(op.getX().getType()).getElementType();
  if (run.mode() == Mode::Plain && !element.isF64())
    return Lstm<float>(run, op, sequence).execute();
  return Lstm<double>(run, op, sequence).execute();
}

void fovea::reference::addLstmRule(RuleTable &table) { table["fovea.lstm"] = runLstm; }
