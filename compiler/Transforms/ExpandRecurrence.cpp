//===- ExpandRecurrence.cpp - LSTM and GRU as product and recurrence ------===//
//
// Hoists the input product of LSTM and GRU over all steps and turns the rest into fovea.rnn.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Transforms/RecurrentCells.h"
#include "compiler/Transforms/TensorBuilders.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Pass/Pass.h"

namespace fovea {
#define GEN_PASS_DEF_EXPANDRECURRENCE
#include "compiler/Transforms/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

namespace {
/// Where the sizes of a named recurrence lie.
struct Shape {
  bool batchMajor, bidirectional;
  int64_t gates;
  OpFoldResult steps, batch, hidden, output;
  Type element, sum;

  int64_t directions() const { return bidirectional ? 2 : 1; }
  /// Dimension of the direction in initial and final states.
  int64_t stateDim() const { return batchMajor ? 1 : 0; }
};

/// Operands of one direction of a recurrence, sliced out of the operation's.
struct DirectionOperands {
  Value w, r, inputBias, recurrentBias, h0;
  bool reverse;
};
} // namespace

template <typename OpTy>
static Shape shapeOf(ImplicitLocOpBuilder &builder, OpTy op, int64_t gates) {
  Location loc = builder.getLoc();
  Shape shape;
  shape.batchMajor = op.getLayout() == SequenceLayout::BatchMajor;
  shape.bidirectional = op.getDirection() == Direction::Bidirectional;
  shape.gates = gates;
  shape.steps = tensor::getMixedSize(builder, loc, op.getX(), shape.batchMajor ? 1 : 0);
  shape.batch = tensor::getMixedSize(builder, loc, op.getX(), shape.batchMajor ? 0 : 1);
  shape.hidden = divideSize(builder, tensor::getMixedSize(builder, loc, op.getW(), 1), gates);
  shape.output = tensor::getMixedSize(builder, loc, op.getR(), 2);
  shape.element = getElementTypeOrSelf(op.getX());
  shape.sum = ContractOp::getSumType(shape.element);
  return shape;
}

/// State of direction `d`: a slice of `initial`, or zeros; widened to `element` when that differs.
static Value initialState(ImplicitLocOpBuilder &builder, const Shape &shape, Value initial,
                          int64_t d, OpFoldResult width, Type element) {
  if (!initial)
    return zeroTensor(builder, {shape.batch, width}, element);
  Value state = viewAt(builder, initial, shape.stateDim(), d);
  return convertElements(builder, state, element);
}

template <typename OpTy>
static DirectionOperands operandsOf(ImplicitLocOpBuilder &builder, OpTy op, const Shape &shape,
                                    int64_t d) {
  DirectionOperands direction;
  direction.w = splitDim(builder, viewAt(builder, op.getW(), 0, d), 0, shape.gates);
  direction.r = splitDim(builder, viewAt(builder, op.getR(), 0, d), 0, shape.gates);
  if (op.getBias()) {
    Value both = splitDim(builder, viewAt(builder, op.getBias(), 0, d), 0, 2 * shape.gates);
    OpFoldResult count = builder.getIndexAttr(shape.gates);
    direction.inputBias = viewRange(builder, both, 0, builder.getIndexAttr(0), count);
    direction.recurrentBias = viewRange(builder, both, 0, count, count);
  }
  direction.h0 = initialState(builder, shape, op.getInitialH(), d, shape.output, shape.element);
  direction.reverse = op.getDirection() == Direction::Reverse || d == 1;
  return direction;
}

/// x times w over all steps, plus `biases` [G, H]: [T, B, G, H] in the type of sums.
static Value hoistInputProduct(ImplicitLocOpBuilder &builder, const Shape &shape, Value x, Value w,
                               ValueRange biases) {
  Value init = emptyTensor(
      builder, {shape.steps, shape.batch, builder.getIndexAttr(shape.gates), shape.hidden},
      shape.sum);
  // Dimensions are (t, b, gate, h, k); the map alone knows the layout of x.
  SmallVector<AffineMap> maps;
  if (shape.batchMajor)
    maps.push_back(mapOf(builder, 5, {1, 0, 4}));
  else
    maps.push_back(mapOf(builder, 5, {0, 1, 4}));
  maps.push_back(mapOf(builder, 5, {2, 3, 4}));
  maps.append(biases.size(), mapOf(builder, 5, {2, 3}));
  maps.push_back(mapOf(builder, 5, {0, 1, 2, 3}));
  return createContract(builder, x, w, biases, init, maps,
                        [&](ImplicitLocOpBuilder &scalars, ValueRange in) -> SmallVector<Value> {
                          Value sum = in.front();
                          for (Value bias : in.drop_front())
                            sum = arith::AddFOp::create(scalars, sum,
                                                        convertFloat(scalars, bias, shape.sum));
                          return {sum};
                        });
}

/// The reset flags as [T, B]; null when there are none.
template <typename OpTy>
static Value resetsOf(ImplicitLocOpBuilder &builder, OpTy op, const Shape &shape) {
  Value resets = op.getResets();
  if (!resets || !shape.batchMajor)
    return resets;
  Value init = emptyTensor(builder, {shape.steps, shape.batch}, builder.getI1Type());
  return createElementwise(
             builder, resets, mapOf(builder, 2, {1, 0}), init,
             [](ImplicitLocOpBuilder &, ValueRange in) -> SmallVector<Value> { return {in[0]}; })
      .front();
}

/// `state` [B, N] with 0 in the rows where `flags` [B] is set.
static Value clearRows(ImplicitLocOpBuilder &builder, Value state, Value flags) {
  return createElementwise(builder, flags, mapOf(builder, 2, {0}), state,
                           [](ImplicitLocOpBuilder &scalars, ValueRange in) -> SmallVector<Value> {
                             Value zero = arith::ConstantOp::create(
                                 scalars, scalars.getZeroAttr(in[1].getType()));
                             return {arith::SelectOp::create(scalars, in[0], zero, in[1])};
                           })
      .front();
}

/// fovea.rnn over `x` from `states`, rows of which `resets` clears in front of a step; `cell` gives
/// the next states, the first of which is y_t.
static RnnOp buildRnn(ImplicitLocOpBuilder &builder, Value x, Value resets, ValueRange states,
                      Value lengths, bool reverse,
                      llvm::function_ref<SmallVector<Value>(Value, ValueRange)> cell) {
  auto xType = cast<RankedTensorType>(x.getType());
  auto hType = cast<RankedTensorType>(states.front().getType());
  SmallVector<int64_t> yShape{xType.getDimSize(0)};
  llvm::append_range(yShape, hType.getShape());
  auto yType = RankedTensorType::get(yShape, hType.getElementType());
  ValueRange along = resets ? ValueRange(resets) : ValueRange();
  auto rnn = RnnOp::create(builder, yType, states.getTypes(), x, along, states, lengths, reverse);
  SmallVector<Type> arguments;
  for (Value sequence : rnn.getSequences()) {
    auto type = cast<RankedTensorType>(sequence.getType());
    arguments.push_back(RankedTensorType::get(type.getShape().drop_front(), type.getElementType()));
  }
  llvm::append_range(arguments, states.getTypes());
  OpBuilder::InsertionGuard guard(builder);
  SmallVector<Location> locations(arguments.size(), builder.getLoc());
  Block *block = builder.createBlock(&rnn.getCell(), {}, arguments, locations);
  SmallVector<Value> held(block->getArguments().take_back(states.size()));
  if (resets)
    for (Value &state : held)
      state = clearRows(builder, state, block->getArgument(1));
  SmallVector<Value> next = cell(block->getArgument(0), held);
  for (auto [value, state] : llvm::zip_equal(next, states))
    value = castTo(builder, value, state.getType());
  next.insert(next.begin(), next.front());
  YieldOp::create(builder, next);
  return rnn;
}

/// Joins one tensor per direction along a new dimension `dim` of `init`, which is null for one.
static Value joinDirections(ImplicitLocOpBuilder &builder, ArrayRef<Value> parts, int64_t dim,
                            Value init) {
  if (!init)
    return insertUnitDim(builder, parts.front(), dim);
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, builder.getLoc(), init);
  SmallVector<OpFoldResult> offsets(sizes.size(), builder.getIndexAttr(0));
  SmallVector<OpFoldResult> strides(sizes.size(), builder.getIndexAttr(1));
  sizes[dim] = builder.getIndexAttr(1);
  for (auto [index, part] : llvm::enumerate(parts)) {
    offsets[dim] = builder.getIndexAttr(index);
    init = tensor::InsertSliceOp::create(builder, part, init, offsets, sizes, strides);
  }
  return init;
}

/// [T, B, P] as [B, T, P].
static Value toBatchMajor(ImplicitLocOpBuilder &builder, Value y) {
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, builder.getLoc(), y);
  std::swap(sizes[0], sizes[1]);
  Value init = emptyTensor(builder, sizes, getElementTypeOrSelf(y));
  return createElementwise(
             builder, y, mapOf(builder, 3, {1, 0, 2}), init,
             [](ImplicitLocOpBuilder &, ValueRange in) -> SmallVector<Value> { return {in[0]}; })
      .front();
}

/// Destinations of the results of a bidirectional recurrence. They are made before it, so that
/// bufferization can let both directions write into them.
static SmallVector<Value> joinedInits(ImplicitLocOpBuilder &builder, const Shape &shape) {
  if (!shape.bidirectional)
    return {Value(), Value(), Value()};
  OpFoldResult two = builder.getIndexAttr(2);
  SmallVector<SmallVector<OpFoldResult>> sizes{{shape.steps, two, shape.batch, shape.output},
                                               {two, shape.batch, shape.output},
                                               {two, shape.batch, shape.hidden}};
  if (shape.batchMajor)
    sizes = {{shape.batch, shape.steps, two, shape.output},
             {shape.batch, two, shape.output},
             {shape.batch, two, shape.hidden}};
  return llvm::map_to_vector(sizes, [&](ArrayRef<OpFoldResult> each) {
    return emptyTensor(builder, each, shape.element);
  });
}

/// Replaces `op` by the joined results of its directions' recurrences; what nothing uses is not
/// made.
static void replaceByDirections(ImplicitLocOpBuilder &builder, Operation *op, const Shape &shape,
                                ArrayRef<Value> inits, ArrayRef<RnnOp> directions) {
  for (OpResult result : op->getResults()) {
    if (result.use_empty())
      continue;
    unsigned number = result.getResultNumber();
    SmallVector<Value> parts;
    for (RnnOp rnn : directions) {
      Value part = convertElements(builder, rnn->getResult(number), shape.element);
      if (number == 0 && shape.batchMajor)
        part = toBatchMajor(builder, part);
      parts.push_back(part);
    }
    int64_t dim = number > 0 ? shape.stateDim() : (shape.batchMajor ? 2 : 1);
    Value joined = joinDirections(builder, parts, dim, inits[number]);
    result.replaceAllUsesWith(castTo(builder, joined, result.getType()));
  }
  op->erase();
}

template <typename OpTy>
static void fillSetup(CellSetup &cell, OpTy op, const Shape &shape, const DirectionOperands &from,
                      int64_t d) {
  cell.recurrentWeight = from.r;
  for (auto gate : op.getGateOrder().template getAsRange<GateAttr>())
    cell.order.push_back(gate.getValue());
  auto activations = llvm::to_vector(op.getActivations().template getAsRange<ActivationAttr>());
  size_t count = activations.size() / shape.directions();
  llvm::append_range(cell.activations, ArrayRef(activations).slice(d * count, count));
  if (op.getClip())
    cell.clip = op.getClip()->convertToDouble();
  cell.element = shape.element;
  cell.sum = shape.sum;
}

static void expandLstm(LstmOp op) {
  ImplicitLocOpBuilder builder(op.getLoc(), op);
  Shape shape = shapeOf(builder, op, 4);
  SmallVector<Value> inits = joinedInits(builder, shape);
  Value resets = resetsOf(builder, op, shape);
  SmallVector<RnnOp> directions;
  for (int64_t d = 0; d < shape.directions(); ++d) {
    DirectionOperands from = operandsOf(builder, op, shape, d);
    LstmCell cell;
    fillSetup(cell, op, shape, from, d);
    cell.coupled = op.getCoupled();
    if (op.getPeephole())
      cell.peephole = splitDim(builder, viewAt(builder, op.getPeephole(), 0, d), 0, 3);
    if (op.getProjection())
      cell.projection = viewAt(builder, op.getProjection(), 0, d);
    SmallVector<Value> biases;
    if (from.inputBias)
      biases = {from.inputBias, from.recurrentBias};
    Value x = hoistInputProduct(builder, shape, op.getX(), from.w, biases);
    Value c0 = initialState(builder, shape, op.getInitialC(), d, shape.hidden, shape.sum);
    directions.push_back(buildRnn(builder, x, resets, {from.h0, c0}, op.getLengths(), from.reverse,
                                  [&](Value xt, ValueRange states) {
                                    return buildLstmStep(builder, cell, xt, states[0], states[1]);
                                  }));
  }
  replaceByDirections(builder, op, shape, inits, directions);
}

static void expandGru(GruOp op) {
  ImplicitLocOpBuilder builder(op.getLoc(), op);
  Shape shape = shapeOf(builder, op, 3);
  SmallVector<Value> inits = joinedInits(builder, shape);
  Value resets = resetsOf(builder, op, shape);
  SmallVector<RnnOp> directions;
  for (int64_t d = 0; d < shape.directions(); ++d) {
    DirectionOperands from = operandsOf(builder, op, shape, d);
    GruCell cell;
    fillSetup(cell, op, shape, from, d);
    cell.reset = op.getReset();
    cell.keep = op.getKeep();
    SmallVector<Value> biases;
    if (from.inputBias)
      biases.push_back(from.inputBias);
    // Behind the reset gate the recurrent bias is not a plain summand: it stays in the cell.
    if (from.recurrentBias && op.getReset() == Reset::After)
      cell.recurrentBias = from.recurrentBias;
    else if (from.recurrentBias)
      biases.push_back(from.recurrentBias);
    Value x = hoistInputProduct(builder, shape, op.getX(), from.w, biases);
    directions.push_back(buildRnn(builder, x, resets, from.h0, op.getLengths(), from.reverse,
                                  [&](Value xt, ValueRange states) -> SmallVector<Value> {
                                    return {buildGruStep(builder, cell, xt, states[0])};
                                  }));
  }
  replaceByDirections(builder, op, shape, inits, directions);
}

namespace {
struct ExpandRecurrence : fovea::impl::ExpandRecurrenceBase<ExpandRecurrence> {
  void runOnOperation() override {
    SmallVector<LstmOp> lstms;
    SmallVector<GruOp> grus;
    getOperation().walk([&](LstmOp op) { lstms.push_back(op); });
    getOperation().walk([&](GruOp op) { grus.push_back(op); });
    llvm::for_each(lstms, expandLstm);
    llvm::for_each(grus, expandGru);
    numLstm += lstms.size();
    numGru += grus.size();
  }
};
} // namespace
