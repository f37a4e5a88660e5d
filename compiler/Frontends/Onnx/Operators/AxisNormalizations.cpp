//===- AxisNormalizations.cpp - division by a norm along axes -------------===//
//
// LpNormalization and MeanVarianceNormalization, and the statistics of a batch.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Onnx/Operators/Operators.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::onnx_frontend;

using B = ImplicitLocOpBuilder;

LogicalResult fovea::onnx_frontend::importLpNormalization(Node &node) {
  const Tensor &x = node.in(0);
  auto axis = node.axis(node.intAttr("axis", -1), x.rank());
  int64_t p = node.intAttr("p", 2);
  if (!axis)
    return failure();
  if (p != 1 && p != 2)
    return node.unsupported("p = " + Twine(p) + " is not supported");
  auto &e = node.e;
  Dtype wide = accumulatorOf(x.dtype);
  Value sum = reduce(node, node.value(0), x.dtype, x.shape, {*axis}, Binary::Add, wide,
                     [&](B &b, ValueRange args) -> Value {
                       return p == 1 ? emitUnary(b, Unary::Abs, wide, args[0])
                                     : emitBinary(b, Binary::Mul, wide, args[0], args[0]);
                     });
  AffineMap kept = mapWithout(e, x.rank(), {*axis});
  node.set(
      0, x.dtype, x.shape,
      e.map({node.value(0), sum}, {e.identity(x.rank()), kept}, e.type(x.dtype), x.shape,
            [&](B &b, ValueRange args) -> SmallVector<Value> {
              Value norm = p == 1 ? args[1] : emitUnary(b, Unary::Sqrt, wide, args[1]);
              Value zero = Emitter::scalar(b, norm.getType(), 0);
              Value none = emitBinary(b, Binary::Equal, wide, norm, zero);
              Value value = emitCast(b, x.dtype, wide, args[0]);
              Value quotient = emitBinary(b, Binary::Div, wide, value, norm);
              return {emitCast(b, wide, x.dtype, arith::SelectOp::create(b, none, zero, quotient))};
            }));
  return success();
}

Statistics fovea::onnx_frontend::statisticsOf(Node &node, const Tensor &x, ArrayRef<int64_t> axes) {
  auto &e = node.e;
  Dtype wide = accumulatorOf(x.dtype);
  Value source = node.importer.materialize(x);
  Sizes kept = withoutAxes(x.shape, axes, false);
  SizeExpr elements = 1;
  for (int64_t axis : axes)
    elements = node.sizes.mul(elements, x.shape[axis]);
  Value count = sizeAs(node, elements, wide);
  AffineMap same = e.identity(kept.size()), map = mapWithout(e, x.rank(), axes);
  auto share = [&](Value sum) {
    return e.map(sum, same, e.type(wide), kept, [&](B &b, ValueRange args) -> SmallVector<Value> {
      return {emitBinary(b, Binary::Div, wide, args[0], count)};
    });
  };
  Value mean = share(reduce(node, source, x.dtype, x.shape, axes, Binary::Add, wide));
  Value zeros = e.filled(e.scalar(wide, 0), kept);
  Value squares = e.generic({source, mean}, zeros, {e.identity(x.rank()), map, map},
                            [&](B &b, ValueRange args) -> SmallVector<Value> {
                              Value value = emitCast(b, x.dtype, wide, args[0]);
                              Value apart = emitBinary(b, Binary::Sub, wide, value, args[1]);
                              Value square = emitBinary(b, Binary::Mul, wide, apart, apart);
                              return {emitBinary(b, Binary::Add, wide, args[2], square)};
                            })
                      .front();
  return {tensorOf(wide, kept, mean), tensorOf(wide, kept, share(squares))};
}

LogicalResult fovea::onnx_frontend::importMeanVarianceNormalization(Node &node) {
  const Tensor &x = node.in(0);
  auto axes = node.axes(node.intsAttr("axes").value_or(SmallVector<int64_t>{0, 2, 3}), x.rank());
  if (!axes)
    return failure();
  auto &e = node.e;
  Dtype wide = accumulatorOf(x.dtype);
  Statistics found = statisticsOf(node, x, *axes);
  AffineMap map = mapWithout(e, x.rank(), *axes);
  node.set(0, x.dtype, x.shape,
           e.map({node.value(0), found.mean.value, found.variance.value},
                 {e.identity(x.rank()), map, map}, e.type(x.dtype), x.shape,
                 [&](B &b, ValueRange args) -> SmallVector<Value> {
                   Value value = emitCast(b, x.dtype, wide, args[0]);
                   Value apart = emitBinary(b, Binary::Sub, wide, value, args[1]);
                   Value root = emitUnary(b, Unary::Sqrt, wide, args[2]);
                   // The operator's definition adds this number.
                   Value tiny = Emitter::scalar(b, root.getType(), 1e-9);
                   Value deviation = emitBinary(b, Binary::Add, wide, root, tiny);
                   return {emitCast(b, wide, x.dtype,
                                    emitBinary(b, Binary::Div, wide, apart, deviation))};
                 }));
  return success();
}
