//===- Generators.cpp - operators that make tensors from parameters -------===//
//
// Constant, ConstantOfShape, Range, Trilu, EyeLike and OneHot.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Onnx/Operators/Operators.h"

#include <cmath>

using namespace mlir;
using namespace fovea;
using namespace fovea::onnx_frontend;

using B = ImplicitLocOpBuilder;

static Tensor constantTensor(ConstantPtr constant) {
  Tensor result;
  result.dtype = constant->dtype;
  result.shape.assign(constant->shape.begin(), constant->shape.end());
  result.constant = std::move(constant);
  return result;
}

template <typename T>
static Tensor listTensor(Node &node, Dtype dtype, ArrayRef<int64_t> shape, ArrayRef<T> values) {
  std::vector<uint8_t> bytes(values.size() * byteWidth(dtype));
  for (auto [i, value] : llvm::enumerate(values))
    if constexpr (std::is_floating_point_v<T>)
      storeNumber(dtype, bytes.data() + i * byteWidth(dtype), value);
    else
      storeInteger(dtype, bytes.data() + i * byteWidth(dtype), value);
  return constantTensor(makeConstant(dtype, shape, std::move(bytes), node.name));
}

LogicalResult fovea::onnx_frontend::importConstant(Node &node) {
  if (node.hasAttr("value")) {
    ConstantPtr value = node.tensorAttr("value");
    if (!value)
      return failure();
    auto named = std::make_shared<Constant>(*value);
    named->name = node.name;
    node.set(0, constantTensor(named));
  } else if (node.hasAttr("value_int")) {
    node.set(0, listTensor<int64_t>(node, Dtype::I64, {}, {node.intAttr("value_int", 0)}));
  } else if (node.hasAttr("value_float")) {
    node.set(0, listTensor<double>(node, Dtype::F32, {}, {node.floatAttr("value_float", 0)}));
  } else if (auto ints = node.intsAttr("value_ints")) {
    int64_t count = ints->size();
    node.set(0, listTensor<int64_t>(node, Dtype::I64, {count}, *ints));
  } else if (node.hasAttr("value_floats")) {
    auto floats = node.floatsAttr("value_floats");
    int64_t count = floats.size();
    node.set(0, listTensor<double>(node, Dtype::F32, {count}, floats));
  } else {
    return node.unsupported("no value of a supported kind");
  }
  return success();
}

LogicalResult fovea::onnx_frontend::importConstantOfShape(Node &node) {
  auto wanted = node.integers(0);
  if (!wanted)
    return failure();
  Tensor fill = listTensor<double>(node, Dtype::F32, {}, {0.0});
  if (node.hasAttr("value")) {
    ConstantPtr value = node.tensorAttr("value");
    if (!value)
      return failure();
    if (value->elements() != 1)
      return node.badShape("value must have one element");
    fill = constantTensor(value);
  }
  Sizes shape;
  for (const SizeExpr &size : *wanted) {
    if (size.constant() && *size.constant() < 0)
      return node.badShape("shape has a negative entry");
    node.e.requireAtLeast(size, 0);
    shape.push_back(size);
  }
  shape = node.importer.withDeclared(node, 0, shape);
  Tensor result = tensorOf(fill.dtype, shape, Value());
  if (!node.importer.acceptable(result))
    return node.fail("FV0203", "the result is too large");
  auto known = result.staticShape();
  if (known && *checkedElements(*known, fill.dtype) <= kMaxFolded) {
    View view{*known, 0, SmallVector<int64_t, 4>(known->size(), 0)};
    node.set(0, *foldView(fill, view, node.name));
    return success();
  }
  Dtype dtype = fill.dtype;
  Value scalar = isFloat(dtype)
                     ? node.e.scalar(dtype, fill.constant->numberAt(0))
                     : Emitter::integer(node.b, node.e.type(dtype), fill.constant->integerAt(0));
  node.set(0, dtype, shape, node.e.filled(scalar, shape));
  return success();
}

/// The only element of an input, as a scalar value.
static Value scalarOf(Node &node, unsigned input) {
  SmallVector<Value> indices(node.in(input).rank(), node.e.constantIndex(0));
  return node.e.extract(node.value(input), indices);
}

/// Number of elements of start, start + delta, ... before limit, for values that the run knows.
static SizeExpr countAtRunTime(Node &node, Dtype dtype, Value start, Value limit, Value delta) {
  auto &b = node.b;
  Value count;
  if (isFloat(dtype)) {
    auto wide = [&](Value value) { return emitCast(b, dtype, Dtype::F64, value); };
    Value distance = arith::SubFOp::create(b, wide(limit), wide(start));
    Value steps = math::CeilOp::create(b, arith::DivFOp::create(b, distance, wide(delta)));
    count = emitCast(b, Dtype::F64, Dtype::I64, steps);
  } else {
    auto wide = [&](Value value) { return emitCast(b, dtype, Dtype::I64, value); };
    Value step = wide(delta), zero = Emitter::integer(b, step.getType(), 0);
    Value one = Emitter::integer(b, step.getType(), 1);
    Value nonzero = arith::CmpIOp::create(b, arith::CmpIPredicate::ne, step, zero);
    Value shown = arith::IndexCastOp::create(b, b.getIndexType(), step);
    node.e.require(nonzero, shown, node.e.constantIndex(1), Fault::Shape);
    Value distance = arith::SubIOp::create(b, wide(limit), wide(start));
    // ceil(d / s) = -floor(-d / s).
    Value negated = arith::SubIOp::create(b, zero, distance);
    Value safe = arith::SelectOp::create(b, nonzero, step, one);
    count = arith::SubIOp::create(b, zero, arith::FloorDivSIOp::create(b, negated, safe));
  }
  Value index = arith::IndexCastOp::create(b, b.getIndexType(), count);
  return node.sizes.value(arith::MaxSIOp::create(b, index, node.e.constantIndex(0)), 0);
}

/// Number of elements when the run need not be asked; nothing otherwise.
static FailureOr<std::optional<SizeExpr>> knownCount(Node &node) {
  auto &sizes = node.sizes;
  const Tensor &start = node.in(0), &limit = node.in(1), &delta = node.in(2);
  if (isFloat(start.dtype)) {
    if (!start.constant || !limit.constant || !delta.constant)
      return std::optional<SizeExpr>();
    double steps = std::ceil((limit.constant->numberAt(0) - start.constant->numberAt(0)) /
                             delta.constant->numberAt(0));
    if (!(steps < static_cast<double>(kMaxTensorBytes)))
      return FailureOr<std::optional<SizeExpr>>(node.fail("FV0203", "the result is too large"));
    return std::optional<SizeExpr>(static_cast<int64_t>(std::max(steps, 0.0)));
  }
  auto first = node.importer.knownIntegers(start), last = node.importer.knownIntegers(limit);
  auto step = node.importer.knownIntegers(delta);
  if (!first || !last || !step || !step->front().constant())
    return std::optional<SizeExpr>();
  int64_t by = *step->front().constant();
  if (by == 0)
    return FailureOr<std::optional<SizeExpr>>(node.badShape("delta is 0"));
  SizeExpr distance = sizes.sub(last->front(), first->front());
  if (by < 0)
    distance = sizes.sub(0, distance);
  SizeExpr count = sizes.ceilDiv(sizes.max(distance, 0), by < 0 ? sizes.sub(0, by) : SizeExpr(by));
  if (sizes.overflowed)
    return FailureOr<std::optional<SizeExpr>>(node.fail("FV0203", "the result is too large"));
  return std::optional<SizeExpr>(count);
}

/// The elements of an all-constant range.
static std::optional<Tensor> foldRange(Node &node, const SizeExpr &count) {
  const Tensor &start = node.in(0), &delta = node.in(2);
  if (!count.constant() || *count.constant() > kMaxFolded || !start.constant || !delta.constant)
    return std::nullopt;
  Dtype dtype = start.dtype;
  std::vector<uint8_t> bytes(*count.constant() * byteWidth(dtype));
  for (int64_t i = 0; i < *count.constant(); ++i) {
    uint8_t *place = bytes.data() + i * byteWidth(dtype);
    if (isFloat(dtype))
      storeNumber(dtype, place, start.constant->numberAt(0) + i * delta.constant->numberAt(0));
    else
      storeInteger(dtype, place,
                   static_cast<int64_t>(static_cast<uint64_t>(start.constant->integerAt(0)) +
                                        static_cast<uint64_t>(i) *
                                            static_cast<uint64_t>(delta.constant->integerAt(0))));
  }
  return constantTensor(makeConstant(dtype, {*count.constant()}, std::move(bytes), node.name));
}

LogicalResult fovea::onnx_frontend::importRange(Node &node) {
  for (unsigned i = 0; i < 3; ++i) {
    auto shape = node.in(i).staticShape();
    if (!shape || checkedElements(*shape, Dtype::I64) != 1)
      return node.badShape("inputs must be scalars");
  }
  Dtype dtype = node.in(0).dtype;
  auto known = knownCount(node);
  if (failed(known))
    return failure();
  if (*known)
    if (auto folded = foldRange(node, **known)) {
      node.set(0, *folded);
      return success();
    }
  Value start = scalarOf(node, 0), delta = scalarOf(node, 2);
  SizeExpr count = *known ? **known : countAtRunTime(node, dtype, start, scalarOf(node, 1), delta);
  Sizes shape = node.importer.withDeclared(node, 0, {count});
  Value result =
      node.e.map({}, {}, node.e.type(dtype), shape, [&](B &b, ValueRange) -> SmallVector<Value> {
        Value index = linalg::IndexOp::create(b, 0);
        Value i = arith::IndexCastOp::create(b, b.getI64Type(), index);
        Value step = emitBinary(b, Binary::Mul, dtype, emitCast(b, Dtype::I64, dtype, i), delta);
        return {emitBinary(b, Binary::Add, dtype, start, step)};
      });
  node.set(0, dtype, shape, result);
  return success();
}

LogicalResult fovea::onnx_frontend::importTrilu(Node &node) {
  const Tensor &x = node.in(0);
  if (x.rank() < 2)
    return node.badShape("the input must have rank 2 or more");
  Value diagonal = node.e.constantIndex(0);
  if (node.has(1)) {
    auto k = node.integers(1);
    if (!k)
      return failure();
    if (k->size() != 1)
      return node.badShape("k must be a scalar");
    diagonal = node.e.index(k->front());
  }
  bool upper = node.intAttr("upper", 1) != 0;
  unsigned row = x.rank() - 2;
  Value result = node.e.map(node.value(0), node.e.identity(x.rank()), node.e.type(x.dtype), x.shape,
                            [&](B &b, ValueRange args) -> SmallVector<Value> {
                              Value i = linalg::IndexOp::create(b, row),
                                    j = linalg::IndexOp::create(b, row + 1);
                              Value distance = arith::SubIOp::create(b, j, i);
                              auto predicate =
                                  upper ? arith::CmpIPredicate::sge : arith::CmpIPredicate::sle;
                              Value keep = arith::CmpIOp::create(b, predicate, distance, diagonal);
                              Value zero = Emitter::scalar(b, args[0].getType(), 0);
                              return {arith::SelectOp::create(b, keep, args[0], zero)};
                            });
  node.set(0, x.dtype, x.shape, result);
  return success();
}

LogicalResult fovea::onnx_frontend::importEyeLike(Node &node) {
  const Tensor &x = node.in(0);
  if (x.rank() != 2)
    return node.badShape("the input must have rank 2");
  auto dtype = dtypeOf(node.intAttr("dtype", static_cast<int64_t>(x.dtype)));
  if (!dtype)
    return node.fail("FV0202", "the element type is not supported");
  int64_t k = std::clamp<int64_t>(node.intAttr("k", 0), -kMaxTensorBytes, kMaxTensorBytes);
  Value diagonal = node.e.constantIndex(k);
  Value result =
      node.e.map({}, {}, node.e.type(*dtype), x.shape, [&](B &b, ValueRange) -> SmallVector<Value> {
        Value i = linalg::IndexOp::create(b, 0);
        Value j = linalg::IndexOp::create(b, 1);
        Value on = arith::CmpIOp::create(b, arith::CmpIPredicate::eq,
                                         arith::SubIOp::create(b, j, i), diagonal);
        return {emitCast(b, Dtype::Bool, *dtype, on)};
      });
  node.set(0, *dtype, x.shape, result);
  return success();
}

LogicalResult fovea::onnx_frontend::importOneHot(Node &node) {
  Tensor indices = converted(node, node.in(0), Dtype::I64), depth = node.in(1);
  if (isFloat(depth.dtype))
    depth = converted(node, depth, Dtype::I64);
  auto axis = node.axis(node.intAttr("axis", -1), indices.rank() + 1);
  if (!axis)
    return failure();
  if (node.in(2).rank() != 1)
    return node.badShape("values must have two elements");
  if (failed(agree(node, node.in(2).shape[0], 2, "values")))
    return failure();
  SizeExpr size;
  if (auto known = node.importer.knownIntegers(depth); known && known->size() == 1) {
    size = known->front();
  } else {
    auto elements = depth.staticShape();
    if (!elements || checkedElements(*elements, Dtype::I64) != 1)
      return node.badShape("depth must be a scalar");
    SmallVector<Value> first(depth.rank(), node.e.constantIndex(0));
    Value element = node.e.extract(node.importer.materialize(depth), first);
    size = node.sizes.value(arith::IndexCastOp::create(node.b, node.b.getIndexType(), element));
  }
  if (size.constant() && *size.constant() < 0)
    return node.badShape("depth is negative");
  node.e.requireAtLeast(size, 0);
  Sizes shape = indices.shape;
  shape.insert(shape.begin() + *axis, size);
  shape = node.importer.withDeclared(node, 0, shape);
  SmallVector<AffineExpr> exprs;
  for (int64_t dim = 0; dim < static_cast<int64_t>(shape.size()); ++dim)
    if (dim != *axis)
      exprs.push_back(node.e.dim(dim));
  Value off = node.e.extract(node.value(2), node.e.constantIndex(0));
  Value on = node.e.extract(node.value(2), node.e.constantIndex(1));
  Value extent = node.e.index(shape[*axis]), zero = node.e.constantIndex(0);
  Value result =
      node.e.map(node.importer.materialize(indices), node.e.map(shape.size(), exprs), off.getType(),
                 shape, [&](B &b, ValueRange args) -> SmallVector<Value> {
                   Value index = arith::IndexCastOp::create(b, b.getIndexType(), args[0]);
                   Value negative =
                       arith::CmpIOp::create(b, arith::CmpIPredicate::slt, index, zero);
                   Value wrapped = arith::AddIOp::create(b, index, extent);
                   Value place = arith::SelectOp::create(b, negative, wrapped, index);
                   Value here = linalg::IndexOp::create(b, *axis);
                   Value hot = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, here, place);
                   return {arith::SelectOp::create(b, hot, on, off)};
                 });
  node.set(0, node.in(2).dtype, shape, result);
  return success();
}
