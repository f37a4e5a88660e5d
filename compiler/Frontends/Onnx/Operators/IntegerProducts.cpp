//===- IntegerProducts.cpp - products of 8-bit integers -------------------===//
//
// MatMulInteger: a product of signed bytes, from which the zero points' share is taken off.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Onnx/Operators/Operators.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::onnx_frontend;

using B = ImplicitLocOpBuilder;

/// An input of bytes as signed ones: 128 less where it is unsigned.
static Value asSigned(Node &node, unsigned input) {
  const Tensor &x = node.in(input);
  if (x.dtype == Dtype::I8)
    return node.value(input);
  auto &e = node.e;
  return e.map(node.value(input), e.identity(x.rank()), e.type(Dtype::I8), x.shape,
               [&](B &b, ValueRange args) -> SmallVector<Value> {
                 Value flip = Emitter::integer(b, e.type(Dtype::I8), -128);
                 return {arith::XOrIOp::create(b, args[0], flip)};
               });
}

namespace {
/// Zero points as i32, less what asSigned takes off: one, or one for each column.
struct ZeroPoints {
  Value value;
  bool perColumn = false;
};
} // namespace

/// Those of input `of`; null where it has none and is signed. Nothing, with a problem, for shapes
/// that are not supported.
static std::optional<ZeroPoints> zeroPointsOf(Node &node, unsigned of, bool perColumn) {
  const Tensor &x = node.in(of);
  unsigned input = of + 2;
  auto &e = node.e;
  bool isUnsigned = x.dtype == Dtype::U8;
  auto shifted = [&](B &b, Value value) -> Value {
    return arith::SubIOp::create(b, value, Emitter::integer(b, value.getType(), 128));
  };
  if (!node.has(input)) {
    if (!isUnsigned)
      return ZeroPoints();
    Value least = Emitter::integer(node.b, e.type(Dtype::I32), -128);
    return ZeroPoints{e.filled(least, {})};
  }
  const Tensor &zero = node.in(input);
  bool single = zero.rank() == 0 || (zero.rank() == 1 && (!perColumn || zero.shape[0].is(1)));
  if (zero.dtype != x.dtype || zero.rank() > 1) {
    (void)node.badShape("zero points of input " + Twine(of) +
                        " are neither one nor a vector, of the input's type");
    return std::nullopt;
  }
  SizeExpr want = single ? SizeExpr(1) : x.shape.back();
  std::string what = ("zero points of input " + Twine(of)).str();
  if (zero.rank() == 1 && failed(perColumn ? broadcastsTo(node, zero.shape[0], want, what)
                                           : agree(node, zero.shape[0], want, what)))
    return std::nullopt;
  Value given = single ? node.value(input) : refined(node, zero, want);
  Sizes shape;
  AffineMap from = e.map(0, SmallVector<AffineExpr>(zero.rank(), e.constantExpr(0)));
  if (!single) {
    shape.push_back(want);
    from = e.identity(1);
  }
  Value value = e.map(given, from, e.type(Dtype::I32), shape,
                      [&](B &b, ValueRange args) -> SmallVector<Value> {
                        Value wide = emitCast(b, zero.dtype, Dtype::I32, args[0]);
                        return {isUnsigned ? shifted(b, wide) : wide};
                      });
  return ZeroPoints{value, !single};
}

/// What the zero point of the rows adds to each column: zx * (sum of the column - depth * zy).
static Value columnTerms(Node &node, Value columns, const ZeroPoints &zx, const ZeroPoints &zy) {
  const Tensor &y = node.in(1);
  auto &e = node.e;
  Value sums = reduce(node, columns, Dtype::I8, y.shape, {0}, Binary::Add, Dtype::I32);
  SmallVector<Value> operands{sums, zx.value};
  SmallVector<AffineMap> maps{e.identity(1), e.map(1, {})};
  if (zy.value) {
    operands.push_back(zy.value);
    maps.push_back(zy.perColumn ? e.identity(1) : e.map(1, {}));
  }
  Value depth = zy.value ? sizeAs(node, y.shape[0], Dtype::I32) : Value();
  return e.map(operands, maps, e.type(Dtype::I32), {y.shape[1]},
               [&](B &b, ValueRange args) -> SmallVector<Value> {
                 Value sum = args[0];
                 if (zy.value) {
                   Value all = arith::MulIOp::create(b, depth, args[2]);
                   sum = arith::SubIOp::create(b, sum, all);
                 }
                 return {arith::MulIOp::create(b, args[1], sum)};
               });
}

/// The sum less the columns' terms, where rows have zero points, and less the sum of the row times
/// the column's zero point, where columns have.
static void writeEpilogue(Node &node, ContractOp op, bool ofRows, bool ofColumns) {
  auto &b = node.b;
  OpBuilder::InsertionGuard guard(b);
  SmallVector<Type> types(1 + op.getCaptures().size(), b.getI32Type());
  Block *body =
      b.createBlock(&op.getEpilogue(), {}, types, SmallVector<Location>(types.size(), b.getLoc()));
  Value sum = body->getArgument(0);
  if (ofRows)
    sum = arith::SubIOp::create(b, sum, body->getArgument(1));
  if (ofColumns) {
    unsigned first = body->getNumArguments() - 2;
    Value share = arith::MulIOp::create(b, body->getArgument(first), body->getArgument(first + 1));
    sum = arith::SubIOp::create(b, sum, share);
  }
  YieldOp::create(b, sum);
}

LogicalResult fovea::onnx_frontend::importMatMulInteger(Node &node) {
  const Tensor &x = node.in(0), &y = node.in(1);
  auto isByte = [](const Tensor &t) { return t.dtype == Dtype::I8 || t.dtype == Dtype::U8; };
  if (!isByte(x) || !isByte(y))
    return node.fail("FV0202", "only 8-bit integers are supported");
  if (x.rank() < 2 || y.rank() != 2)
    return node.badShape("input 0 must have rank 2 or more, input 1 rank 2");
  if (failed(agree(node, y.shape[0], x.shape.back(), "inner dimensions")))
    return failure();
  std::optional<ZeroPoints> zx = zeroPointsOf(node, 0, false), zy = zeroPointsOf(node, 1, true);
  if (!zx || !zy)
    return failure();
  auto &e = node.e;
  unsigned rank = x.rank(), m = rank - 2, n = m + 1, k = n + 1, dims = k + 1;
  SmallVector<AffineExpr> rows, outs;
  for (unsigned dim = 0; dim < n; ++dim)
    rows.push_back(e.dim(dim));
  outs = rows;
  outs.push_back(e.dim(n));
  AffineMap rowMap = e.map(dims, rows), columnMap = e.map(dims, {e.dim(n)});
  rows.push_back(e.dim(k));
  Value lhs = asSigned(node, 0), rhs = asSigned(node, 1);
  SmallVector<Value> captures;
  SmallVector<AffineMap> maps{e.map(dims, rows), e.map(dims, {e.dim(k), e.dim(n)})};
  if (zx->value) {
    captures.push_back(columnTerms(node, rhs, *zx, *zy));
    maps.push_back(columnMap);
  }
  if (zy->value) {
    captures.push_back(reduce(node, lhs, Dtype::I8, x.shape, {rank - 1}, Binary::Add, Dtype::I32));
    captures.push_back(zy->value);
    maps.append({rowMap, zy->perColumn ? columnMap : e.map(dims, {})});
  }
  maps.push_back(e.map(dims, outs));
  Sizes shape(x.shape.begin(), x.shape.end() - 1);
  shape.push_back(y.shape[1]);
  auto &b = node.b;
  Value init = e.empty(e.type(Dtype::I32), shape);
  auto op = ContractOp::create(b, init.getType(), lhs, rhs, captures, init,
                               b.getAffineMapArrayAttr(maps), ScheduleAttr());
  writeEpilogue(node, op, bool(zx->value), bool(zy->value));
  node.set(0, Dtype::I32, shape, op.getResult());
  return success();
}
