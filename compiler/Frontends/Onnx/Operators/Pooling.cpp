//===- Pooling.cpp - pooling over windows ---------------------------------===//
//
// AveragePool, MaxPool and their global forms.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Onnx/Operators/Windows.h"

#include <limits>

using namespace mlir;
using namespace fovea;
using namespace fovea::onnx_frontend;

using B = ImplicitLocOpBuilder;

LogicalResult fovea::onnx_frontend::importGlobalPool(Node &node) {
  const Tensor &x = node.in(0);
  if (x.rank() < 3)
    return node.badShape("the input must have rank 3 or more");
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(2, x.rank()));
  Dtype accum = accumulatorOf(x.dtype);
  bool most = node.op() == "GlobalMaxPool";
  Value folded =
      reduce(node, node.value(0), x.dtype, x.shape, axes, most ? Binary::Max : Binary::Add, accum);
  Sizes kept = withoutAxes(x.shape, axes, false), shape = withoutAxes(x.shape, axes, true);
  SizeExpr product = 1;
  for (int64_t axis : axes)
    product = node.sizes.mul(product, x.shape[axis]);
  Value count = sizeAs(node, product, accum);
  Value result =
      node.e.map(folded, node.e.identity(kept.size()), node.e.type(x.dtype), kept,
                 [&](B &b, ValueRange args) -> SmallVector<Value> {
                   Value value = most ? args[0] : emitBinary(b, Binary::Div, accum, args[0], count);
                   return {emitCast(b, accum, x.dtype, value)};
                 });
  node.set(0, x.dtype, shape, node.e.reshape(result, kept, shape));
  return success();
}

namespace {
/// Values that the body of a pooling needs, one entry per spatial axis.
struct PoolBounds {
  SmallVector<Value> lows, extents, ends, steps, gaps;
  Value zero, one;
};
} // namespace

static PoolBounds boundsOf(Node &node, const Windows &windows) {
  auto &e = node.e;
  PoolBounds result;
  result.zero = e.constantIndex(0);
  result.one = e.constantIndex(1);
  for (size_t i = 0; i < windows.strides.size(); ++i) {
    const SizeExpr &size = node.in(0).shape[2 + i];
    result.lows.push_back(e.index(windows.low[i]));
    result.extents.push_back(e.index(size));
    result.ends.push_back(e.index(node.sizes.add(size, windows.high[i])));
    result.steps.push_back(e.constantIndex(windows.strides[i]));
    result.gaps.push_back(e.constantIndex(windows.dilations[i]));
  }
  return result;
}

namespace {
struct PoolPlace {
  SmallVector<Value> indices;
  /// Whether the place is in the input, and whether it is in the padded input.
  Value inside, padded;
};
} // namespace

/// The element that the current iteration (result, then window dimensions) looks at.
static PoolPlace placeOf(B &b, const PoolBounds &bounds, unsigned rank) {
  using P = arith::CmpIPredicate;
  PoolPlace result;
  result.inside = result.padded = Emitter::integer(b, b.getI1Type(), 1);
  result.indices = {linalg::IndexOp::create(b, 0), linalg::IndexOp::create(b, 1)};
  for (unsigned i = 0; i < bounds.lows.size(); ++i) {
    Value start = arith::MulIOp::create(b, linalg::IndexOp::create(b, 2 + i), bounds.steps[i]);
    Value shift = arith::MulIOp::create(b, linalg::IndexOp::create(b, rank + i), bounds.gaps[i]);
    Value at = arith::SubIOp::create(b, arith::AddIOp::create(b, start, shift), bounds.lows[i]);
    Value low = arith::CmpIOp::create(b, P::sge, at, bounds.zero);
    Value high = arith::CmpIOp::create(b, P::slt, at, bounds.extents[i]);
    Value end = arith::CmpIOp::create(b, P::slt, at, bounds.ends[i]);
    Value both = arith::AndIOp::create(b, low, high);
    result.inside = arith::AndIOp::create(b, result.inside, both);
    result.padded = arith::AndIOp::create(b, result.padded, end);
    Value last = arith::SubIOp::create(b, bounds.extents[i], bounds.one);
    Value raised = arith::MaxSIOp::create(b, at, bounds.zero);
    result.indices.push_back(arith::MinSIOp::create(b, raised, last));
  }
  return result;
}

/// Folds every window: the sum or maximum, and the number of elements.
static SmallVector<Value> foldWindows(Node &node, const Windows &windows, ArrayRef<SizeExpr> kernel,
                                      const Sizes &shape, bool most) {
  const Tensor &x = node.in(0);
  auto &e = node.e;
  unsigned rank = x.rank(), dims = rank + kernel.size();
  Dtype accum = accumulatorOf(x.dtype);
  bool countPads = node.intAttr("count_include_pad", 0) != 0;
  SmallVector<AffineExpr> outs, window;
  for (unsigned dim = 0; dim < dims; ++dim)
    (dim < rank ? outs : window).push_back(e.dim(dim));
  for (int64_t dim = 2; dim < x.rank(); ++dim)
    e.requireAtLeast(x.shape[dim], 1);
  Value start = e.scalar(accum, 0);
  if (most && isFloat(x.dtype))
    start = e.scalar(accum, -std::numeric_limits<double>::infinity());
  else if (most && !isUnsigned(x.dtype))
    start = Emitter::integer(node.b, e.type(accum), -128);
  Value source = node.value(0),
        inits[] = {e.filled(start, shape), e.filled(e.scalar(accum, 0), shape)};
  PoolBounds bounds = boundsOf(node, windows);
  AffineMap out = e.map(dims, outs);
  return e.generic(e.empty(e.type(Dtype::Bool), kernel), inits, {e.map(dims, window), out, out},
                   [&](B &b, ValueRange args) -> SmallVector<Value> {
                     PoolPlace place = placeOf(b, bounds, rank);
                     Value loaded = tensor::ExtractOp::create(b, source, place.indices);
                     Value element = emitCast(b, x.dtype, accum, loaded);
                     Value next =
                         emitBinary(b, most ? Binary::Max : Binary::Add, accum, args[1], element);
                     Value one =
                         emitCast(b, Dtype::Bool, accum, countPads ? place.padded : place.inside);
                     return {arith::SelectOp::create(b, place.inside, next, args[1]),
                             emitBinary(b, Binary::Add, accum, args[2], one)};
                   });
}

LogicalResult fovea::onnx_frontend::importPool(Node &node) {
  const Tensor &x = node.in(0);
  bool most = node.op() == "MaxPool";
  auto kernel = node.intsAttr("kernel_shape");
  if (x.rank() < 3 || !kernel || static_cast<int64_t>(kernel->size()) != x.rank() - 2)
    return node.badShape("kernel_shape does not fit the input");
  if (node.intAttr("storage_order", 0) != 0 || node.wants(1))
    return node.unsupported("indices of maxima are not supported");
  if (!isFloat(x.dtype) && x.dtype != Dtype::I8 && x.dtype != Dtype::U8)
    return node.fail("FV0202", "element type " + nameOf(x.dtype) + " is not supported");
  Sizes window(kernel->begin(), kernel->end());
  auto windows = readWindows(node, window, /*pooling=*/true);
  if (!windows)
    return failure();
  auto &e = node.e;
  Dtype accum = accumulatorOf(x.dtype);
  Sizes shape(x.shape.begin(), x.shape.begin() + 2);
  llvm::append_range(shape, windows->outputs);
  if (!node.importer.acceptable(tensorOf(x.dtype, shape, Value())) ||
      !node.importer.acceptable(tensorOf(x.dtype, window, Value())))
    return node.fail("FV0203", "the result or the window is too large");
  auto folded = foldWindows(node, *windows, window, shape, most);
  AffineMap same = e.identity(x.rank());
  Value result = e.map(folded, {same, same}, e.type(x.dtype), shape,
                       [&](B &b, ValueRange args) -> SmallVector<Value> {
                         Value value = args[0];
                         if (!most)
                           value = emitBinary(b, Binary::Div, accum, value, args[1]);
                         return {emitCast(b, accum, x.dtype, value)};
                       });
  node.set(0, x.dtype, shape, result);
  return success();
}
