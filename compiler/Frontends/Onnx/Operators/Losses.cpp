//===- Losses.cpp - losses of classification ------------------------------===//
//
// NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Onnx/Operators/Operators.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::onnx_frontend;

using B = ImplicitLocOpBuilder;

namespace {
/// Each target's loss and weight, over the shape of the targets.
struct Terms {
  Value loss, weight;
};
} // namespace

static LogicalResult checkTargets(Node &node) {
  const Tensor &x = node.in(0), &target = node.in(1);
  if (x.rank() < 2 || target.rank() != x.rank() - 1)
    return node.badShape("the target must have the rank of the input less one");
  if (target.dtype != Dtype::I32 && target.dtype != Dtype::I64)
    return node.fail("FV0202", "the target must be int32 or int64");
  for (auto [dim, size] : llvm::enumerate(target.shape))
    if (failed(agree(node, size, x.shape[dim == 0 ? 0 : dim + 1], "the target")))
      return failure();
  if (!node.has(2))
    return success();
  if (node.in(2).rank() != 1 || node.in(2).dtype != x.dtype)
    return node.badShape("the weight must be a vector of the input's type");
  return agree(node, node.in(2).shape[0], x.shape[1], "the weight");
}

/// -weight[t] * x[n, t, ...] for each target t; 0, and no weight, for the ignored class.
static Terms termsOf(Node &node, Value logarithms, Dtype wide) {
  const Tensor &x = node.in(0), &target = node.in(1);
  auto &e = node.e;
  Value classes = e.index(x.shape[1]), weights = node.has(2) ? node.value(2) : Value();
  bool ignores = node.hasAttr("ignore_index");
  int64_t ignored = node.intAttr("ignore_index", 0);
  AffineMap map = e.identity(target.rank());
  SmallVector<Value> inits(2);
  for (Value &init : inits)
    init = e.empty(e.type(wide), target.shape);
  auto body = [&](B &b, ValueRange args) -> SmallVector<Value> {
    Value number = args[0], skip = Emitter::integer(b, b.getI1Type(), 0);
    if (ignores) {
      Value other = Emitter::integer(b, number.getType(), ignored);
      skip = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, number, other);
      Value zero = Emitter::integer(b, number.getType(), 0);
      number = arith::SelectOp::create(b, skip, zero, number);
    }
    SmallVector<Value> place;
    for (int64_t dim = 0; dim < target.rank(); ++dim)
      place.push_back(linalg::IndexOp::create(b, dim));
    Value index = checkedIndex(b, number, classes, node.name, target.dtype);
    place.insert(place.begin() + 1, index);
    Value weight = Emitter::scalar(b, e.type(wide), 1), zero = Emitter::scalar(b, e.type(wide), 0);
    if (weights)
      weight = emitCast(b, x.dtype, wide, tensor::ExtractOp::create(b, weights, index));
    weight = arith::SelectOp::create(b, skip, zero, weight);
    Value value = tensor::ExtractOp::create(b, logarithms, place);
    Value loss = arith::MulFOp::create(b, arith::NegFOp::create(b, value), weight);
    return {arith::SelectOp::create(b, skip, zero, loss), weight};
  };
  SmallVector<Value> results = e.generic(node.value(1), inits, {map, map, map}, body);
  return {results[0], results[1]};
}

static LogicalResult setLoss(Node &node, const Terms &terms, Dtype wide) {
  const Tensor &x = node.in(0), &target = node.in(1);
  auto &e = node.e;
  std::string reduction = node.stringAttr("reduction", "mean");
  if (reduction == "none") {
    node.set(0, converted(node, tensorOf(wide, target.shape, terms.loss), x.dtype));
    return success();
  }
  if (reduction != "sum" && reduction != "mean")
    return node.unsupported("reduction '" + reduction + "' is not supported");
  auto all = llvm::to_vector(llvm::seq<int64_t>(0, target.rank()));
  auto sumOf = [&](Value value) {
    return reduce(node, value, wide, target.shape, all, Binary::Add, wide);
  };
  Value result = sumOf(terms.loss);
  if (reduction == "mean") {
    AffineMap map = e.identity(0);
    result = e.map({result, sumOf(terms.weight)}, {map, map}, e.type(wide), {},
                   [](B &b, ValueRange args) -> SmallVector<Value> {
                     return {arith::DivFOp::create(b, args[0], args[1])};
                   });
  }
  node.set(0, converted(node, tensorOf(wide, {}, result), x.dtype));
  return success();
}

LogicalResult fovea::onnx_frontend::importLoss(Node &node) {
  if (failed(checkTargets(node)))
    return failure();
  const Tensor &x = node.in(0);
  Dtype wide = accumulatorOf(x.dtype);
  Value logarithms = node.importer.materialize(converted(node, x, wide));
  if (node.op() == "SoftmaxCrossEntropyLoss") {
    logarithms = logSoftmax(node, logarithms, wide, x.shape, 1);
    if (node.wants(1))
      node.set(1, converted(node, tensorOf(wide, x.shape, logarithms), x.dtype));
  }
  return setLoss(node, termsOf(node, logarithms, wide), wide);
}
