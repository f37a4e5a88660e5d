//===- Normalizations.cpp - normalisation operators -----------------------===//
//
// Layer, root-mean-square, batch, instance and group normalisation.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Onnx/Operators/Operators.h"

#include <cmath>

using namespace mlir;
using namespace fovea;
using namespace fovea::onnx_frontend;

using B = ImplicitLocOpBuilder;

static std::optional<double> epsilonOf(Node &node) {
  double epsilon = node.floatAttr("epsilon", 1e-5f);
  if (std::isfinite(epsilon) && epsilon >= 0)
    return epsilon;
  (void)node.fail("FV0104", "epsilon must be finite and not negative");
  return std::nullopt;
}

/// A scale or bias as a tensor of exactly `shape`; null, with a problem, when it does not
/// broadcast.
static Value parameterOf(Node &node, unsigned input, ArrayRef<SizeExpr> shape) {
  const Tensor &tensor = node.in(input);
  std::string what =
      "input " + std::to_string(input) + " does not broadcast to the normalized axes";
  Sizes common(shape);
  if (tensor.shape.size() > shape.size()) {
    (void)node.badShape(what);
    return Value();
  }
  for (auto [have, want] :
       llvm::zip_equal(tensor.shape, MutableArrayRef(common).take_back(tensor.shape.size()))) {
    if (failed(broadcastsTo(node, have, want, what)))
      return Value();
    if (have.constant() && !have.is(1))
      want = have;
  }
  Value value = refined(node, tensor, common);
  if (tensor.shape.size() == shape.size() &&
      llvm::none_of(llvm::zip_equal(tensor.shape, shape),
                    [](auto pair) { return std::get<0>(pair).is(1) && !std::get<1>(pair).is(1); }))
    return node.e.cast(value, node.e.type(tensor.dtype, shape));
  return node.e.map(value, broadcastMap(node.e, tensor.shape, common, common.size()),
                    node.e.type(tensor.dtype), shape,
                    [](B &, ValueRange args) -> SmallVector<Value> { return {args[0]}; });
}

LogicalResult fovea::onnx_frontend::importLayerNormalization(Node &node) {
  const Tensor &x = node.in(0);
  auto axis = node.axis(node.intAttr("axis", -1), x.rank());
  auto epsilon = epsilonOf(node);
  if (!axis || !epsilon)
    return failure();
  auto &e = node.e;
  ArrayRef<SizeExpr> normalized = ArrayRef(x.shape).drop_front(*axis);
  Value weight = parameterOf(node, 1, normalized);
  Value bias = weight && node.has(2) ? parameterOf(node, 2, normalized) : Value();
  if (!weight || (node.has(2) && !bias))
    return failure();
  Sizes reduced = x.shape;
  std::fill(reduced.begin() + *axis, reduced.end(), SizeExpr(1));
  auto stash = dtypeOf(node.intAttr("stash_type", 1));
  if (!stash || !isFloat(*stash))
    return node.unsupported("stash_type is not supported");
  SmallVector<Value> inits{e.empty(e.type(x.dtype), x.shape)};
  bool statistics = node.wants(1) || node.wants(2);
  for (int i = 0; i < 2 && statistics; ++i)
    inits.push_back(e.empty(e.type(*stash), reduced));
  auto op = LayerNormOp::create(node.b, TypeRange(ValueRange(inits)), node.value(0), weight, bias,
                                inits, *axis, APFloat(*epsilon));
  node.set(0, x.dtype, x.shape, op.getResult(0));
  for (unsigned i = 1; i <= 2 && statistics; ++i)
    node.set(i, *stash, reduced, op.getResult(i));
  return success();
}

LogicalResult fovea::onnx_frontend::importRMSNormalization(Node &node) {
  const Tensor &x = node.in(0);
  auto axis = node.axis(node.intAttr("axis", -1), x.rank());
  auto epsilon = epsilonOf(node);
  if (!axis || !epsilon)
    return failure();
  Value weight = parameterOf(node, 1, ArrayRef(x.shape).drop_front(*axis));
  if (!weight)
    return failure();
  Value init = node.e.empty(node.e.type(x.dtype), x.shape);
  Value result = RmsNormOp::create(node.b, init.getType(), node.value(0), weight, init, *axis,
                                   APFloat(*epsilon))
                     .getResult();
  node.set(0, x.dtype, x.shape, result);
  return success();
}

/// Checks that inputs `from` to `to` are vectors with one entry per channel.
static LogicalResult requireChannels(Node &node, unsigned from, unsigned to,
                                     const SizeExpr &channels) {
  for (unsigned i = from; i <= to; ++i) {
    if (node.in(i).rank() != 1)
      return node.badShape("input " + Twine(i) + " must have rank 1");
    if (!isFloat(node.in(i).dtype))
      return node.fail("FV0202", "input " + Twine(i) + " must be floating point");
    if (failed(agree(node, node.in(i).shape[0], channels, "channels")))
      return failure();
  }
  return success();
}

/// Sets an output to input * momentum + found * (1 - momentum).
static void setRunning(Node &node, unsigned output, unsigned input, const Tensor &found) {
  if (!node.wants(output))
    return;
  const Tensor &before = node.in(input);
  double momentum = node.floatAttr("momentum", 0.9f);
  Dtype wide = found.dtype;
  AffineMap one = node.e.identity(1);
  Value result = node.e.map(
      {node.value(input), found.value}, {one, one}, node.e.type(before.dtype), found.shape,
      [&](B &b, ValueRange args) -> SmallVector<Value> {
        Value old = emitCast(b, before.dtype, wide, args[0]);
        Value kept =
            emitBinary(b, Binary::Mul, wide, old, Emitter::scalar(b, old.getType(), momentum));
        Value fresh = emitBinary(b, Binary::Mul, wide, args[1],
                                 Emitter::scalar(b, old.getType(), 1 - momentum));
        return {emitCast(b, wide, before.dtype, emitBinary(b, Binary::Add, wide, kept, fresh))};
      });
  node.set(output, before.dtype, found.shape, result);
}

LogicalResult fovea::onnx_frontend::importBatchNormalization(Node &node) {
  const Tensor &x = node.in(0);
  auto epsilon = epsilonOf(node);
  if (!epsilon)
    return failure();
  bool training = node.intAttr("training_mode", 0) != 0;
  if (node.intAttr("spatial", 1) != 1 || node.wants(3) || (node.wants(1) && !training))
    return node.unsupported("statistics per element and saved statistics are not supported");
  if (x.rank() < 2)
    return node.badShape("the input must have rank 2 or more");
  if (failed(requireChannels(node, 1, 4, x.shape[1])))
    return failure();
  auto &e = node.e;
  Dtype wide = accumulatorOf(x.dtype);
  Sizes channel{x.shape[1]};
  Tensor mean = node.in(3), variance = node.in(4);
  if (training) {
    SmallVector<int64_t> axes{0};
    llvm::append_range(axes, llvm::seq<int64_t>(2, x.rank()));
    Statistics found = statisticsOf(node, x, axes);
    setRunning(node, 1, 3, found.mean);
    setRunning(node, 2, 4, found.variance);
    mean = found.mean, variance = found.variance;
  }
  auto cast = [&](B &b, const Tensor &tensor, Value value) {
    return emitCast(b, tensor.dtype, wide, value);
  };
  // out = x * factor + shift, with both per channel.
  AffineMap one = e.identity(1);
  Value factor = e.map({node.value(1), node.importer.materialize(variance)}, {one, one},
                       e.type(wide), channel, [&](B &b, ValueRange args) -> SmallVector<Value> {
                         Value spread = cast(b, variance, args[1]);
                         Value sum = arith::AddFOp::create(
                             b, spread, Emitter::scalar(b, spread.getType(), *epsilon));
                         Value root = math::SqrtOp::create(b, sum);
                         return {arith::DivFOp::create(b, cast(b, node.in(1), args[0]), root)};
                       });
  Value shift = e.map({node.value(2), node.importer.materialize(mean), factor}, {one, one, one},
                      e.type(wide), channel, [&](B &b, ValueRange args) -> SmallVector<Value> {
                        Value moved = arith::MulFOp::create(b, cast(b, mean, args[1]), args[2]);
                        return {arith::SubFOp::create(b, cast(b, node.in(2), args[0]), moved)};
                      });
  AffineMap perChannel = e.map(x.rank(), {e.dim(1)});
  node.set(0, x.dtype, x.shape,
           e.map({node.value(0), factor, shift}, {e.identity(x.rank()), perChannel, perChannel},
                 e.type(x.dtype), x.shape, [&](B &b, ValueRange args) -> SmallVector<Value> {
                   Value scaled =
                       arith::MulFOp::create(b, emitCast(b, x.dtype, wide, args[0]), args[1]);
                   return {emitCast(b, wide, x.dtype, arith::AddFOp::create(b, scaled, args[2]))};
                 }));
  return success();
}

/// Instance and group normalisation: a layer norm over [N, G, rest], then scale and bias.
LogicalResult fovea::onnx_frontend::importGroupedNormalization(Node &node) {
  const Tensor &x = node.in(0);
  auto epsilon = epsilonOf(node);
  if (!epsilon)
    return failure();
  bool instance = node.op() == "InstanceNormalization";
  if (x.rank() < 2)
    return node.badShape("the input must have rank 2 or more");
  SizeExpr channels = x.shape[1];
  int64_t count = node.intAttr("num_groups", 0);
  SizeExpr groups = instance ? channels : SizeExpr(count);
  if (!instance && count < 1)
    return node.fail("FV0104", "num_groups must be positive");
  SizeExpr each = instance ? SizeExpr(1) : node.sizes.floorDiv(channels, count);
  if (failed(agree(node, channels, node.sizes.mul(each, groups), "num_groups")))
    return failure();
  // Before opset 21, GroupNormalization had one scale per group.
  bool perGroup = !instance && node.opset < 21;
  if (failed(requireChannels(node, 1, 2, perGroup ? groups : channels)))
    return failure();
  auto &e = node.e;
  Dtype wide = accumulatorOf(x.dtype);
  SizeExpr rest = node.sizes.mul(each, node.sizes.product(ArrayRef(x.shape).drop_front(2)));
  Sizes grouped{x.shape[0], groups, rest};
  Tensor source = converted(node, x, wide);
  Value flat = e.reshape(node.importer.materialize(source), x.shape, grouped);
  Value ones = e.filled(e.scalar(wide, 1), {rest});
  Value init = e.empty(e.type(wide), grouped);
  Value normal = LayerNormOp::create(node.b, TypeRange(init.getType()), flat, ones, Value(), init,
                                     /*axis=*/2, APFloat(*epsilon))
                     .getResult(0);
  Sizes shape = perGroup ? grouped : x.shape;
  Value value = perGroup ? normal : e.reshape(normal, grouped, x.shape);
  AffineMap perChannel = e.map(shape.size(), {e.dim(1)});
  Value result = e.map(
      {value, node.value(1), node.value(2)}, {e.identity(shape.size()), perChannel, perChannel},
      e.type(x.dtype), shape, [&](B &b, ValueRange args) -> SmallVector<Value> {
        Value scale = emitCast(b, node.in(1).dtype, wide, args[1]);
        Value bias = emitCast(b, node.in(2).dtype, wide, args[2]);
        Value scaled = arith::MulFOp::create(b, args[0], scale);
        return {emitCast(b, wide, x.dtype, arith::AddFOp::create(b, scaled, bias))};
      });
  node.set(0, x.dtype, x.shape, e.reshape(result, shape, x.shape));
  return success();
}
