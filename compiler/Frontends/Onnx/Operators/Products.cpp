//===- Products.cpp - matrix products -------------------------------------===//
//
// MatMul and Gemm as contractions; transposes of their operands become indexing maps.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Onnx/Operators/Operators.h"

#include <cmath>

using namespace mlir;
using namespace fovea;
using namespace fovea::onnx_frontend;

using B = ImplicitLocOpBuilder;

void fovea::onnx_frontend::absorbTranspose(Value &value, AffineMap &map) {
  while (auto generic = value.getDefiningOp<linalg::GenericOp>()) {
    if (generic.getNumDpsInputs() != 1 || generic.getNumDpsInits() != 1)
      return;
    AffineMap from = generic.getIndexingMapsArray().front();
    auto &body = generic.getRegion().front();
    bool moves = from.isPermutation() && generic.getIndexingMapsArray().back().isIdentity() &&
                 llvm::hasSingleElement(body.getOperations()) &&
                 body.getTerminator()->getOperand(0) == body.getArgument(0);
    Value source = generic.getDpsInputs().front();
    if (!moves)
      return;
    value = source;
    map = from.compose(map);
  }
}

Value fovea::onnx_frontend::contract(Node &node, Dtype dtype, Value lhs, Value rhs,
                                     ArrayRef<SizeExpr> shape, ArrayRef<AffineMap> maps,
                                     Value addend, AffineMap addendMap, double alpha, double beta) {
  auto &b = node.b;
  AffineMap lhsMap = maps[0], rhsMap = maps[1];
  absorbTranspose(lhs, lhsMap);
  absorbTranspose(rhs, rhsMap);
  Value init = node.e.empty(node.e.type(dtype), shape);
  SmallVector<AffineMap> all{lhsMap, rhsMap};
  SmallVector<Value, 1> captures;
  if (addend) {
    captures.push_back(addend);
    all.push_back(addendMap);
  }
  all.push_back(maps[2]);
  auto op = ContractOp::create(b, init.getType(), lhs, rhs, captures, init,
                               b.getAffineMapArrayAttr(all), ScheduleAttr());
  Type sum = ContractOp::getSumType(node.e.type(dtype)), element = node.e.type(dtype);
  OpBuilder::InsertionGuard guard(b);
  SmallVector<Type> types{sum};
  if (addend)
    types.push_back(element);
  Block *body =
      b.createBlock(&op.getEpilogue(), {}, types, SmallVector<Location>(types.size(), b.getLoc()));
  Dtype wide = accumulatorOf(dtype);
  Value value = body->getArgument(0);
  bool narrow = isa<IntegerType>(sum) && sum != element;
  if (narrow)
    value = arith::TruncIOp::create(b, element, value);
  if (alpha != 1)
    value = emitBinary(b, Binary::Mul, wide, value, Emitter::scalar(b, value.getType(), alpha));
  if (addend) {
    Value term = emitWiden(b, body->getArgument(1));
    if (beta != 1)
      term = emitBinary(b, Binary::Mul, wide, term, Emitter::scalar(b, term.getType(), beta));
    value = emitBinary(b, Binary::Add, wide, value, term);
  }
  YieldOp::create(b, narrow ? value : emitNarrow(b, element, value));
  return op.getResult();
}

static LogicalResult requireProductType(Node &node) {
  Dtype dtype = node.in(0).dtype;
  if (ContractOp::getSumType(node.e.type(dtype)))
    return success();
  return node.fail("FV0202", "element type " + nameOf(dtype) + " is not supported");
}

LogicalResult fovea::onnx_frontend::importMatMul(Node &node) {
  if (failed(requireProductType(node)))
    return failure();
  Tensor x = node.in(0), y = node.in(1);
  if (x.rank() == 0 || y.rank() == 0)
    return node.badShape("inputs must have rank 1 or more");
  bool hasRow = x.rank() > 1, hasColumn = y.rank() > 1;
  SizeExpr inner = x.shape.back();
  const SizeExpr &other = y.shape[hasColumn ? y.rank() - 2 : 0];
  if (failed(agree(node, other, inner, "inner dimensions")))
    return failure();
  if (other.constant())
    inner = other;
  Tensor left, right;
  left.shape.assign(x.shape.begin(), x.shape.end() - (hasRow ? 2 : 1));
  right.shape.assign(y.shape.begin(), y.shape.end() - (hasColumn ? 2 : 1));
  auto batch = broadcastShapes(node, {&left, &right});
  if (!batch)
    return failure();
  // Dimensions: batch, m, n, k.
  auto &e = node.e;
  unsigned m = batch->size(), n = m + hasRow, k = n + hasColumn, dims = k + 1;
  SmallVector<AffineExpr> xs(broadcastMap(e, left.shape, *batch, dims).getResults());
  SmallVector<AffineExpr> ys(broadcastMap(e, right.shape, *batch, dims).getResults());
  SmallVector<AffineExpr> outs;
  for (unsigned dim = 0; dim < k; ++dim)
    outs.push_back(e.dim(dim));
  Sizes shape = *batch, xShape = *batch, yShape = *batch;
  if (hasRow) {
    xs.push_back(e.dim(m));
    shape.push_back(x.shape[x.rank() - 2]);
    xShape.push_back(shape.back());
  }
  xs.push_back(e.dim(k));
  ys.push_back(e.dim(k));
  xShape.push_back(inner);
  yShape.push_back(inner);
  if (hasColumn) {
    ys.push_back(e.dim(n));
    shape.push_back(y.shape.back());
    yShape.push_back(shape.back());
  }
  Value lhs = refined(node, x, xShape), rhs = refined(node, y, yShape);
  node.set(0, x.dtype, shape,
           contract(node, x.dtype, lhs, rhs, shape,
                    {e.map(dims, xs), e.map(dims, ys), e.map(dims, outs)}));
  return success();
}

LogicalResult fovea::onnx_frontend::importGemm(Node &node) {
  if (failed(requireProductType(node)))
    return failure();
  const Tensor &x = node.in(0), &y = node.in(1);
  if (x.rank() != 2 || y.rank() != 2)
    return node.badShape("inputs must have rank 2");
  bool xt = node.intAttr("transA", 0) != 0, yt = node.intAttr("transB", 0) != 0;
  double alpha = node.floatAttr("alpha", 1), beta = node.floatAttr("beta", 1);
  if (!isFloat(x.dtype) && (alpha != std::rint(alpha) || beta != std::rint(beta)))
    return node.unsupported("alpha and beta of integer products must be integers");
  if (!std::isfinite(alpha) || !std::isfinite(beta))
    return node.fail("FV0104", "alpha and beta must be finite");
  SizeExpr rows = x.shape[xt], columns = y.shape[!yt], inner = x.shape[!xt], other = y.shape[yt];
  if (failed(agree(node, other, inner, "inner dimensions")))
    return failure();
  if (other.constant())
    inner = other;
  auto &e = node.e;
  AffineExpr m = e.dim(0), n = e.dim(1), k = e.dim(2);
  AffineMap xMap = xt ? e.map(3, {k, m}) : e.map(3, {m, k});
  AffineMap yMap = yt ? e.map(3, {n, k}) : e.map(3, {k, n});
  Value lhs = e.cast(node.value(0), e.type(x.dtype, xt ? Sizes{inner, rows} : Sizes{rows, inner}));
  Value rhs =
      e.cast(node.value(1), e.type(x.dtype, yt ? Sizes{columns, inner} : Sizes{inner, columns}));
  Value addend;
  AffineMap addendMap;
  Sizes shape{rows, columns};
  if (node.has(2) && beta != 0) {
    const Tensor &term = node.in(2);
    if (term.rank() > 2)
      return node.badShape("input 2 does not broadcast to the product");
    for (int64_t dim = 0; dim < term.rank(); ++dim) {
      const SizeExpr &have = term.shape[dim];
      SizeExpr &want = shape[2 - term.rank() + dim];
      if (failed(broadcastsTo(node, have, want, "input 2 does not broadcast to the product")))
        return failure();
      if (have.constant() && !have.is(1))
        want = have;
    }
    addend = refined(node, term, shape);
    addendMap = broadcastMap(e, term.shape, shape, 3);
  }
  node.set(0, x.dtype, shape,
           contract(node, x.dtype, lhs, rhs, shape, {xMap, yMap, e.map(3, {m, n})}, addend,
                    addendMap, alpha, beta));
  return success();
}
