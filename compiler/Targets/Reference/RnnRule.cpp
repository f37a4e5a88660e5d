//===- RnnRule.cpp - fovea.rnn --------------------------------------------===//
//
// The loop over the steps of a sequence; the cell is an ordinary region on tensors.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/Reference/Execution.h"
#include "compiler/Targets/Reference/Recurrence.h"
#include "dialects/Fovea/FoveaDialect.h"

#include <algorithm>

using namespace mlir;
using namespace fovea;
using namespace fovea::reference;
using Kind = RunError::Kind;

namespace {
class Recurrence {
public:
  explicit Recurrence(OpRun &run) : run(run), op(run.as<RnnOp>()) {}
  LogicalResult execute();

private:
  LogicalResult step(int64_t t);
  FailureOr<Array> stepOf(Value sequence, int64_t t);
  /// True when row b takes part in step t.
  bool active(int64_t t, int64_t b) {
    return !op.getLengths() || t < run.array(op.getLengths()).data()[b].integer;
  }
  LogicalResult update(Array &state, const Array &next, int64_t t);

  OpRun &run;
  RnnOp op;
  Data states;
  Array y;
  int64_t steps = 0, batch = 0;
};
} // namespace

FailureOr<Array> Recurrence::stepOf(Value sequence, int64_t t) {
  const Array &x = run.array(sequence);
  FailureOr<Array> slice = run.allocate(ArrayRef<int64_t>(x.shape).drop_front());
  if (succeeded(slice))
    std::copy_n(x.data() + t * slice->count, slice->count, slice->mutableData());
  return slice;
}

/// Rows that take part get their next state.
LogicalResult Recurrence::update(Array &state, const Array &next, int64_t t) {
  if (state.shape != next.shape)
    return run.fail(Kind::Shape, "the cell changes the shape of a state");
  if (!op.getLengths()) {
    state = next;
    return success();
  }
  if (failed(run.execution.makeUnique(state, op)))
    return failure();
  int64_t width = batch ? state.count / batch : 0;
  for (int64_t b = 0; b < batch; ++b)
    if (active(t, b))
      std::copy_n(next.data() + b * width, width, state.mutableData() + b * width);
  return success();
}

LogicalResult Recurrence::step(int64_t t) {
  Data arguments;
  for (Value sequence : op.getSequences()) {
    FailureOr<Array> x = stepOf(sequence, t);
    if (failed(x))
      return failure();
    arguments.push_back(Datum{{0}, std::move(*x)});
  }
  llvm::append_range(arguments, states);
  FailureOr<Data> yielded = run.run(0, arguments);
  if (failed(yielded))
    return failure();
  const Array &out = yielded->front().array;
  if (!y.cells) {
    SmallVector<int64_t> shape{steps};
    llvm::append_range(shape, out.shape);
    FailureOr<Array> array = run.allocate(shape);
    if (failed(array))
      return failure();
    y = std::move(*array);
  }
  if (ArrayRef<int64_t>(y.shape).drop_front() != ArrayRef<int64_t>(out.shape))
    return run.fail(Kind::Shape, "the cell's output changes its shape");
  int64_t width = batch ? out.count / batch : 0;
  for (int64_t b = 0; b < batch; ++b)
    if (active(t, b))
      std::copy_n(out.data() + b * width, width, y.mutableData() + t * out.count + b * width);
  for (auto [index, state] : llvm::enumerate(states))
    if (failed(update(state.array, (*yielded)[index + 1].array, t)))
      return failure();
  return success();
}

LogicalResult Recurrence::execute() {
  ArrayRef<int64_t> shape = run.array(op.getX()).shape;
  steps = shape[0], batch = shape[1];
  for (Value sequence : op.getAlong())
    if (ArrayRef(run.array(sequence).shape).take_front(2) != ArrayRef(shape).take_front(2))
      return run.fail(Kind::Shape, "the sequences differ in steps or batch size");
  for (Value state : op.getStates())
    states.push_back(run.value(state));
  SmallVector<Value> rows(op.getStates());
  if (op.getLengths())
    rows.push_back(op.getLengths());
  for (Value value : rows)
    if (run.array(value).shape[0] != batch)
      return run.fail(Kind::Shape, "states, lengths and x differ in the batch size");
  if (failed(expectLengths(run, op.getLengths(), batch, steps)))
    return failure();
  for (int64_t n = 0; n < steps; ++n)
    if (failed(step(op.getReverse() ? steps - 1 - n : n)))
      return failure();
  if (!y.cells) {
    // Without steps, sizes that only the cell knows stay 0.
    SmallVector<int64_t> empty(cast<RankedTensorType>(op.getY().getType()).getShape());
    for (int64_t &extent : empty)
      extent = std::max<int64_t>(extent, 0);
    empty[0] = 0, empty[1] = batch;
    FailureOr<Array> array = run.allocate(empty);
    if (failed(array))
      return failure();
    y = std::move(*array);
  }
  run.set(0, std::move(y));
  for (unsigned index = 0; index < states.size(); ++index)
    run.set(index + 1, std::move(states[index]));
  return success();
}

static LogicalResult runRnn(OpRun &run) { return Recurrence(run).execute(); }

void fovea::reference::addRnnRule(RuleTable &table) { table["fovea.rnn"] = runRnn; }
