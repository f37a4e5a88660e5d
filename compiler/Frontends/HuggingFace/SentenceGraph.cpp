//===- SentenceGraph.cpp - pooling, dense and normalize steps -------------===//
//
// The formulas of the sentence-transformers library's modules.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/HuggingFace/EncoderGraph.h"

#include <limits>

using namespace fovea;
using namespace mlir;

using Kind = SentenceModule::Kind;

static Value toFloat(OpBuilder &builder, Location loc, Value mask) {
  return arith::SIToFPOp::create(builder, loc, builder.getF32Type(), mask);
}

/// sum over s of mask * x, divided by n or sqrt(n) with n = max(sum over s of mask, 1e-9).
static Value poolMean(GraphBuilder &graph, Value x, Value mask, bool squareRoot) {
  Size batch = graph.sizeOf(x, 0), width = graph.sizeOf(x, 2);
  Value sum =
      graph.generic({x, mask}, graph.filled({batch, width}, 0),
                    {graph.dims(3, {0, 2, 1}), graph.dims(3, {0, 2}), graph.dims(3, {0, 1})},
                    [](OpBuilder &inner, Location loc, ValueRange in) -> Value {
                      Value kept =
                          arith::MulFOp::create(inner, loc, in[0], toFloat(inner, loc, in[1]));
                      return arith::AddFOp::create(inner, loc, in[2], kept);
                    });
  Value count =
      graph.generic(mask, graph.filled({batch}, 0), {graph.dims(2, {0, 1}), graph.dims(2, {0})},
                    [](OpBuilder &inner, Location loc, ValueRange in) -> Value {
                      return arith::AddFOp::create(inner, loc, in[1], toFloat(inner, loc, in[0]));
                    });
  return graph.generic({sum, count}, graph.empty({batch, width}),
                       {graph.dims(2, {0, 1}), graph.dims(2, {0}), graph.dims(2, {0, 1})},
                       [&](OpBuilder &inner, Location loc, ValueRange in) -> Value {
                         Value least =
                             arith::ConstantOp::create(inner, loc, inner.getF32FloatAttr(1e-9));
                         Value divisor = arith::MaximumFOp::create(inner, loc, in[1], least);
                         if (squareRoot)
                           divisor = math::SqrtOp::create(inner, loc, divisor);
                         return arith::DivFOp::create(inner, loc, in[0], divisor);
                       });
}

/// Largest value of every channel over the steps; masked steps count as -1e9.
static Value poolMax(GraphBuilder &graph, Value x, Value mask) {
  Value init = graph.filled({graph.sizeOf(x, 0), graph.sizeOf(x, 2)},
                            -std::numeric_limits<double>::infinity());
  return graph.generic(
      {x, mask}, init, {graph.dims(3, {0, 2, 1}), graph.dims(3, {0, 2}), graph.dims(3, {0, 1})},
      [](OpBuilder &inner, Location loc, ValueRange in) -> Value {
        Value zero = arith::ConstantOp::create(inner, loc, inner.getI64IntegerAttr(0));
        Value low = arith::ConstantOp::create(inner, loc, inner.getF32FloatAttr(-1e9));
        Value masked =
            arith::CmpIOp::create(inner, loc, arith::CmpIPredicate::eq, in[1], zero).getResult();
        Value kept = arith::SelectOp::create(inner, loc, masked, low, in[0]);
        return arith::MaximumFOp::create(inner, loc, in[2], kept);
      });
}

/// x / max(|x|, 1e-12) for every row.
static Value normalize(GraphBuilder &graph, Value x) {
  Size batch = graph.sizeOf(x, 0);
  Value squares =
      graph.generic(x, graph.filled({batch}, 0), {graph.dims(2, {0, 1}), graph.dims(2, {0})},
                    [](OpBuilder &inner, Location loc, ValueRange in) -> Value {
                      Value square = arith::MulFOp::create(inner, loc, in[0], in[0]);
                      return arith::AddFOp::create(inner, loc, in[1], square);
                    });
  return graph.generic({x, squares}, graph.empty(graph.sizesOf(x)),
                       {graph.dims(2, {0, 1}), graph.dims(2, {0}), graph.dims(2, {0, 1})},
                       [](OpBuilder &inner, Location loc, ValueRange in) -> Value {
                         Value least =
                             arith::ConstantOp::create(inner, loc, inner.getF32FloatAttr(1e-12));
                         Value length = math::SqrtOp::create(inner, loc, in[1]);
                         Value divisor = arith::MaximumFOp::create(inner, loc, length, least);
                         return arith::DivFOp::create(inner, loc, in[0], divisor);
                       });
}

std::vector<NeededTensor> fovea::denseTensors(const SentenceModule &module) {
  std::vector<NeededTensor> needed{{"linear.weight", {module.outputs, module.inputs}}};
  if (module.bias)
    needed.push_back({"linear.bias", {module.outputs}});
  return needed;
}

Value fovea::emitSentenceModule(GraphBuilder &graph, const SentenceModule &module, Value state,
                                Value mask, StringRef symbols) {
  graph.at(module.path);
  switch (module.kind) {
  case Kind::PoolCls:
    return graph.firstStep(state);
  case Kind::PoolMax:
    return poolMax(graph, state, mask);
  case Kind::PoolMean:
  case Kind::PoolMeanSqrtLen:
    return poolMean(graph, state, mask, module.kind == Kind::PoolMeanSqrtLen);
  case Kind::Normalize:
    return normalize(graph, state);
  case Kind::Dense:
    break;
  }
  Value weight = graph.weight((symbols + "linear.weight").str());
  Value bias = module.bias ? graph.weight((symbols + "linear.bias").str()) : Value();
  return graph.activation(module.activation, graph.linear(state, weight, bias));
}
