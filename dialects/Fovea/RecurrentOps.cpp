//===- RecurrentOps.cpp - verification of recurrence ----------------------===//
//
// Verifiers and shape inference of fovea.rnn, fovea.lstm and fovea.gru.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "dialects/Fovea/StructuredOps.h"

using namespace mlir;
using namespace fovea;

namespace {
/// Named extents of a recurrent operation, learnt from operands and compared with the others.
class Extents {
public:
  Extents(Operation *op, StringRef label) : op(op), label(label) {}

  /// Checks that `value` has one dimension per entry of `names` (a letter, or a factor and a letter
  /// such as "4H") and that equal letters have equal extents. Absent operands pass.
  LogicalResult match(StringRef what, Value value, ArrayRef<StringRef> names) {
    if (!value)
      return success();
    auto type = cast<ShapedType>(value.getType());
    if (type.getRank() != static_cast<int64_t>(names.size()))
      return emitConstraint(op, label)
             << "expected " << what << " of rank " << names.size() << ", got " << type;
    for (auto [position, name] : llvm::enumerate(names)) {
      int64_t extent = type.getDimSize(position), factor = 1;
      if (ShapedType::isDynamic(extent))
        continue;
      StringRef letter = name;
      if (letter.consumeInteger(10, factor))
        factor = 1;
      auto [entry, inserted] = known.try_emplace(letter, extent / factor);
      if (extent % factor != 0 || entry->second != extent / factor)
        return emitConstraint(op, label)
               << "expected extent " << entry->second * factor << " (" << name << ") in dimension "
               << position << " of " << what << ", got " << extent;
    }
    return success();
  }

  /// Fixes the extent of a name.
  void set(StringRef name, int64_t extent) { known[name] = extent; }

private:
  Operation *op;
  StringRef label;
  llvm::StringMap<int64_t> known;
};
} // namespace

/// x, `states` and the results have one type; `weights` have types that sums over x's hold.
static LogicalResult verifyElements(Operation *op, StringRef label, ArrayRef<Value> states,
                                    ArrayRef<Value> weights) {
  Type element = elementTypeOf(op->getOperand(0));
  Type sum = ContractOp::getSumType(element);
  if (!isa<FloatType>(element) || !sum)
    return emitConstraint(op, label) << "expected floating-point elements, got " << element;
  for (Value state : states)
    if (state && elementTypeOf(state) != element)
      return emitConstraint(op, label)
             << "expected states of element type " << element << ", got " << elementTypeOf(state);
  for (Value weight : weights)
    if (weight && ContractOp::getSumType(element, elementTypeOf(weight)) != sum)
      return emitConstraint(op, label) << "expected weights of a floating-point type no wider than "
                                       << sum << ", got " << elementTypeOf(weight);
  for (Value result : op->getResults())
    if (elementTypeOf(result) != element)
      return emitConstraint(op, label) << "expected results of element type " << element;
  return success();
}

static LogicalResult verifyLengths(Operation *op, StringRef label, Value lengths) {
  if (!lengths)
    return success();
  Type element = elementTypeOf(lengths);
  if (!element.isInteger(32) && !element.isInteger(64))
    return emitConstraint(op, label) << "expected lengths of type i32 or i64, got " << element;
  return success();
}

static LogicalResult verifyGates(Operation *op, StringRef label, ArrayAttr order,
                                 ArrayRef<Gate> gates) {
  SmallVector<Gate> given;
  for (auto attr : order.getAsRange<GateAttr>())
    given.push_back(attr.getValue());
  bool complete = given.size() == gates.size() &&
                  llvm::all_of(gates, [&](Gate gate) { return llvm::is_contained(given, gate); });
  if (complete)
    return success();
  InFlightDiagnostic diag = emitConstraint(op, label) << "expected a gate order over ";
  llvm::interleaveComma(gates, diag, [&](Gate gate) { diag << stringifyGate(gate); });
  return diag << ", got " << order;
}

/// The checks that LSTM and GRU share but for element types; `prefix` is "lstm" or "gru".
template <typename OpTy>
static LogicalResult verifyNamed(OpTy op, StringRef prefix, ArrayRef<Gate> gates,
                                 int64_t activationsPerDirection) {
  std::string label = prefix.str();
  if (failed(verifyGates(op, label + "_c2", op.getGateOrder(), gates)))
    return failure();
  int64_t directions = op.getDirection() == Direction::Bidirectional ? 2 : 1;
  int64_t wanted = activationsPerDirection * directions;
  if (static_cast<int64_t>(op.getActivations().size()) != wanted)
    return emitConstraint(op, label + "_c3")
           << "expected " << wanted << " activations, got " << op.getActivations().size();
  if (op.getClip() && !(op.getClip()->convertToDouble() > 0))
    return emitConstraint(op, label + "_c4") << "expected a positive clip";
  if (Value resets = op.getResets(); resets && !elementTypeOf(resets).isInteger(1))
    return emitConstraint(op, label + "_c6")
           << "expected resets of type i1, got " << elementTypeOf(resets);
  return verifyLengths(op, label + "_c5", op.getLengths());
}

LogicalResult LstmOp::verify() {
  if (failed(verifyElements(*this, "lstm_c1", {getInitialH(), getInitialC()},
                            {getW(), getR(), getBias(), getPeephole(), getProjection()})) ||
      failed(verifyNamed(*this, "lstm", {Gate::Input, Gate::Output, Gate::Forget, Gate::Cell}, 3)))
    return failure();
  Extents shape(*this, "lstm_c1");
  shape.set("D", getDirection() == Direction::Bidirectional ? 2 : 1);
  bool batchMajor = getLayout() == SequenceLayout::BatchMajor;
  using Names = SmallVector<StringRef>;
  Names x = batchMajor ? Names{"B", "T", "I"} : Names{"T", "B", "I"};
  Names y = batchMajor ? Names{"B", "T", "D", "P"} : Names{"T", "D", "B", "P"};
  Names h = batchMajor ? Names{"B", "D", "P"} : Names{"D", "B", "P"};
  Names c = batchMajor ? Names{"B", "D", "H"} : Names{"D", "B", "H"};
  if (failed(shape.match("x", getX(), x)) || failed(shape.match("w", getW(), {"D", "4H", "I"})) ||
      failed(shape.match("r", getR(), {"D", "4H", "P"})) ||
      failed(shape.match("bias", getBias(), {"D", "8H"})) ||
      failed(shape.match("initial_h", getInitialH(), h)) ||
      failed(shape.match("initial_c", getInitialC(), c)) ||
      failed(shape.match("peephole", getPeephole(), {"D", "3H"})) ||
      failed(shape.match("projection", getProjection(), {"D", "P", "H"})) ||
      failed(shape.match("lengths", getLengths(), {"B"})) ||
      failed(shape.match("resets", getResets(), ArrayRef(x).take_front(2))) ||
      failed(shape.match("y", getY(), y)) || failed(shape.match("y_h", getYH(), h)) ||
      failed(shape.match("y_c", getYC(), c)))
    return failure();
  auto r = cast<ShapedType>(getR().getType());
  if (!getProjection() && !r.isDynamicDim(1) && !r.isDynamicDim(2) &&
      r.getDimSize(1) != 4 * r.getDimSize(2))
    return emitConstraint(*this, "lstm_c1") << "expected r of shape [D, 4H, H] without a "
                                               "projection, got "
                                            << r;
  return success();
}

LogicalResult GruOp::verify() {
  if (failed(verifyElements(*this, "gru_c1", getInitialH(), {getW(), getR(), getBias()})) ||
      failed(verifyNamed(*this, "gru", {Gate::Update, Gate::ResetGate, Gate::New}, 2)))
    return failure();
  Extents shape(*this, "gru_c1");
  shape.set("D", getDirection() == Direction::Bidirectional ? 2 : 1);
  bool batchMajor = getLayout() == SequenceLayout::BatchMajor;
  using Names = SmallVector<StringRef>;
  Names x = batchMajor ? Names{"B", "T", "I"} : Names{"T", "B", "I"};
  Names y = batchMajor ? Names{"B", "T", "D", "H"} : Names{"T", "D", "B", "H"};
  Names h = batchMajor ? Names{"B", "D", "H"} : Names{"D", "B", "H"};
  return success(succeeded(shape.match("x", getX(), x)) &&
                 succeeded(shape.match("w", getW(), {"D", "3H", "I"})) &&
                 succeeded(shape.match("r", getR(), {"D", "3H", "H"})) &&
                 succeeded(shape.match("bias", getBias(), {"D", "6H"})) &&
                 succeeded(shape.match("initial_h", getInitialH(), h)) &&
                 succeeded(shape.match("lengths", getLengths(), {"B"})) &&
                 succeeded(shape.match("resets", getResets(), ArrayRef(x).take_front(2))) &&
                 succeeded(shape.match("y", getY(), y)) &&
                 succeeded(shape.match("y_h", getYH(), h)));
}

/// Sizes of results by place: (operand, dimension) pairs.
using Source = std::pair<Value, int64_t>;
static SmallVector<OpFoldResult> sizes(OpBuilder &builder, Location loc, ArrayRef<Source> sources) {
  return llvm::map_to_vector(sources, [&](Source source) {
    return tensor::getMixedSize(builder, loc, source.first, source.second);
  });
}

template <typename OpTy>
static void reifyNamed(OpTy op, OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes,
                       int64_t states, Value hidden) {
  bool batchMajor = op.getLayout() == SequenceLayout::BatchMajor;
  Source t{op.getX(), batchMajor ? 1 : 0}, b{op.getX(), batchMajor ? 0 : 1}, d{op.getW(), 0};
  Source p{op.getR(), 2};
  using Places = SmallVector<Source>;
  Location loc = op.getLoc();
  shapes.push_back(sizes(builder, loc, batchMajor ? Places{b, t, d, p} : Places{t, d, b, p}));
  for (int64_t state = 0; state < states; ++state) {
    auto shape = sizes(builder, loc, batchMajor ? Places{b, d, p} : Places{d, b, p});
    if (state == 1 && hidden)
      shape.back() = tensor::getMixedSize(builder, loc, hidden, 2);
    shapes.push_back(shape);
  }
}

LogicalResult LstmOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  reifyNamed(*this, builder, shapes, 2, getProjection());
  return success();
}

LogicalResult GruOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  reifyNamed(*this, builder, shapes, 1, Value());
  return success();
}

LogicalResult RnnOp::verify() {
  auto x = cast<RankedTensorType>(getX().getType());
  if (x.getRank() < 2)
    return emitConstraint(*this, "rnn_c1") << "expected x of rank at least 2, got " << x;
  auto batchAgrees = [&](Value value) {
    auto type = cast<ShapedType>(value.getType());
    return type.getRank() >= 1 &&
           (type.isDynamicDim(0) || x.isDynamicDim(1) || type.getDimSize(0) == x.getDimSize(1));
  };
  for (Value sequence : getAlong()) {
    auto type = cast<RankedTensorType>(sequence.getType());
    if (type.getRank() < 2 ||
        failed(verifyCompatibleShape(type.getShape().take_front(2), x.getShape().take_front(2))))
      return emitConstraint(*this, "rnn_c1")
             << "expected sequences of shape [T, B, ...] as x, " << x << ", got " << type;
  }
  for (Value state : getStates())
    if (!batchAgrees(state))
      return emitConstraint(*this, "rnn_c1")
             << "expected states of batch size " << x.getDimSize(1) << ", got " << state.getType();
  if (Value lengths = getLengths()) {
    if (!batchAgrees(lengths))
      return emitConstraint(*this, "rnn_c1")
             << "expected one length per row, got " << lengths.getType();
    if (failed(verifyLengths(*this, "rnn_c2", lengths)))
      return failure();
    if (cast<ShapedType>(lengths.getType()).getRank() != 1)
      return emitConstraint(*this, "rnn_c2") << "expected lengths of shape [B]";
  }
  auto drop = [](Type type) -> Type {
    auto shaped = cast<RankedTensorType>(type);
    return RankedTensorType::get(shaped.getShape().drop_front(), shaped.getElementType());
  };
  SmallVector<Type> arguments = llvm::map_to_vector(getSequences().getTypes(), drop);
  llvm::append_range(arguments, getStates().getTypes());
  if (!llvm::equal(getCell().getArgumentTypes(), arguments))
    return emitConstraint(*this, "rnn_c3") << "expected cell arguments (" << arguments << "), got ("
                                           << getCell().getArgumentTypes() << ")";
  auto yield = dyn_cast<YieldOp>(getCell().front().getTerminator());
  auto y = cast<RankedTensorType>(getY().getType());
  if (!yield || yield.getNumOperands() != 1 + getStates().size() || y.getRank() < 2 ||
      yield.getOperand(0).getType() != drop(y) ||
      !llvm::equal(yield.getOperands().drop_front().getTypes(), getStates().getTypes()))
    return emitConstraint(*this, "rnn_c3")
           << "expected a cell that yields one step of y and the states";
  if (y.getDimSize(0) != x.getDimSize(0) ||
      !llvm::equal(getFinals().getTypes(), getStates().getTypes()))
    return emitConstraint(*this, "rnn_c4") << "expected results of the types of y and the states";
  return success();
}

LogicalResult RnnOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  auto y = cast<RankedTensorType>(getY().getType());
  SmallVector<OpFoldResult> shape{tensor::getMixedSize(builder, getLoc(), getX(), 0),
                                  tensor::getMixedSize(builder, getLoc(), getX(), 1)};
  for (int64_t dim = 2; dim < y.getRank(); ++dim) {
    if (y.isDynamicDim(dim))
      return failure(); // the cell's
    shape.push_back(builder.getIndexAttr(y.getDimSize(dim)));
  }
  shapes.push_back(shape);
  for (Value state : getStates())
    shapes.push_back(tensor::getMixedSizes(builder, getLoc(), state));
  return success();
}
