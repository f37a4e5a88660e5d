//===- Reductions.cpp - operators that fold axes --------------------------===//
//
// The Reduce family, ArgMax and ArgMin, Softmax and LogSoftmax, CumSum and CumProd.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Onnx/Operators/Operators.h"

#include "llvm/ADT/StringSwitch.h"

#include <limits>

using namespace mlir;
using namespace fovea;
using namespace fovea::onnx_frontend;

using B = ImplicitLocOpBuilder;

Dtype fovea::onnx_frontend::accumulatorOf(Dtype dtype) {
  return isHalf(dtype) ? Dtype::F32 : dtype;
}

Sizes fovea::onnx_frontend::withoutAxes(ArrayRef<SizeExpr> shape, ArrayRef<int64_t> axes,
                                        bool keep) {
  Sizes result;
  for (auto [dim, size] : llvm::enumerate(shape)) {
    if (!llvm::is_contained(axes, static_cast<int64_t>(dim)))
      result.push_back(size);
    else if (keep)
      result.push_back(1);
  }
  return result;
}

Value fovea::onnx_frontend::sizeAs(Node &node, const SizeExpr &size, Dtype dtype) {
  if (size.constant() && isFloat(dtype))
    return node.e.scalar(dtype, static_cast<double>(*size.constant()));
  Value whole = arith::IndexCastOp::create(node.b, node.b.getI64Type(), node.e.index(size));
  return emitCast(node.b, Dtype::I64, dtype, whole);
}

/// The value that does not change a fold.
static Value neutral(Node &node, Binary function, Dtype dtype) {
  double infinity = std::numeric_limits<double>::infinity();
  Type type = node.e.type(dtype);
  unsigned bits = type.getIntOrFloatBitWidth();
  bool bare = isUnsigned(dtype) || dtype == Dtype::Bool;
  switch (function) {
  case Binary::Mul:
    return node.e.scalar(dtype, 1);
  case Binary::Max:
    if (isFloat(dtype))
      return node.e.scalar(dtype, -infinity);
    return arith::ConstantOp::create(
        node.b, node.b.getIntegerAttr(type, bare ? APInt::getMinValue(bits)
                                                 : APInt::getSignedMinValue(bits)));
  case Binary::Min:
    if (isFloat(dtype))
      return node.e.scalar(dtype, infinity);
    return arith::ConstantOp::create(
        node.b, node.b.getIntegerAttr(type, bare ? APInt::getMaxValue(bits)
                                                 : APInt::getSignedMaxValue(bits)));
  default:
    return node.e.scalar(dtype, 0);
  }
}

AffineMap fovea::onnx_frontend::mapWithout(Emitter &e, unsigned rank, ArrayRef<int64_t> axes) {
  SmallVector<AffineExpr> exprs;
  for (unsigned dim = 0; dim < rank; ++dim)
    if (!llvm::is_contained(axes, dim))
      exprs.push_back(e.dim(dim));
  return e.map(rank, exprs);
}

Value fovea::onnx_frontend::reduce(Node &node, Value source, Dtype dtype, ArrayRef<SizeExpr> shape,
                                   ArrayRef<int64_t> axes, Binary function, Dtype accum,
                                   ScalarBody prepare) {
  auto &e = node.e;
  Value init = e.filled(neutral(node, function, accum), withoutAxes(shape, axes, false));
  return e
      .generic(source, init, {e.identity(shape.size()), mapWithout(e, shape.size(), axes)},
               [&](B &b, ValueRange args) -> SmallVector<Value> {
                 Value element = emitCast(b, dtype, accum, args[0]);
                 if (prepare)
                   element = prepare(b, element);
                 return {emitBinary(b, function, accum, args[1], element)};
               })
      .front();
}

/// Axes from the attribute or input 1; all of them when none are given.
static std::optional<SmallVector<int64_t>> reducedAxes(Node &node, bool &none) {
  int64_t rank = node.in(0).rank();
  bool fromInput = node.opset >= (node.op() == "ReduceSum" ? 13 : 18);
  std::optional<SmallVector<int64_t>> given = SmallVector<int64_t>();
  if (fromInput && node.has(1))
    given = node.constants(1);
  else if (!fromInput)
    given = node.intsAttr("axes").value_or(SmallVector<int64_t>());
  if (!given)
    return std::nullopt;
  none = given->empty() && node.intAttr("noop_with_empty_axes", 0) != 0;
  if (given->empty() && !none)
    return llvm::to_vector(llvm::seq<int64_t>(0, rank));
  return node.axes(*given, rank);
}

namespace {
/// What happens before and after the fold.
enum class Around { None, Mean, Abs, Root, Square, Log, LogExp };
} // namespace

static std::pair<Binary, Around> reductionOf(StringRef op) {
  using Kind = std::pair<Binary, Around>;
  return llvm::StringSwitch<Kind>(op)
      .Case("ReduceMean", {Binary::Add, Around::Mean})
      .Case("ReduceMax", {Binary::Max, Around::None})
      .Case("ReduceMin", {Binary::Min, Around::None})
      .Case("ReduceProd", {Binary::Mul, Around::None})
      .Case("ReduceL1", {Binary::Add, Around::Abs})
      .Case("ReduceL2", {Binary::Add, Around::Root})
      .Case("ReduceSumSquare", {Binary::Add, Around::Square})
      .Case("ReduceLogSum", {Binary::Add, Around::Log})
      .Case("ReduceLogSumExp", {Binary::Add, Around::LogExp})
      .Default({Binary::Add, Around::None});
}

/// A fold of all elements that are known (products of shapes).
static std::optional<Tensor> foldReduction(Node &node, ArrayRef<int64_t> axes, Binary function,
                                           ArrayRef<int64_t> shape) {
  const Tensor &x = node.in(0);
  if (!x.isFoldable() || static_cast<int64_t>(axes.size()) != x.rank())
    return std::nullopt;
  auto count = checkedElements(*x.staticShape(), x.dtype);
  if (!count || *count < 1 || *count > kMaxIntegers)
    return std::nullopt;
  std::optional<Tensor> result = foldPick({&x}, {0}, {}, node.name);
  for (int64_t i = 1; i < *count && result; ++i) {
    auto next = foldPick({&x}, {i}, {}, node.name);
    result = next ? foldBinary(node, function, *result, *next) : std::nullopt;
  }
  return result ? foldReshape(*result, shape, node.name) : std::nullopt;
}

/// log(sum(exp(x))), shifted by the maximum.
static Value logSumExp(Node &node, ArrayRef<int64_t> axes, Dtype accum) {
  const Tensor &x = node.in(0);
  auto &e = node.e;
  Sizes kept = withoutAxes(x.shape, axes, false);
  Value most = reduce(node, node.value(0), x.dtype, x.shape, axes, Binary::Max, accum);
  // An infinite maximum shifts by 0, so that inf - inf does not occur.
  most = e.map(most, e.identity(kept.size()), e.type(accum), kept,
               [&](B &b, ValueRange args) -> SmallVector<Value> {
                 Value inf =
                     Emitter::scalar(b, args[0].getType(), std::numeric_limits<double>::infinity());
                 Value size = math::AbsFOp::create(b, args[0]);
                 Value endless = arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, size, inf);
                 Value zero = Emitter::scalar(b, args[0].getType(), 0);
                 return {arith::SelectOp::create(b, endless, zero, args[0])};
               });
  AffineMap map = mapWithout(e, x.rank(), axes);
  Value zeros = e.filled(e.scalar(accum, 0), kept);
  Value sum = e.generic({node.value(0), most}, zeros, {e.identity(x.rank()), map, map},
                        [&](B &b, ValueRange args) -> SmallVector<Value> {
                          Value element = emitCast(b, x.dtype, accum, args[0]);
                          Value shifted = arith::SubFOp::create(b, element, args[1]);
                          Value power = math::ExpOp::create(b, shifted);
                          return {arith::AddFOp::create(b, args[2], power)};
                        })
                  .front();
  AffineMap same = e.identity(kept.size());
  return e.map({sum, most}, {same, same}, e.type(x.dtype), kept,
               [&](B &b, ValueRange args) -> SmallVector<Value> {
                 Value log = math::LogOp::create(b, args[0]);
                 return {emitCast(b, accum, x.dtype, arith::AddFOp::create(b, log, args[1]))};
               });
}

static Value finished(Node &node, Value folded, ArrayRef<int64_t> axes, Around around,
                      Dtype accum) {
  const Tensor &x = node.in(0);
  bool after = around == Around::Mean || around == Around::Root || around == Around::Log;
  if (!after && accum == x.dtype)
    return folded;
  Value count;
  if (around == Around::Mean) {
    SizeExpr product = 1;
    for (int64_t axis : axes)
      product = node.sizes.mul(product, x.shape[axis]);
    count = sizeAs(node, product, accum);
  }
  Sizes kept = withoutAxes(x.shape, axes, false);
  return node.e.map(folded, node.e.identity(kept.size()), node.e.type(x.dtype), kept,
                    [&](B &b, ValueRange args) -> SmallVector<Value> {
                      Value value = args[0];
                      if (around == Around::Mean)
                        value = emitBinary(b, Binary::Div, accum, value, count);
                      if (around == Around::Root)
                        value = emitUnary(b, Unary::Sqrt, accum, value);
                      if (around == Around::Log)
                        value = emitUnary(b, Unary::Log, accum, value);
                      return {emitCast(b, accum, x.dtype, value)};
                    });
}

LogicalResult fovea::onnx_frontend::importReduce(Node &node) {
  const Tensor &x = node.in(0);
  bool none = false, keep = node.intAttr("keepdims", 1) != 0;
  auto axes = reducedAxes(node, none);
  if (!axes)
    return failure();
  auto [function, around] = reductionOf(node.op());
  bool real = around == Around::Root || around == Around::Log || around == Around::LogExp;
  if (real && !isFloat(x.dtype))
    return node.fail("FV0202", "element type " + nameOf(x.dtype) + " is not supported");
  if (none && (around == Around::None || around == Around::Mean)) {
    node.set(0, x);
    return success();
  }
  Sizes shape = withoutAxes(x.shape, *axes, keep);
  auto known = tensorOf(x.dtype, shape, Value()).staticShape();
  if (around == Around::None && known)
    if (auto folded = foldReduction(node, *axes, function, *known)) {
      node.set(0, *folded);
      return success();
    }
  Dtype accum = accumulatorOf(x.dtype);
  Value result;
  if (around == Around::LogExp) {
    result = logSumExp(node, *axes, accum);
  } else {
    auto prepare = [&](B &b, ValueRange args) -> Value {
      if (around == Around::Abs)
        return emitUnary(b, Unary::Abs, accum, args[0]);
      return emitBinary(b, Binary::Mul, accum, args[0], args[0]);
    };
    bool prepared = around == Around::Abs || around == Around::Root || around == Around::Square;
    Value folded =
        prepared ? reduce(node, node.value(0), x.dtype, x.shape, *axes, function, accum, prepare)
                 : reduce(node, node.value(0), x.dtype, x.shape, *axes, function, accum);
    result = finished(node, folded, *axes, around, accum);
  }
  node.set(0, x.dtype, shape, node.e.reshape(result, withoutAxes(x.shape, *axes, false), shape));
  return success();
}

/// Position of the largest or least element along an axis, as i64 without that axis.
static Value findExtreme(Node &node, Value source, Dtype dtype, ArrayRef<SizeExpr> shape,
                         int64_t axis, bool most, bool last) {
  auto &e = node.e;
  Sizes kept = withoutAxes(shape, {axis}, false);
  Value best = e.filled(neutral(node, most ? Binary::Max : Binary::Min, dtype), kept);
  Value place = e.filled(Emitter::integer(node.b, node.b.getI64Type(), 0), kept);
  AffineMap map = mapWithout(e, shape.size(), {axis});
  return e
      .generic(source, {best, place}, {e.identity(shape.size()), map, map},
               [&](B &b, ValueRange args) -> SmallVector<Value> {
                 Binary test = most ? (last ? Binary::GreaterOrEqual : Binary::Greater)
                                    : (last ? Binary::LessOrEqual : Binary::Less);
                 Value better = emitBinary(b, test, dtype, args[0], args[1]);
                 if (isFloat(dtype)) {
                   // The first NaN wins, as in the reference.
                   Value odd = emitUnary(b, Unary::IsNaN, dtype, args[0]);
                   Value before = emitUnary(b, Unary::IsNaN, dtype, args[1]);
                   Value fresh =
                       arith::XOrIOp::create(b, before, Emitter::integer(b, b.getI1Type(), 1));
                   better = arith::OrIOp::create(b, better, arith::AndIOp::create(b, odd, fresh));
                 }
                 Value index = linalg::IndexOp::create(b, axis);
                 Value here = arith::IndexCastOp::create(b, b.getI64Type(), index);
                 return {arith::SelectOp::create(b, better, args[0], args[1]),
                         arith::SelectOp::create(b, better, here, args[2])};
               })
      .back();
}

LogicalResult fovea::onnx_frontend::importArgExtreme(Node &node) {
  const Tensor &x = node.in(0);
  auto axis = node.axis(node.intAttr("axis", 0), x.rank());
  if (!axis)
    return failure();
  bool keep = node.intAttr("keepdims", 1) != 0, last = node.intAttr("select_last_index", 0) != 0;
  Value result =
      findExtreme(node, node.value(0), x.dtype, x.shape, *axis, node.op() == "ArgMax", last);
  Sizes kept = withoutAxes(x.shape, {*axis}, false), shape = withoutAxes(x.shape, {*axis}, keep);
  node.set(0, Dtype::I64, shape, node.e.reshape(result, kept, shape));
  return success();
}

LogicalResult fovea::onnx_frontend::importHardmax(Node &node) {
  const Tensor &x = node.in(0);
  auto &e = node.e;
  bool coerced = node.opset < 13;
  auto axis = node.axis(node.intAttr("axis", coerced ? 1 : -1), x.rank());
  if (!axis)
    return failure();
  Sizes shape = x.shape;
  Value source = node.value(0);
  if (coerced) {
    ArrayRef<SizeExpr> all(x.shape);
    shape = {node.sizes.product(all.take_front(*axis)), node.sizes.product(all.drop_front(*axis))};
    source = e.reshape(source, x.shape, shape);
    axis = 1;
  }
  Value best = findExtreme(node, source, x.dtype, shape, *axis, /*most=*/true, /*last=*/false);
  Value result = e.map(best, mapWithout(e, shape.size(), {*axis}), e.type(x.dtype), shape,
                       [&](B &b, ValueRange args) -> SmallVector<Value> {
                         Value index = linalg::IndexOp::create(b, *axis);
                         Value here = arith::IndexCastOp::create(b, b.getI64Type(), index);
                         Value hit =
                             arith::CmpIOp::create(b, arith::CmpIPredicate::eq, here, args[0]);
                         return {emitCast(b, Dtype::Bool, x.dtype, hit)};
                       });
  node.set(0, x.dtype, x.shape, e.reshape(result, shape, x.shape));
  return success();
}

Value fovea::onnx_frontend::logSoftmax(Node &node, Value x, Dtype dtype, const Sizes &shape,
                                       int64_t axis) {
  auto &e = node.e;
  AffineMap all = e.identity(shape.size()), kept = mapWithout(e, shape.size(), {axis});
  Value most = reduce(node, x, dtype, shape, {axis}, Binary::Max, dtype);
  Value shifted = e.map({x, most}, {all, kept}, e.type(dtype), shape,
                        [&](B &b, ValueRange args) -> SmallVector<Value> {
                          return {arith::SubFOp::create(b, args[0], args[1])};
                        });
  Value sum =
      reduce(node, shifted, dtype, shape, {axis}, Binary::Add, dtype,
             [&](B &b, ValueRange args) -> Value { return math::ExpOp::create(b, args[0]); });
  return e.map({shifted, sum}, {all, kept}, e.type(dtype), shape,
               [&](B &b, ValueRange args) -> SmallVector<Value> {
                 Value log = math::LogOp::create(b, args[1]);
                 return {arith::SubFOp::create(b, args[0], log)};
               });
}

LogicalResult fovea::onnx_frontend::importSoftmax(Node &node) {
  const Tensor &input = node.in(0);
  bool coerced = node.opset < 13;
  auto axis = node.axis(node.intAttr("axis", coerced ? 1 : -1), input.rank());
  if (!axis)
    return failure();
  Dtype wide = accumulatorOf(input.dtype);
  Tensor x = converted(node, input, wide);
  Sizes shape = x.shape;
  Value source = node.importer.materialize(x);
  int64_t place = *axis;
  if (coerced) {
    ArrayRef<SizeExpr> all(x.shape);
    shape = {node.sizes.product(all.take_front(*axis)), node.sizes.product(all.drop_front(*axis))};
    source = node.e.reshape(source, x.shape, shape);
    place = 1;
  }
  Value result;
  if (node.op() == "LogSoftmax") {
    result = logSoftmax(node, source, wide, shape, place);
  } else {
    Value init = node.e.empty(node.e.type(wide), shape);
    result = linalg::SoftmaxOp::create(node.b, init.getType(), source, init,
                                       static_cast<uint64_t>(place))
                 .getResult()
                 .front();
  }
  result = node.e.reshape(result, shape, x.shape);
  node.set(0, converted(node, tensorOf(wide, x.shape, result), input.dtype));
  return success();
}

LogicalResult fovea::onnx_frontend::importCumSum(Node &node) {
  const Tensor &input = node.in(0);
  auto given = node.constants(1);
  if (!given)
    return failure();
  if (given->size() != 1)
    return node.badShape("axis must be a scalar");
  auto axis = node.axis(given->front(), input.rank());
  if (!axis)
    return failure();
  bool exclusive = node.intAttr("exclusive", 0) != 0, reverse = node.intAttr("reverse", 0) != 0;
  if (llvm::any_of(input.shape, [](const SizeExpr &size) { return size.is(0); })) {
    node.set(0, input);
    return success();
  }
  auto &e = node.e;
  auto &b = node.b;
  Dtype dtype = accumulatorOf(input.dtype);
  Tensor x = converted(node, input, dtype);
  Value source = node.importer.materialize(x), out = e.empty(e.type(dtype), x.shape);
  Sizes row = x.shape;
  row[*axis] = 1;
  Binary function = node.op() == "CumProd" ? Binary::Mul : Binary::Add;
  Value sum = e.filled(neutral(node, function, dtype), row);
  Value zero = e.constantIndex(0), one = e.constantIndex(1), count = e.index(x.shape[*axis]);
  Value last = e.index(node.sizes.sub(x.shape[*axis], 1));
  SmallVector<OpFoldResult> offsets(x.rank(), b.getIndexAttr(0)), extents = e.foldable(row);
  SmallVector<OpFoldResult> strides(x.rank(), b.getIndexAttr(1));
  auto loop = scf::ForOp::create(b, zero, count, one, ValueRange{out, sum});
  {
    Emitter::Nested nested(e);
    b.setInsertionPointToStart(loop.getBody());
    Value step = loop.getInductionVar();
    offsets[*axis] = reverse ? arith::SubIOp::create(b, last, step).getResult() : step;
    Value part =
        tensor::ExtractSliceOp::create(b, e.type(dtype, row), source, offsets, extents, strides);
    Value before = loop.getRegionIterArg(1);
    AffineMap map = e.identity(x.rank());
    Value after = e.map({before, part}, {map, map}, e.type(dtype), row,
                        [&](B &inner, ValueRange args) -> SmallVector<Value> {
                          return {emitBinary(inner, function, dtype, args[0], args[1])};
                        });
    Value next = tensor::InsertSliceOp::create(b, exclusive ? before : after,
                                               loop.getRegionIterArg(0), offsets, extents, strides);
    scf::YieldOp::create(b, ValueRange{next, after});
  }
  node.set(0, converted(node, tensorOf(dtype, x.shape, loop.getResult(0)), input.dtype));
  return success();
}
