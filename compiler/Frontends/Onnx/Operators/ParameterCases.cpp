//===- ParameterCases.cpp - axes that only the run knows ------------------===//
//
// An operator whose axes are an input without known values is imported once for each choice of axes
// that its rank allows; the run takes the one that the input names.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Onnx/Operators/Operators.h"

#include "compiler/Frontends/Onnx/onnx-ml.pb.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::onnx_frontend;

/// Each case is code of its own: more are refused.
static constexpr size_t kMaxCases = 10;

namespace {
/// What an input of axes says: one axis, some of them in any order, or in a given order.
enum class Parameter { Axis, AxisSet, AxisList };

struct ParameterRow {
  StringLiteral op;
  unsigned input;
  Parameter kind;
};

/// One choice of axes, imported into a block of its own; without outputs when it cannot be.
struct Case {
  SmallVector<int64_t> axes;
  std::unique_ptr<Region> region = std::make_unique<Region>();
  std::vector<Tensor> outputs;
  Problems problems;
  Value chosen;
};
} // namespace

static constexpr ParameterRow kRows[] = {
    {"CumProd", 1, Parameter::Axis},
    {"CumSum", 1, Parameter::Axis},
    {"Pad", 3, Parameter::AxisList},
    {"ReduceL1", 1, Parameter::AxisSet},
    {"ReduceL2", 1, Parameter::AxisSet},
    {"ReduceLogSum", 1, Parameter::AxisSet},
    {"ReduceLogSumExp", 1, Parameter::AxisSet},
    {"ReduceMax", 1, Parameter::AxisSet},
    {"ReduceMean", 1, Parameter::AxisSet},
    {"ReduceMin", 1, Parameter::AxisSet},
    {"ReduceProd", 1, Parameter::AxisSet},
    {"ReduceSum", 1, Parameter::AxisSet},
    {"ReduceSumSquare", 1, Parameter::AxisSet},
    {"Slice", 3, Parameter::AxisList},
    {"Squeeze", 1, Parameter::AxisSet},
    {"Unsqueeze", 1, Parameter::AxisSet},
};

/// The row whose input is given and not known; null when the operator can be imported as it is.
static const ParameterRow *unknownParameter(Node &node) {
  for (const ParameterRow &row : kRows) {
    if (row.op != node.op() || !node.has(row.input))
      continue;
    const Tensor &axes = node.in(row.input);
    auto known = node.importer.knownIntegers(axes);
    bool constant =
        known && llvm::all_of(*known, [](const SizeExpr &size) { return size.constant(); });
    bool readable = isInteger(axes.dtype) && axes.rank() <= 1 && axes.staticShape();
    return !constant && readable ? &row : nullptr;
  }
  return nullptr;
}

/// All choices of `count` axes out of `rank`; empty when there are too many.
static std::vector<SmallVector<int64_t>> choices(int64_t rank, int64_t count, bool ordered) {
  std::vector<SmallVector<int64_t>> result(1);
  for (int64_t place = 0; place < count; ++place) {
    std::vector<SmallVector<int64_t>> longer;
    for (const SmallVector<int64_t> &begin : result)
      for (int64_t axis = ordered || begin.empty() ? 0 : begin.back() + 1; axis < rank; ++axis) {
        if (llvm::is_contained(begin, axis))
          continue;
        longer.push_back(begin);
        longer.back().push_back(axis);
      }
    // Partial choices of few axes may be many although there is one of all of them.
    if (longer.size() > kMaxCases * kMaxCases)
      return {};
    result = std::move(longer);
  }
  return result.size() <= kMaxCases ? result : std::vector<SmallVector<int64_t>>();
}

/// One number for the axes: a bit for each of a set, else digits.
static int64_t codeOf(ArrayRef<int64_t> axes, int64_t rank, bool ordered) {
  int64_t code = 0;
  for (int64_t axis : axes)
    code = ordered ? code * rank + axis : code + (int64_t(1) << axis);
  return code;
}

static Value codeAtRunTime(Node &node, const Integers &axes, int64_t rank, bool ordered) {
  auto &b = node.b;
  Value code = node.e.constantIndex(0), one = node.e.constantIndex(1);
  Value extent = node.e.constantIndex(rank);
  for (const SizeExpr &axis : axes) {
    Value number = arith::IndexCastOp::create(b, b.getI64Type(), node.e.index(axis));
    Value place = checkedIndex(b, number, extent, node.name, Dtype::I64);
    if (ordered)
      code = arith::AddIOp::create(b, arith::MulIOp::create(b, code, extent), place);
    else
      code = arith::AddIOp::create(b, code, arith::ShLIOp::create(b, one, place));
  }
  return code;
}

void Node::importCase(unsigned input, const Tensor &known, Import import,
                      std::vector<Tensor> &outputs) {
  const Tensor *before = std::exchange(inputs[input], &known);
  std::vector<Tensor> kept = std::exchange(results, std::vector<Tensor>(results.size()));
  if (succeeded(import(*this)))
    outputs = results;
  results = std::move(kept);
  inputs[input] = before;
}

/// False when a size of the outputs contradicts the one that the model declares.
static bool fitsDeclared(Node &node, ArrayRef<Tensor> outputs) {
  for (auto [output, tensor] : llvm::zip_equal(node.proto.output(), outputs)) {
    auto declared = node.importer.declaredShape(output);
    if (!declared || declared->size() != tensor.shape.size())
      continue;
    for (auto [size, known] : llvm::zip_equal(tensor.shape, *declared))
      if (known && size.constant() && *size.constant() != *known)
        return false;
  }
  return true;
}

static void importCase(Node &node, const ParameterRow &row, Node::Import import, Case &choice) {
  Alternative alternative(node.importer, *choice.region, choice.problems);
  const Tensor &given = node.in(row.input);
  Tensor known = integerTensor(given.dtype, *given.staticShape(),
                               Integers(choice.axes.begin(), choice.axes.end()));
  node.importCase(row.input, known, import, choice.outputs);
  if (choice.problems.empty() && !fitsDeclared(node, choice.outputs))
    (void)node.badShape("the declared shape of an output does not fit the axes");
  if (!choice.problems.empty())
    choice.outputs.clear();
}

/// Sizes that all cases share; a new symbol where they differ.
static Sizes joined(Node &node, ArrayRef<Case> cases, size_t output) {
  Sizes result = cases.front().outputs[output].shape;
  for (const Case &choice : cases)
    for (auto [size, other] : llvm::zip_equal(result, choice.outputs[output].shape))
      if (!(size == other))
        size = node.sizes.value(Value());
  return result;
}

/// The outputs of the cases from the first one on, as a chain of branches; the last is the else.
static SmallVector<Value> chain(Node &node, MutableArrayRef<Case> cases, ArrayRef<Type> types) {
  auto &b = node.b;
  Case &first = cases.front();
  {
    Emitter::Nested nested(node.e);
    b.setInsertionPointToEnd(&first.region->front());
    SmallVector<Value> values;
    for (auto [tensor, type] : llvm::zip_equal(first.outputs, types))
      values.push_back(
          node.e.cast(node.importer.materialize(tensor), cast<RankedTensorType>(type)));
    scf::YieldOp::create(b, values);
  }
  if (cases.size() == 1) {
    Block &block = first.region->front();
    SmallVector<Value> values(block.getTerminator()->getOperands());
    block.getTerminator()->erase();
    b.getInsertionBlock()->getOperations().splice(b.getInsertionPoint(), block.getOperations());
    return values;
  }
  auto op = scf::IfOp::create(b, types, first.chosen, /*withElseRegion=*/true);
  op.getThenRegion().takeBody(*first.region);
  Emitter::Nested nested(node.e);
  b.setInsertionPointToStart(&op.getElseRegion().front());
  SmallVector<Value> rest = chain(node, cases.drop_front(), types);
  b.setInsertionPointToEnd(&op.getElseRegion().front());
  scf::YieldOp::create(b, rest);
  return SmallVector<Value>(op.getResults());
}

/// Results of the chain as the node's, with the sizes that they have in the run.
static LogicalResult setResults(Node &node, MutableArrayRef<Case> cases) {
  std::vector<Sizes> shapes;
  SmallVector<Type> types;
  for (size_t i = 0; i < cases.front().outputs.size(); ++i) {
    const Tensor &tensor = cases.front().outputs[i];
    for (const Case &choice : cases)
      if (choice.outputs[i].rank() != tensor.rank() || choice.outputs[i].dtype != tensor.dtype)
        return node.unsupported("the type of output " + Twine(i) + " depends on the axes");
    shapes.push_back(joined(node, cases, i));
    types.push_back(node.e.type(tensor.dtype, shapes.back()));
  }
  SmallVector<Value> values = chain(node, cases, types);
  for (auto [i, value] : llvm::enumerate(values)) {
    for (auto [dim, size] : llvm::enumerate(shapes[i])) {
      auto symbol = size.symbol();
      if (symbol && node.sizes.symbol(*symbol).kind == SizeContext::Kind::Value &&
          !node.sizes.symbol(*symbol).value)
        size = node.sizes.value(tensor::DimOp::create(node.b, value, dim), 0);
    }
    node.set(i, cases.front().outputs[i].dtype, shapes[i], value);
  }
  return success();
}

LogicalResult fovea::onnx_frontend::importByCases(Node &node, Node::Import import) {
  const ParameterRow *row = unknownParameter(node);
  if (!row)
    return import(node);
  int64_t count = *checkedElements(*node.in(row->input).staticShape(), Dtype::I64);
  int64_t rank = node.in(0).rank() + (node.op() == "Unsqueeze" ? count : 0);
  bool ordered = row->kind != Parameter::AxisSet;
  std::vector<Case> cases;
  if (rank < 63 && (row->kind != Parameter::Axis || count == 1))
    for (SmallVector<int64_t> &axes : choices(rank, count, ordered))
      cases.emplace_back().axes = std::move(axes);
  if (cases.empty())
    return import(node);
  auto given = node.integers(row->input);
  if (!given)
    return failure();
  auto &b = node.b;
  Value code = codeAtRunTime(node, *given, rank, ordered), any;
  for (Case &choice : cases)
    importCase(node, *row, import, choice);
  if (llvm::all_of(cases, [](const Case &choice) { return choice.outputs.empty(); })) {
    for (Problem &problem : cases.front().problems)
      node.importer.report(std::move(problem));
    return failure();
  }
  llvm::erase_if(cases, [](const Case &choice) { return choice.outputs.empty(); });
  for (Case &choice : cases) {
    Value want = node.e.constantIndex(codeOf(choice.axes, rank, ordered));
    choice.chosen = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, code, want);
    any = any ? arith::OrIOp::create(b, any, choice.chosen).getResult() : choice.chosen;
  }
  node.e.require(any, code, node.e.constantIndex(cases.size()), Fault::Parameter);
  return setResults(node, cases);
}
