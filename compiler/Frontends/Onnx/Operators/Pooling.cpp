//===- Pooling.cpp - pooling over windows ---------------------------------===//
//
// AveragePool, MaxPool and their global forms.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Onnx/Operators/Windows.h"

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
  Value folded = reduce(node, node.value(0), x.dtype, x.shape, axes,
                        most ? Binary::Max : Binary::Add, accum);
  Sizes kept = withoutAxes(x.shape, axes, false), shape = withoutAxes(x.shape, axes, true);
  SizeExpr product = 1;
  for (int64_t axis : axes)
    product = node.sizes.mul(product, x.shape[axis]);
  Value count = sizeAs(node, product, accum);
  Value result = node.e.map(folded, node.e.identity(kept.size()), node.e.type(x.dtype), kept,
                            [&](B &b, ValueRange args) -> SmallVector<Value> {
                              Value value = most ? args[0]
                                                 : emitBinary(b, Binary::Div, accum, args[0], count);
                              return {emitCast(b, accum, x.dtype, value)};
                            });
  node.set(0, x.dtype, shape, node.e.reshape(result, kept, shape));
  return success();
}

LogicalResult fovea::onnx_frontend::importPool(Node &node) {
  const Tensor &x = node.in(0);
  bool most = node.op() == "MaxPool";
  auto kernel = node.intsAttr("kernel_shape");
  if (x.rank() < 3 || !kernel || static_cast<int64_t>(kernel->size()) != x.rank() - 2)
    return node.badShape("kernel_shape does not fit the input");
  if (node.intAttr("storage_order", 0) != 0 || node.wants(1))
    return node.unsupported("indices of maxima are not supported");
  auto windows = readWindows(node, *kernel, /*pooling=*/true);
  if (!windows)
    return failure();
  auto &e = node.e;
  unsigned spatial = kernel->size(), rank = x.rank();
  Dtype accum = accumulatorOf(x.dtype);
  bool countPads = node.intAttr("count_include_pad", 0) != 0;
  Sizes shape(x.shape.begin(), x.shape.begin() + 2);
  llvm::append_range(shape, windows->outputs);
  // Dimensions: those of the result, then the positions in the window.
  SmallVector<AffineExpr> outExprs, kernelExprs;
  Sizes kernelSizes;
  SmallVector<Value> lows, extents;
  for (unsigned dim = 0; dim < rank; ++dim)
    outExprs.push_back(e.dim(dim));
  for (unsigned i = 0; i < spatial; ++i) {
    kernelExprs.push_back(e.dim(rank + i));
    kernelSizes.push_back((*kernel)[i]);
    lows.push_back(e.index(windows->low[i]));
    extents.push_back(e.index(x.shape[2 + i]));
  }
  AffineMap out = e.map(rank + spatial, outExprs), window = e.map(rank + spatial, kernelExprs);
  Value source = node.value(0), zero = e.constantIndex(0);
  Value start = most ? (isFloat(x.dtype)
                            ? e.scalar(accum, -std::numeric_limits<double>::infinity())
                            : Emitter::integer(node.b, e.type(accum),
                                               isUnsigned(x.dtype) ? 0 : -128))
                     : e.scalar(accum, 0);
  SmallVector<Value> steps, gaps;
  for (unsigned i = 0; i < spatial; ++i) {
    steps.push_back(e.constantIndex(windows->strides[i]));
    gaps.push_back(e.constantIndex(windows->dilations[i]));
  }
  SmallVector<Value> ends;
  for (unsigned i = 0; i < spatial; ++i)
    ends.push_back(e.index(node.sizes.add(x.shape[2 + i], windows->high[i])));
  Value inits[] = {e.filled(start, shape), e.filled(e.scalar(accum, 0), shape)};
  // The second result counts the elements of the window.
  auto folded = e.generic(
      e.empty(e.type(Dtype::Bool), kernelSizes), inits, {window, out, out},
      [&](B &b, ValueRange args) -> SmallVector<Value> {
        Value inside = Emitter::integer(b, b.getI1Type(), 1), counted = inside;
        SmallVector<Value> place{linalg::IndexOp::create(b, 0), linalg::IndexOp::create(b, 1)};
        for (unsigned i = 0; i < spatial; ++i) {
          Value at = arith::AddIOp::create(
              b, arith::MulIOp::create(b, linalg::IndexOp::create(b, 2 + i), steps[i]),
              arith::MulIOp::create(b, linalg::IndexOp::create(b, rank + i), gaps[i]));
          at = arith::SubIOp::create(b, at, lows[i]);
          Value low = arith::CmpIOp::create(b, arith::CmpIPredicate::sge, at, zero);
          Value high = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, at, extents[i]);
          Value within = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, at, ends[i]);
          inside = arith::AndIOp::create(b, inside, arith::AndIOp::create(b, low, high));
          counted = arith::AndIOp::create(b, counted, within);
          Value last = arith::SubIOp::create(b, extents[i], Emitter::integer(b, b.getIndexType(), 1));
          place.push_back(arith::MinSIOp::create(b, arith::MaxSIOp::create(b, at, zero), last));
        }
        Value element = emitCast(b, x.dtype, accum, tensor::ExtractOp::create(b, source, place));
        Value next = emitBinary(b, most ? Binary::Max : Binary::Add, accum, args[1], element);
        Value one = emitCast(b, Dtype::Bool, accum, countPads ? counted : inside);
        return {arith::SelectOp::create(b, inside, next, args[1]),
                emitBinary(b, Binary::Add, accum, args[2], one)};
      });
  AffineMap same = e.identity(rank);
  Value result = e.map(folded, {same, same}, e.type(x.dtype), shape,
                       [&](B &b, ValueRange args) -> SmallVector<Value> {
                         Value value = most ? args[0]
                                            : emitBinary(b, Binary::Div, accum, args[0], args[1]);
                         return {emitCast(b, accum, x.dtype, value)};
                       });
  node.set(0, x.dtype, shape, result);
  return success();
}
