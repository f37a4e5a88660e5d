//===- ControlFlow.cpp - If -----------------------------------------------===//
//
// A condition that is known picks a branch. Else both branches are imported; where only one of them
// can run with these shapes, or they differ in rank, the run is required to take that one.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Onnx/Operators/Operators.h"

#include "compiler/Frontends/Onnx/onnx-ml.pb.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::onnx_frontend;

namespace {
/// A branch, imported into a block of its own; without outputs when it cannot run.
struct Branch {
  const onnx::GraphProto *graph;
  std::unique_ptr<Region> region = std::make_unique<Region>();
  std::optional<std::vector<Tensor>> outputs;
  Problems problems;
};
} // namespace

static void importBranch(Node &node, Branch &branch) {
  Alternative alternative(node.importer, *branch.region, branch.problems);
  branch.outputs = node.importer.importBody(*branch.graph);
  if (branch.outputs && branch.outputs->size() == node.outputCount())
    return;
  if (branch.outputs && branch.problems.empty())
    (void)node.fail("FV0104", "a branch gives another number of outputs");
  branch.outputs.reset();
}

static bool ranksDiffer(const Branch &left, const Branch &right) {
  return llvm::any_of(llvm::zip_equal(*left.outputs, *right.outputs), [](auto pair) {
    return std::get<0>(pair).rank() != std::get<1>(pair).rank();
  });
}

/// The branch whose ranks are declared for the outputs, or one that only drops axes of size 1
/// (exporters guard Squeeze by a test of the size); null when nothing tells.
static Branch *preferred(Node &node, Branch &yes, Branch &no) {
  bool fitsYes = true, fitsNo = true, known = false;
  for (auto [i, output] : llvm::enumerate(node.proto.output())) {
    auto declared = node.importer.declaredShape(output);
    if (!declared)
      continue;
    known = true;
    fitsYes = fitsYes && (*yes.outputs)[i].rank() == static_cast<int64_t>(declared->size());
    fitsNo = fitsNo && (*no.outputs)[i].rank() == static_cast<int64_t>(declared->size());
  }
  if (known && fitsYes != fitsNo)
    return fitsYes ? &yes : &no;
  auto squeezes = [](const Branch &branch) {
    return llvm::any_of(branch.graph->node(),
                        [](const onnx::NodeProto &inner) { return inner.op_type() == "Squeeze"; });
  };
  if (squeezes(yes) != squeezes(no))
    return squeezes(yes) ? &yes : &no;
  return nullptr;
}

static LogicalResult setOutputs(Node &node, const std::vector<Tensor> &outputs) {
  if (outputs.size() != node.outputCount())
    return node.fail("FV0104", "the branch gives another number of outputs");
  for (auto [i, tensor] : llvm::enumerate(outputs))
    node.set(i, tensor);
  return success();
}

/// Takes an imported branch for good, and requires the condition to say so.
static LogicalResult take(Node &node, Branch &branch, Value condition, bool wanted) {
  auto &b = node.b;
  Value flag = Emitter::integer(b, b.getI1Type(), wanted);
  Value good = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, condition, flag);
  Value have = arith::IndexCastUIOp::create(b, b.getIndexType(), condition);
  node.e.require(good, have, node.e.constantIndex(wanted), Fault::Shape);
  node.importer.note("takes only the " + std::string(wanted ? "then" : "else") + " branch of '" +
                     node.name + "'");
  b.getInsertionBlock()->getOperations().splice(b.getInsertionPoint(),
                                                branch.region->front().getOperations());
  return setOutputs(node, *branch.outputs);
}

/// Sizes that both branches share; a new symbol where they differ.
static Sizes joined(Node &node, const Tensor &x, const Tensor &y) {
  Sizes result;
  for (auto [left, right] : llvm::zip_equal(x.shape, y.shape))
    result.push_back(left == right ? left : node.sizes.value(Value()));
  return result;
}

/// Yields the outputs of a branch as the joined types.
static void yieldOutputs(Node &node, Branch &branch, ArrayRef<Type> types) {
  Emitter::Nested nested(node.e);
  node.b.setInsertionPointToEnd(&branch.region->front());
  SmallVector<Value> values;
  for (auto [tensor, type] : llvm::zip_equal(*branch.outputs, types))
    values.push_back(node.e.cast(node.importer.materialize(tensor), cast<RankedTensorType>(type)));
  scf::YieldOp::create(node.b, values);
}

static LogicalResult select(Node &node, Branch &yes, Branch &no, Value condition) {
  auto &e = node.e;
  auto &b = node.b;
  SmallVector<Type> types;
  std::vector<Sizes> shapes;
  for (auto [left, right] : llvm::zip_equal(*yes.outputs, *no.outputs)) {
    if (left.dtype != right.dtype)
      return node.fail("FV0202", "the branches give different element types");
    shapes.push_back(joined(node, left, right));
    types.push_back(e.type(left.dtype, shapes.back()));
  }
  yieldOutputs(node, yes, types);
  yieldOutputs(node, no, types);
  auto op = scf::IfOp::create(b, types, condition, /*withElseRegion=*/true);
  op.getThenRegion().takeBody(*yes.region);
  op.getElseRegion().takeBody(*no.region);
  for (auto [i, result] : llvm::enumerate(op.getResults())) {
    for (auto [dim, size] : llvm::enumerate(shapes[i])) {
      auto symbol = size.symbol();
      if (symbol && node.sizes.symbol(*symbol).kind == SizeContext::Kind::Value &&
          !node.sizes.symbol(*symbol).value)
        size = node.sizes.value(tensor::DimOp::create(b, result, dim), 0);
    }
    node.set(i, (*yes.outputs)[i].dtype, shapes[i], result);
  }
  return success();
}

LogicalResult fovea::onnx_frontend::importIf(Node &node) {
  Branch yes, no;
  yes.graph = node.graphAttr("then_branch");
  no.graph = node.graphAttr("else_branch");
  if (!yes.graph || !no.graph)
    return failure();
  auto known = node.importer.knownIntegers(node.in(0));
  auto elements = node.in(0).staticShape();
  if (!elements || checkedElements(*elements, Dtype::Bool) != 1)
    return node.badShape("the condition must be a scalar");
  if (known && known->front().constant()) {
    auto outputs = node.importer.importBody(known->front().is(0) ? *no.graph : *yes.graph);
    return outputs ? setOutputs(node, *outputs) : failure();
  }
  SmallVector<Value> first(node.in(0).rank(), node.e.constantIndex(0));
  Value condition = node.e.extract(node.value(0), first);
  importBranch(node, yes);
  importBranch(node, no);
  if (!yes.outputs && !no.outputs) {
    for (Branch *branch : {&yes, &no})
      for (Problem &problem : branch->problems)
        node.importer.report(std::move(problem));
    return failure();
  }
  if (!yes.outputs || !no.outputs)
    return take(node, yes.outputs ? yes : no, condition, yes.outputs.has_value());
  if (!ranksDiffer(yes, no))
    return select(node, yes, no, condition);
  Branch *chosen = preferred(node, yes, no);
  if (!chosen)
    return node.fail("FV0201", "the branches give tensors of different rank",
                     "which one runs depends on sizes that are not known; fix dimensions");
  return take(node, *chosen, condition, chosen == &yes);
}
