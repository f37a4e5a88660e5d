//===- Quantization.cpp - integers that stand for real numbers ------------===//
//
// QuantizeLinear, DequantizeLinear and DynamicQuantizeLinear, with scales per tensor, per axis or
// per block.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Onnx/Operators/Operators.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::onnx_frontend;

using B = ImplicitLocOpBuilder;

namespace {
/// A scale or zero point and its map from the input's dimensions.
struct Parameter {
  Value value;
  AffineMap map;
};
} // namespace

/// A parameter per tensor, axis or block; nothing, with a problem, when its shape does not fit.
static std::optional<Parameter> readParameter(Node &node, unsigned input) {
  const Tensor &x = node.in(0), &parameter = node.in(input);
  auto &e = node.e;
  if (parameter.rank() == 0)
    return Parameter{node.value(input), e.map(x.rank(), {})};
  if (parameter.rank() == 1 && parameter.shape[0].is(1))
    return Parameter{node.value(input), e.map(x.rank(), {e.constantExpr(0)})};
  auto axis = node.axis(node.intAttr("axis", 1), x.rank());
  if (!axis)
    return std::nullopt;
  if (parameter.rank() == 1) {
    // One position in the run is a parameter per tensor.
    if (failed(broadcastsTo(node, parameter.shape[0], x.shape[*axis], "scales of an axis")))
      return std::nullopt;
    return Parameter{refined(node, parameter, x.shape[*axis]), e.map(x.rank(), {e.dim(*axis)})};
  }
  int64_t block = node.intAttr("block_size", 0);
  if (parameter.rank() != x.rank() || block < 1) {
    (void)node.badShape("input " + Twine(input) + " is neither a scalar, a vector nor in blocks");
    return std::nullopt;
  }
  SmallVector<AffineExpr> exprs;
  for (auto [dim, size] : llvm::enumerate(parameter.shape)) {
    bool blocked = static_cast<int64_t>(dim) == *axis;
    SizeExpr want = blocked ? node.sizes.ceilDiv(x.shape[dim], block) : x.shape[dim];
    if (failed(agree(node, size, want, "scales of blocks")))
      return std::nullopt;
    exprs.push_back(blocked ? e.dim(dim).floorDiv(block) : e.dim(dim));
  }
  return Parameter{node.value(input), e.map(x.rank(), exprs)};
}

/// body(x, scale, zero point) over the input; the zero point is null when there is none.
static std::optional<Value> overInput(Node &node, Dtype result,
                                      function_ref<Value(B &, Value, Value, Value)> body) {
  const Tensor &x = node.in(0);
  auto &e = node.e;
  SmallVector<Value> operands{node.value(0)};
  SmallVector<AffineMap> maps{e.identity(x.rank())};
  for (unsigned input = 1; input < std::min(3u, node.inputCount()); ++input) {
    auto parameter = readParameter(node, input);
    if (!parameter)
      return std::nullopt;
    operands.push_back(parameter->value);
    maps.push_back(parameter->map);
  }
  return e.map(operands, maps, e.type(result), x.shape,
               [&](B &b, ValueRange args) -> SmallVector<Value> {
                 return {body(b, args[0], args[1], args.size() > 2 ? args[2] : Value())};
               });
}

/// An element in f32.
static Value wide(B &b, Dtype from, Value value) { return emitCast(b, from, Dtype::F32, value); }

/// value rounded to even, plus the zero point, as the nearest integer of the type.
static Value quantized(B &b, Value value, Value zero, Dtype to) {
  Value rounded = math::RoundEvenOp::create(b, value);
  if (zero)
    rounded = arith::AddFOp::create(b, rounded, zero);
  return emitCast(b, Dtype::F32, to, rounded);
}

LogicalResult fovea::onnx_frontend::importQuantizeLinear(Node &node) {
  const Tensor &x = node.in(0);
  Dtype scaleType = node.in(1).dtype;
  auto to = node.has(2) ? std::optional(node.in(2).dtype)
                        : dtypeOf(node.intAttr("output_dtype", static_cast<int>(Dtype::U8)));
  if (to == Dtype::None)
    to = Dtype::U8;
  if (!to || !isInteger(*to) || byteWidth(*to) > 2)
    return node.fail("FV0202", "only 8 and 16 bit integers are supported");
  if (!isFloat(scaleType) || (node.has(2) && node.in(2).dtype != *to))
    return node.fail("FV0202", "the types of scale and zero point do not fit");
  auto result = overInput(node, *to, [&](B &b, Value value, Value scale, Value zero) {
    Value quotient = arith::DivFOp::create(b, wide(b, x.dtype, value), wide(b, scaleType, scale));
    return quantized(b, quotient, zero ? wide(b, *to, zero) : Value(), *to);
  });
  if (!result)
    return failure();
  node.set(0, *to, x.shape, *result);
  return success();
}

LogicalResult fovea::onnx_frontend::importDequantizeLinear(Node &node) {
  const Tensor &x = node.in(0);
  Dtype scaleType = node.in(1).dtype;
  int64_t given = node.intAttr("output_dtype", 0);
  auto to = given ? dtypeOf(given) : std::optional(scaleType);
  if (!to || !isFloat(*to) || !isFloat(scaleType) || (node.has(2) && node.in(2).dtype != x.dtype))
    return node.fail("FV0202", "the types of scale, zero point and result do not fit");
  auto result = overInput(node, *to, [&](B &b, Value value, Value scale, Value zero) {
    // The difference in integers: f32 does not hold all of int32.
    Value whole = emitCast(b, x.dtype, Dtype::I64, value);
    if (zero)
      whole = arith::SubIOp::create(b, whole, emitCast(b, x.dtype, Dtype::I64, zero));
    Value real = emitCast(b, Dtype::I64, Dtype::F32, whole);
    Value product = arith::MulFOp::create(b, real, wide(b, scaleType, scale));
    return emitCast(b, Dtype::F32, *to, product);
  });
  if (!result)
    return failure();
  node.set(0, *to, x.shape, *result);
  return success();
}

LogicalResult fovea::onnx_frontend::importDynamicQuantizeLinear(Node &node) {
  const Tensor &x = node.in(0);
  auto &e = node.e;
  if (x.dtype != Dtype::F32)
    return node.fail("FV0202", "element type " + nameOf(x.dtype) + " is not supported");
  auto all = llvm::to_vector(llvm::seq<int64_t>(0, x.rank()));
  Value most = reduce(node, node.value(0), x.dtype, x.shape, all, Binary::Max, x.dtype);
  Value least = reduce(node, node.value(0), x.dtype, x.shape, all, Binary::Min, x.dtype);
  AffineMap none = e.identity(0);
  auto real = [&](B &b, double value) { return Emitter::scalar(b, b.getF32Type(), value); };
  auto low = [&](B &b, Value value) -> Value {
    return arith::MinimumFOp::create(b, value, real(b, 0));
  };
  Value scale = e.map({most, least}, {none, none}, e.type(Dtype::F32), {},
                      [&](B &b, ValueRange args) -> SmallVector<Value> {
                        Value high = arith::MaximumFOp::create(b, args[0], real(b, 0));
                        Value range = arith::SubFOp::create(b, high, low(b, args[1]));
                        return {arith::DivFOp::create(b, range, real(b, 255))};
                      });
  Value zero = e.map({least, scale}, {none, none}, e.type(Dtype::U8), {},
                     [&](B &b, ValueRange args) -> SmallVector<Value> {
                       Value quotient = arith::DivFOp::create(b, low(b, args[0]), args[1]);
                       Value negative = arith::NegFOp::create(b, quotient);
                       return {quantized(b, negative, Value(), Dtype::U8)};
                     });
  AffineMap scalar = e.map(x.rank(), {});
  Value result =
      e.map({node.value(0), scale, zero}, {e.identity(x.rank()), scalar, scalar}, e.type(Dtype::U8),
            x.shape, [&](B &b, ValueRange args) -> SmallVector<Value> {
              Value quotient = arith::DivFOp::create(b, args[0], args[1]);
              return {quantized(b, quotient, wide(b, Dtype::U8, args[2]), Dtype::U8)};
            });
  node.set(0, Dtype::U8, x.shape, result);
  node.set(1, Dtype::F32, {}, scale);
  node.set(2, Dtype::U8, {}, zero);
  return success();
}
