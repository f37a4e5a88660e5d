//===- Elementwise.cpp - elementwise operators ----------------------------===//
//
// Operators that compute each element of the result from one element of every input.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Onnx/Operators/Operators.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::onnx_frontend;

using B = ImplicitLocOpBuilder;

// clang-format off
static Unary unaryOf(StringRef op) {
  return llvm::StringSwitch<Unary>(op)
      .Case("Abs", Unary::Abs).Case("Acos", Unary::Acos).Case("Acosh", Unary::Acosh)
      .Case("Asin", Unary::Asin).Case("Asinh", Unary::Asinh).Case("Atan", Unary::Atan)
      .Case("Atanh", Unary::Atanh).Case("BitwiseNot", Unary::BitwiseNot).Case("Ceil", Unary::Ceil)
      .Case("Celu", Unary::Celu).Case("Cos", Unary::Cos).Case("Cosh", Unary::Cosh)
      .Case("Elu", Unary::Elu).Case("Erf", Unary::Erf).Case("Exp", Unary::Exp)
      .Case("Floor", Unary::Floor).Case("Gelu", Unary::Gelu)
      .Case("HardSigmoid", Unary::HardSigmoid).Case("HardSwish", Unary::HardSwish)
      .Case("IsInf", Unary::IsInf).Case("IsNaN", Unary::IsNaN)
      .Case("LeakyRelu", Unary::LeakyRelu).Case("Log", Unary::Log).Case("Mish", Unary::Mish)
      .Case("Neg", Unary::Neg).Case("Not", Unary::Not).Case("Reciprocal", Unary::Reciprocal)
      .Case("Relu", Unary::Relu).Case("Round", Unary::Round).Case("Selu", Unary::Selu)
      .Case("Shrink", Unary::Shrink).Case("Sigmoid", Unary::Sigmoid).Case("Sign", Unary::Sign)
      .Case("Sin", Unary::Sin).Case("Sinh", Unary::Sinh).Case("Softplus", Unary::Softplus)
      .Case("Softsign", Unary::Softsign).Case("Sqrt", Unary::Sqrt).Case("Swish", Unary::Swish)
      .Case("Tan", Unary::Tan).Case("Tanh", Unary::Tanh)
      .Case("ThresholdedRelu", Unary::ThresholdedRelu)
      .Default(Unary::Identity);
}
// clang-format on

/// The operator's parameters, with the defaults of its definition.
static std::pair<double, double> parametersOf(Node &node, Unary function) {
  switch (function) {
  case Unary::Celu:
  case Unary::Elu:
  case Unary::Swish:
  case Unary::ThresholdedRelu:
    return {node.floatAttr("alpha", 1), 0};
  case Unary::LeakyRelu:
    return {node.floatAttr("alpha", 0.01f), 0};
  case Unary::HardSigmoid:
    return {node.floatAttr("alpha", 0.2f), node.floatAttr("beta", 0.5)};
  case Unary::Selu:
    return {node.floatAttr("alpha", 1.67326319217681884765625f),
            node.floatAttr("gamma", 1.05070102214813232421875f)};
  case Unary::Shrink:
    return {node.floatAttr("bias", 0), node.floatAttr("lambd", 0.5)};
  case Unary::IsInf:
    return {node.intAttr("detect_negative", 1), node.intAttr("detect_positive", 1)};
  default:
    return {0, 0};
  }
}

LogicalResult fovea::onnx_frontend::importUnary(Node &node) {
  Unary function = unaryOf(node.op());
  if (function == Unary::Gelu) {
    std::string form = node.stringAttr("approximate", "none");
    if (form != "none" && form != "tanh")
      return node.unsupported("approximate = '" + form + "' is not supported");
    function = form == "tanh" ? Unary::GeluTanh : Unary::Gelu;
  }
  auto [alpha, beta] = parametersOf(node, function);
  const Tensor &x = node.in(0);
  Dtype result = function == Unary::IsNaN || function == Unary::IsInf ? Dtype::Bool : x.dtype;
  if (auto folded = foldUnary(node, function, result)) {
    node.set(0, *folded);
    return success();
  }
  double a = alpha, c = beta;
  node.set(0, result, x.shape, elementwise(node, {&x}, x.shape, result, [&](B &b, ValueRange args) {
             return emitUnary(b, function, x.dtype, args.front(), a, c);
           }));
  return success();
}

static Binary binaryOf(Node &node) {
  if (node.op() == "Mod")
    return node.intAttr("fmod", 0) ? Binary::FMod : Binary::Mod;
  return llvm::StringSwitch<Binary>(node.op())
      .Case("Sub", Binary::Sub)
      .Case("Mul", Binary::Mul)
      .Case("Div", Binary::Div)
      .Cases({"And", "BitwiseAnd"}, Binary::And)
      .Cases({"Or", "BitwiseOr"}, Binary::Or)
      .Cases({"Xor", "BitwiseXor"}, Binary::Xor)
      .Case("Equal", Binary::Equal)
      .Case("Less", Binary::Less)
      .Case("LessOrEqual", Binary::LessOrEqual)
      .Case("Greater", Binary::Greater)
      .Case("GreaterOrEqual", Binary::GreaterOrEqual)
      .Case("Min", Binary::Min)
      .Case("Max", Binary::Max)
      .Default(Binary::Add);
}

/// One of two operands' results; nothing, with a problem, when they do not broadcast.
static std::optional<Tensor> combine(Node &node, Binary function, const Tensor &x,
                                     const Tensor &y) {
  auto shape = broadcastShapes(node, {&x, &y});
  if (!shape)
    return std::nullopt;
  if (auto folded = foldBinary(node, function, x, y))
    return folded;
  Dtype result = isComparison(function) ? Dtype::Bool : x.dtype;
  return tensorOf(result, *shape,
                  elementwise(node, {&x, &y}, *shape, result, [&](B &b, ValueRange args) {
                    return emitBinary(b, function, x.dtype, args[0], args[1]);
                  }));
}

LogicalResult fovea::onnx_frontend::importBinary(Node &node) {
  Binary function = binaryOf(node);
  auto result = combine(node, function, node.in(0), node.in(1));
  if (!result)
    return failure();
  node.set(0, *result);
  return success();
}

LogicalResult fovea::onnx_frontend::importVariadic(Node &node) {
  Tensor result = node.in(0);
  for (unsigned i = 1; i < node.inputCount(); ++i) {
    if (!node.has(i))
      return node.fail("FV0104", "input " + Twine(i) + " is missing");
    auto next = combine(node, binaryOf(node), result, node.in(i));
    if (!next)
      return failure();
    result = *next;
  }
  if (node.op() == "Mean" && node.inputCount() > 1) {
    std::vector<uint8_t> bytes(byteWidth(result.dtype));
    storeNumber(result.dtype, bytes.data(), node.inputCount());
    Tensor count;
    count.dtype = result.dtype;
    count.constant = makeConstant(result.dtype, {}, std::move(bytes), "count");
    result = *combine(node, Binary::Div, result, count);
  }
  node.set(0, result);
  return success();
}

LogicalResult fovea::onnx_frontend::importWhere(Node &node) {
  const Tensor &condition = node.in(0), &x = node.in(1), &y = node.in(2);
  if (x.dtype != y.dtype)
    return node.fail("FV0202", "inputs 1 and 2 must have one element type");
  auto shape = broadcastShapes(node, {&condition, &x, &y});
  if (!shape)
    return failure();
  if (auto folded = foldWhere(node)) {
    node.set(0, *folded);
    return success();
  }
  node.set(
      0, x.dtype, *shape,
      elementwise(node, {&condition, &x, &y}, *shape, x.dtype, [](B &b, ValueRange args) -> Value {
        return arith::SelectOp::create(b, args[0], args[1], args[2]);
      }));
  return success();
}

LogicalResult fovea::onnx_frontend::importCast(Node &node) {
  int64_t number =
      node.op() == "CastLike" ? static_cast<int64_t>(node.in(1).dtype) : node.intAttr("to", 0);
  auto to = dtypeOf(number);
  if (!to)
    return node.fail("FV0202", "element type " + onnxTypeName(number) + " is not supported");
  node.set(0, converted(node, node.in(0), *to));
  return success();
}

/// A bound of Clip from an attribute, as a constant of the input's type.
static Tensor scalarConstant(Dtype dtype, double value) {
  std::vector<uint8_t> bytes(byteWidth(dtype));
  storeNumber(dtype, bytes.data(), value);
  Tensor result;
  result.dtype = dtype;
  result.constant = makeConstant(dtype, {}, std::move(bytes), "bound");
  return result;
}

LogicalResult fovea::onnx_frontend::importClip(Node &node) {
  const Tensor &x = node.in(0);
  std::optional<Tensor> low, high;
  if (node.opset < 11) {
    if (node.hasAttr("min"))
      low = scalarConstant(x.dtype, node.floatAttr("min", 0));
    if (node.hasAttr("max"))
      high = scalarConstant(x.dtype, node.floatAttr("max", 0));
  } else {
    if (node.has(1))
      low = node.in(1);
    if (node.has(2))
      high = node.in(2);
  }
  Tensor result = x;
  for (auto [bound, function] : {std::pair(&low, Binary::Max), std::pair(&high, Binary::Min)}) {
    if (!*bound)
      continue;
    auto elements = (*bound)->staticShape();
    if (!elements || llvm::any_of(*elements, [](int64_t extent) { return extent != 1; }))
      return node.badShape("bounds must be scalars");
    (*bound)->shape.clear();
    if (auto folded = (*bound)->isFoldable() ? foldReshape(**bound, {}, node.name) : std::nullopt)
      **bound = *folded;
    else
      (*bound)->value = node.e.reshape((*bound)->value, Sizes(elements->size(), SizeExpr(1)), {});
    result = *combine(node, function, result, **bound);
  }
  node.set(0, result);
  return success();
}

/// The only element when it is a constant.
static std::optional<double> constantScalar(const Tensor &tensor) {
  if (!tensor.constant || tensor.constant->elements() != 1)
    return std::nullopt;
  return tensor.constant->numberAt(0);
}

/// The exponents that occur in models need no power function.
static Value cheapPower(B &b, Dtype dtype, Value x, double exponent) {
  if (exponent == 1)
    return x;
  if (exponent == 2)
    return emitBinary(b, Binary::Mul, dtype, x, x);
  if (exponent == 3)
    return emitBinary(b, Binary::Mul, dtype, x, emitBinary(b, Binary::Mul, dtype, x, x));
  if (exponent == 0.5 && isFloat(dtype))
    return emitUnary(b, Unary::Sqrt, dtype, x);
  return Value();
}

LogicalResult fovea::onnx_frontend::importPow(Node &node) {
  const Tensor &x = node.in(0), &y = node.in(1);
  if (y.dtype == Dtype::Bool)
    return node.fail("FV0202", "input 1 has element type bool, which is not supported");
  auto shape = broadcastShapes(node, {&x, &y});
  if (!shape)
    return failure();
  if (isFloat(x.dtype))
    if (auto cast = foldCast(node, y, x.dtype))
      if (auto folded = foldBinary(node, Binary::Pow, x, *cast)) {
        node.set(0, *folded);
        return success();
      }
  auto exponent = constantScalar(y);
  Value result = elementwise(node, {&x, &y}, *shape, x.dtype, [&](B &b, ValueRange args) -> Value {
    if (exponent)
      if (Value power = cheapPower(b, x.dtype, args[0], *exponent))
        return power;
    // Integers to a real power are taken in double precision.
    Dtype wide = !isFloat(x.dtype) && isFloat(y.dtype) ? Dtype::F64 : x.dtype;
    Value power = emitBinary(b, Binary::Pow, wide, emitCast(b, x.dtype, wide, args[0]),
                             emitCast(b, y.dtype, wide, args[1]));
    return emitCast(b, wide, x.dtype, power);
  });
  node.set(0, x.dtype, *shape, result);
  return success();
}

LogicalResult fovea::onnx_frontend::importIdentity(Node &node) {
  if (node.op() == "Dropout" && node.has(2)) {
    auto training = node.constants(2);
    if (!training)
      return failure();
    if (training->size() != 1 || training->front() != 0)
      return node.unsupported("training mode is not supported");
  }
  node.set(0, node.in(0));
  if (node.op() == "Dropout" && node.wants(1)) {
    Dtype dtype = node.opset < 10 ? node.in(0).dtype : Dtype::Bool;
    node.set(1, dtype, node.in(0).shape, node.e.filled(node.e.scalar(dtype, 1), node.in(0).shape));
  }
  return success();
}

LogicalResult fovea::onnx_frontend::importPRelu(Node &node) {
  const Tensor &x = node.in(0), &slope = node.in(1);
  auto shape = broadcastShapes(node, {&x, &slope});
  if (!shape)
    return failure();
  node.set(0, x.dtype, *shape,
           elementwise(node, {&x, &slope}, *shape, x.dtype, [&](B &b, ValueRange args) -> Value {
             Value zero = Emitter::scalar(b, args[0].getType(), 0);
             Value negative = emitBinary(b, Binary::Less, x.dtype, args[0], zero);
             Value scaled = emitBinary(b, Binary::Mul, x.dtype, args[0], args[1]);
             return arith::SelectOp::create(b, negative, scaled, args[0]);
           }));
  return success();
}

LogicalResult fovea::onnx_frontend::importSwiGlu(Node &node) {
  const Tensor &gate = node.in(0), &x = node.in(1);
  if (gate.rank() != x.rank())
    return node.badShape("inputs differ in rank");
  for (auto [have, want] : llvm::zip_equal(x.shape, gate.shape))
    if (failed(agree(node, have, want, "inputs")))
      return failure();
  double alpha = node.floatAttr("alpha", 1);
  Dtype wide = accumulatorOf(x.dtype);
  node.set(0, x.dtype, x.shape,
           elementwise(node, {&gate, &x}, x.shape, x.dtype, [&](B &b, ValueRange args) -> Value {
             Value open = emitUnary(b, Unary::Swish, wide, emitWiden(b, args[0]), alpha);
             Value product = emitBinary(b, Binary::Mul, wide, open, emitWiden(b, args[1]));
             return emitNarrow(b, args[0].getType(), product);
           }));
  return success();
}
