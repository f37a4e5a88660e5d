//===- Recurrent.cpp - LSTM, GRU and RNN ----------------------------------===//
//
// LSTM and GRU become the operations of these names; RNN a recurrence with a cell of its own.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Onnx/Operators/Operators.h"
#include "compiler/Frontends/Onnx/onnx-ml.pb.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"

#include <cmath>

using namespace mlir;
using namespace fovea;
using namespace fovea::onnx_frontend;

using B = ImplicitLocOpBuilder;

namespace {
struct ActivationRow {
  const char *name;
  ActivationKind kind;
  Unary function;
  /// Number of parameters and their defaults.
  int parameters;
  double alpha, beta;
};

/// Attributes and sizes common to the three operators.
struct Recurrence {
  Direction direction = Direction::Forward;
  int64_t directions = 1;
  bool batchMajor = false;
  SizeExpr steps, batch, channels, hidden;
  std::optional<double> clip;
  SmallVector<const ActivationRow *> rows;
  SmallVector<std::pair<double, double>> parameters;
};
} // namespace

static constexpr ActivationRow kActivations[] = {
    {"sigmoid", ActivationKind::Sigmoid, Unary::Sigmoid, 0, 0, 0},
    {"tanh", ActivationKind::Tanh, Unary::Tanh, 0, 0, 0},
    {"relu", ActivationKind::Relu, Unary::Relu, 0, 0, 0},
    {"softsign", ActivationKind::Softsign, Unary::Softsign, 0, 0, 0},
    {"softplus", ActivationKind::Softplus, Unary::Softplus, 0, 0, 0},
    {"leakyrelu", ActivationKind::LeakyRelu, Unary::LeakyRelu, 1, 0.01, 0},
    {"thresholdedrelu", ActivationKind::ThresholdedRelu, Unary::ThresholdedRelu, 1, 1, 0},
    {"elu", ActivationKind::Elu, Unary::Elu, 1, 1, 0},
    {"scaledtanh", ActivationKind::ScaledTanh, Unary::ScaledTanh, 2, 1, 1},
    {"hardsigmoid", ActivationKind::HardSigmoid, Unary::HardSigmoid, 2, 0.2, 0.5},
    {"affine", ActivationKind::Affine, Unary::Affine, 2, 1, 0}};

/// Reads the activations; parameters are consumed in order by those that have them.
static LogicalResult readActivations(Node &node, Recurrence &form, ArrayRef<StringRef> defaults) {
  auto names = node.stringsAttr("activations");
  auto alphas = node.floatsAttr("activation_alpha"), betas = node.floatsAttr("activation_beta");
  if (names.empty())
    for (int64_t i = 0; i < form.directions; ++i)
      for (StringRef name : defaults)
        names.push_back(name.str());
  if (names.size() != defaults.size() * form.directions)
    return node.fail("FV0104", "activations has " + Twine(names.size()) + " entries, " +
                                   Twine(defaults.size() * form.directions) + " are needed");
  size_t nextAlpha = 0, nextBeta = 0;
  for (const std::string &name : names) {
    auto row = llvm::find_if(kActivations, [&](const ActivationRow &candidate) {
      return StringRef(name).lower() == candidate.name;
    });
    if (row == std::end(kActivations))
      return node.unsupported("activation '" + name + "' is not supported");
    double alpha = row->alpha, beta = row->beta;
    if (row->parameters >= 1 && nextAlpha < alphas.size())
      alpha = alphas[nextAlpha++];
    if (row->parameters >= 2 && nextBeta < betas.size())
      beta = betas[nextBeta++];
    form.rows.push_back(row);
    form.parameters.push_back({alpha, beta});
  }
  return success();
}

static ArrayAttr activationsAttr(Node &node, const Recurrence &form) {
  auto &b = node.b;
  SmallVector<Attribute> list;
  for (auto [row, parameters] : llvm::zip_equal(form.rows, form.parameters)) {
    FloatAttr alpha = row->parameters >= 1 ? b.getF64FloatAttr(parameters.first) : FloatAttr();
    FloatAttr beta = row->parameters >= 2 ? b.getF64FloatAttr(parameters.second) : FloatAttr();
    list.push_back(ActivationAttr::get(b.getContext(), row->kind, alpha, beta));
  }
  return b.getArrayAttr(list);
}

/// Checks an operand of known sizes; absent operands pass.
static LogicalResult checkShape(Node &node, unsigned input, ArrayRef<SizeExpr> wanted) {
  if (!node.has(input))
    return success();
  const Tensor &tensor = node.in(input);
  if (tensor.shape.size() != wanted.size())
    return node.badShape("input " + Twine(input) + " must have rank " + Twine(wanted.size()));
  for (auto [have, want] : llvm::zip_equal(tensor.shape, wanted))
    if (failed(agree(node, have, want, "input " + Twine(input))))
      return failure();
  return success();
}

/// An operand with its sizes refined to `wanted`; null when absent.
static Value operand(Node &node, unsigned input, ArrayRef<SizeExpr> wanted) {
  if (!node.has(input))
    return Value();
  return node.e.cast(node.value(input), node.e.type(node.in(input).dtype, wanted));
}

/// The first static one of sizes that must be equal, else the first.
static SizeExpr staticOf(ArrayRef<SizeExpr> sizes) {
  auto found = llvm::find_if(sizes, [](const SizeExpr &size) { return size.constant(); });
  return found == sizes.end() ? sizes.front() : *found;
}

/// The hidden size as attributes, weights, bias or initial state tell it.
static SizeExpr hiddenSize(Node &node, int64_t gates) {
  const Tensor &w = node.in(1), &r = node.in(2);
  auto &sizes = node.sizes;
  Sizes told{r.shape[2]};
  if (int64_t given = node.intAttr("hidden_size", 0); given > 0)
    told.push_back(given);
  llvm::append_values(told, sizes.floorDiv(r.shape[1], gates), sizes.floorDiv(w.shape[1], gates));
  if (node.has(3) && node.in(3).rank() == 2)
    told.push_back(sizes.floorDiv(node.in(3).shape[1], 2 * gates));
  if (node.has(5) && node.in(5).rank() == 3)
    told.push_back(node.in(5).shape[2]);
  return staticOf(told);
}

static LogicalResult readSizes(Node &node, int64_t gates, Recurrence &form) {
  const Tensor &x = node.in(0), &w = node.in(1), &r = node.in(2);
  if (x.rank() != 3 || w.rank() != 3 || r.rank() != 3)
    return node.badShape("inputs 0, 1 and 2 must have rank 3");
  form.steps = x.shape[form.batchMajor ? 1 : 0];
  form.batch = x.shape[form.batchMajor ? 0 : 1];
  form.channels = staticOf({x.shape[2], w.shape[2]});
  form.hidden = hiddenSize(node, gates);
  if (int64_t given = node.intAttr("hidden_size", 0); given && !form.hidden.is(given))
    return node.badShape("hidden_size is not the size of the recurrent weights");
  SizeExpr stacked = node.sizes.mul(form.hidden, gates);
  Sizes input{form.directions, stacked, form.channels};
  Sizes recurrent{form.directions, stacked, form.hidden};
  for (const Sizes &shape : {input, recurrent})
    if (!node.importer.acceptable(tensorOf(x.dtype, shape, Value())))
      return node.fail("FV0203", "the weights are too large");
  if (failed(checkShape(node, 1, input)) || failed(checkShape(node, 2, recurrent)) ||
      failed(checkShape(node, 3, {form.directions, node.sizes.mul(stacked, 2)})) ||
      failed(checkShape(node, 4, {form.batch})) ||
      failed(agree(node, x.shape[2], form.channels, "the input's channels")))
    return failure();
  if (node.has(4) && node.in(4).dtype != Dtype::I32 && node.in(4).dtype != Dtype::I64)
    return node.fail("FV0202", "sequence_lens must have element type int32");
  return success();
}

/// Refuses attributes that the operator does not have in the model's opset (`output_sequence` went
/// with opset 7): ignoring one would give something else than what was asked for.
static LogicalResult checkAttributes(Node &node) {
  StringRef kind = node.proto.op_type();
  for (const onnx::AttributeProto &attribute : node.proto.attribute()) {
    StringRef name = attribute.name();
    bool known = llvm::StringSwitch<bool>(name)
                     .Cases({"activation_alpha", "activation_beta", "activations", "clip",
                             "direction", "hidden_size"},
                            true)
                     .Case("input_forget", kind == "LSTM")
                     .Case("linear_before_reset", kind == "GRU")
                     .Case("layout", node.opset >= 14)
                     .Default(false);
    if (!known)
      return node.fail("FV0104",
                       kind + " has no attribute '" + name + "' in opset " + Twine(node.opset));
  }
  return success();
}

static LogicalResult readForm(Node &node, int64_t gates, ArrayRef<StringRef> activations,
                              Recurrence &form) {
  if (failed(checkAttributes(node)))
    return failure();
  std::string direction = node.stringAttr("direction", "forward");
  auto parsed = llvm::StringSwitch<std::optional<Direction>>(direction)
                    .Case("forward", Direction::Forward)
                    .Case("reverse", Direction::Reverse)
                    .Case("bidirectional", Direction::Bidirectional)
                    .Default(std::nullopt);
  int64_t layout = node.intAttr("layout", 0);
  if (!parsed || (layout != 0 && layout != 1))
    return node.fail("FV0104", "direction or layout is not one of the definition's");
  form.direction = *parsed;
  form.directions = *parsed == Direction::Bidirectional ? 2 : 1;
  form.batchMajor = layout == 1;
  if (node.hasAttr("clip")) {
    form.clip = node.floatAttr("clip", 0);
    if (!(*form.clip > 0) || !std::isfinite(*form.clip))
      return node.fail("FV0104", "clip must be positive");
  }
  if (failed(readSizes(node, gates, form)))
    return failure();
  return readActivations(node, form, activations);
}

static Sizes stateShape(const Recurrence &form) {
  SizeExpr d = form.directions;
  return form.batchMajor ? Sizes{form.batch, d, form.hidden} : Sizes{d, form.batch, form.hidden};
}

static Sizes outputShape(const Recurrence &form) {
  SizeExpr d = form.directions;
  return form.batchMajor ? Sizes{form.batch, form.steps, d, form.hidden}
                         : Sizes{form.steps, d, form.batch, form.hidden};
}

static ArrayAttr gateOrder(Node &node, ArrayRef<Gate> gates) {
  SmallVector<Attribute> list;
  for (Gate gate : gates)
    list.push_back(GateAttr::get(node.b.getContext(), gate));
  return node.b.getArrayAttr(list);
}

static FloatAttr clipAttr(Node &node, const Recurrence &form) {
  return form.clip ? node.b.getF64FloatAttr(*form.clip) : FloatAttr();
}

/// Input 0 with the channels that are known of it.
static Value sequence(Node &node, const Recurrence &form) {
  Sizes shape = node.in(0).shape;
  shape[2] = form.channels;
  return node.e.cast(node.value(0), node.e.type(node.in(0).dtype, shape));
}

/// Operands 1 to 3, with the sizes that are known of them.
static Value weightOperand(Node &node, const Recurrence &form, unsigned input, int64_t rows) {
  SizeExpr stacked = node.sizes.mul(form.hidden, rows);
  if (input == 3)
    return operand(node, 3, {form.directions, node.sizes.mul(stacked, 2)});
  return operand(node, input, {form.directions, stacked, input == 1 ? form.channels : form.hidden});
}

LogicalResult fovea::onnx_frontend::importLstm(Node &node) {
  Recurrence form;
  if (failed(readForm(node, 4, {"sigmoid", "tanh", "tanh"}, form)))
    return failure();
  Sizes state = stateShape(form), peep{form.directions, node.sizes.mul(form.hidden, 3)};
  if (failed(checkShape(node, 5, state)) || failed(checkShape(node, 6, state)) ||
      failed(checkShape(node, 7, peep)))
    return failure();
  auto &b = node.b;
  auto &e = node.e;
  Dtype dtype = node.in(0).dtype;
  auto *context = b.getContext();
  auto order = gateOrder(node, {Gate::Input, Gate::Output, Gate::Forget, Gate::Cell});
  bool coupled = node.intAttr("input_forget", 0) != 0;
  auto layout = form.batchMajor ? SequenceLayout::BatchMajor : SequenceLayout::TimeMajor;
  auto op = LstmOp::create(
      b, e.type(dtype, outputShape(form)), e.type(dtype, state), e.type(dtype, state),
      sequence(node, form), weightOperand(node, form, 1, 4), weightOperand(node, form, 2, 4),
      weightOperand(node, form, 3, 4), operand(node, 5, state), operand(node, 6, state),
      operand(node, 7, peep), Value(), operand(node, 4, {form.batch}), Value(), order,
      activationsAttr(node, form), DirectionAttr::get(context, form.direction),
      SequenceLayoutAttr::get(context, layout), coupled ? b.getUnitAttr() : UnitAttr(),
      clipAttr(node, form));
  node.set(0, dtype, outputShape(form), op.getY());
  node.set(1, dtype, state, op.getYH());
  node.set(2, dtype, state, op.getYC());
  return success();
}

LogicalResult fovea::onnx_frontend::importGru(Node &node) {
  Recurrence form;
  if (failed(readForm(node, 3, {"sigmoid", "tanh"}, form)))
    return failure();
  Sizes state = stateShape(form);
  if (failed(checkShape(node, 5, state)))
    return failure();
  auto &b = node.b;
  auto &e = node.e;
  Dtype dtype = node.in(0).dtype;
  auto *context = b.getContext();
  auto order = gateOrder(node, {Gate::Update, Gate::ResetGate, Gate::New});
  auto reset = node.intAttr("linear_before_reset", 0) != 0 ? Reset::After : Reset::Before;
  auto layout = form.batchMajor ? SequenceLayout::BatchMajor : SequenceLayout::TimeMajor;
  auto op = GruOp::create(b, e.type(dtype, outputShape(form)), e.type(dtype, state),
                          sequence(node, form), weightOperand(node, form, 1, 3),
                          weightOperand(node, form, 2, 3), weightOperand(node, form, 3, 3),
                          operand(node, 5, state), operand(node, 4, {form.batch}), Value(), order,
                          activationsAttr(node, form), DirectionAttr::get(context, form.direction),
                          SequenceLayoutAttr::get(context, layout), ResetAttr::get(context, reset),
                          KeepAttr::get(context, Keep::Old), clipAttr(node, form));
  node.set(0, dtype, outputShape(form), op.getY());
  node.set(1, dtype, state, op.getYH());
  return success();
}

/// Row `direction` of an operand, without that axis.
static Value rowOf(Node &node, Value value, Dtype dtype, Sizes shape, int64_t direction) {
  Sizes offsets(shape.size(), SizeExpr(0)), extents = shape;
  offsets[0] = direction;
  extents[0] = 1;
  Value part = node.e.slice(value, offsets, extents, SmallVector<int64_t>(shape.size(), 1));
  return node.e.reshape(part, extents, ArrayRef(extents).drop_front());
}

/// Wb + Rb of a direction, [H].
static Value biasOf(Node &node, const Recurrence &form, Dtype dtype, int64_t direction) {
  auto &e = node.e;
  Value both = rowOf(node, weightOperand(node, form, 3, 1), dtype,
                     {form.directions, node.sizes.mul(form.hidden, 2)}, direction);
  Sizes row{form.hidden};
  Value first = e.slice(both, {0}, row, {1}), second = e.slice(both, {form.hidden}, row, {1});
  AffineMap map = e.identity(1);
  return e.map({first, second}, {map, map}, e.type(dtype), row,
               [&](B &b, ValueRange args) -> SmallVector<Value> {
                 return {emitBinary(b, Binary::Add, dtype, args[0], args[1])};
               });
}

/// One direction of RNN over time-major input: outputs [T, B, H] and the final state [B, H].
static std::pair<Value, Value> rnnDirection(Node &node, const Recurrence &form, Value x,
                                            Value initial, int64_t direction) {
  auto &e = node.e;
  auto &b = node.b;
  Dtype dtype = node.in(0).dtype;
  Value w = rowOf(node, weightOperand(node, form, 1, 1), dtype,
                  {form.directions, form.hidden, form.channels}, direction);
  Value r = rowOf(node, weightOperand(node, form, 2, 1), dtype,
                  {form.directions, form.hidden, form.hidden}, direction);
  Value bias = node.has(3) ? biasOf(node, form, dtype, direction) : Value();
  // All steps' input products at once: t, b, h, i.
  AffineExpr t = e.dim(0), n = e.dim(1), h = e.dim(2), i = e.dim(3);
  Value pre =
      contract(node, dtype, x, w, {form.steps, form.batch, form.hidden},
               {e.map(4, {t, n, i}), e.map(4, {h, i}), e.map(4, {t, n, h})}, bias, e.map(4, {h}));
  Sizes state{form.batch, form.hidden};
  Type stateType = e.type(dtype, state);
  bool reverse = form.direction == Direction::Reverse || direction == 1;
  auto op = RnnOp::create(b, pre.getType(), TypeRange(stateType), pre, ValueRange(),
                          ValueRange(initial), operand(node, 4, {form.batch}), reverse);
  Emitter::Nested nested(e);
  Block *cell = b.createBlock(&op.getCell(), {}, {stateType, stateType}, {b.getLoc(), b.getLoc()});
  AffineExpr row = e.dim(0), out = e.dim(1), inner = e.dim(2);
  Value sum = contract(node, dtype, cell->getArgument(1), r, state,
                       {e.map(3, {row, inner}), e.map(3, {out, inner}), e.map(3, {row, out})},
                       cell->getArgument(0), e.map(3, {row, out}));
  auto [alpha, beta] = form.parameters[direction];
  double a = alpha, c = beta;
  Value next =
      e.map(sum, e.identity(2), e.type(dtype), state,
            [&](B &inside, ValueRange args) -> SmallVector<Value> {
              Value value = args[0];
              if (form.clip) {
                Value high = Emitter::scalar(inside, value.getType(), *form.clip);
                Value low = Emitter::scalar(inside, value.getType(), -*form.clip);
                value = arith::MinimumFOp::create(
                    inside, arith::MaximumFOp::create(inside, value, low), high);
              }
              return {emitUnary(inside, form.rows[direction]->function, dtype, value, a, c)};
            });
  YieldOp::create(b, ValueRange{next, next});
  return {op.getY(), op.getFinals().front()};
}

LogicalResult fovea::onnx_frontend::importRnn(Node &node) {
  Recurrence form;
  if (failed(readForm(node, 1, {"tanh"}, form)) || failed(checkShape(node, 5, stateShape(form))))
    return failure();
  auto &e = node.e;
  Dtype dtype = node.in(0).dtype;
  Value x = sequence(node, form), initial = operand(node, 5, stateShape(form));
  Sizes major{form.directions, form.batch, form.hidden};
  if (form.batchMajor) {
    x = e.transpose(x, {form.batch, form.steps, form.channels}, {1, 0, 2});
    if (initial)
      initial = e.transpose(initial, stateShape(form), {1, 0, 2});
  }
  Sizes one{form.steps, SizeExpr(1), form.batch, form.hidden};
  Sizes state{form.batch, form.hidden}, single{SizeExpr(1), form.batch, form.hidden};
  SmallVector<Value> outputs, finals;
  for (int64_t direction = 0; direction < form.directions; ++direction) {
    Value start = initial ? rowOf(node, initial, dtype, major, direction)
                          : e.filled(e.scalar(dtype, 0), state);
    auto [y, last] = rnnDirection(node, form, x, start, direction);
    outputs.push_back(e.reshape(y, {form.steps, form.batch, form.hidden}, one));
    finals.push_back(e.reshape(last, state, single));
  }
  Sizes all{form.steps, form.directions, form.batch, form.hidden};
  Value y = outputs.front(), last = finals.front();
  if (form.directions == 2) {
    y = e.concat(outputs, 1, e.type(dtype, all));
    last = e.concat(finals, 0, e.type(dtype, major));
  }
  if (form.batchMajor) {
    y = e.transpose(y, all, {2, 0, 1, 3});
    last = e.transpose(last, major, {1, 0, 2});
  }
  node.set(0, dtype, outputShape(form), y);
  node.set(1, dtype, stateShape(form), last);
  return success();
}
