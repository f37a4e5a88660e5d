//===- BitOps.cpp - shifts and other readings of bits ---------------------===//
//
// BitShift and BitCast.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Onnx/Operators/Operators.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::onnx_frontend;

using B = ImplicitLocOpBuilder;

/// x shifted by y; by the width or more, nothing but the sign is left.
static Value shifted(B &b, Dtype dtype, bool left, Value x, Value y) {
  unsigned bits = x.getType().getIntOrFloatBitWidth();
  Value last = Emitter::integer(b, x.getType(), bits - 1);
  Value far = arith::CmpIOp::create(b, arith::CmpIPredicate::ugt, y, last);
  Value zero = Emitter::integer(b, x.getType(), 0);
  if (!left && !isUnsigned(dtype))
    return arith::ShRSIOp::create(b, x, arith::SelectOp::create(b, far, last, y));
  Value near = arith::SelectOp::create(b, far, zero, y);
  Value result = left ? arith::ShLIOp::create(b, x, near).getResult()
                      : arith::ShRUIOp::create(b, x, near).getResult();
  return arith::SelectOp::create(b, far, zero, result);
}

LogicalResult fovea::onnx_frontend::importBitShift(Node &node) {
  std::string direction = node.stringAttr("direction", "");
  if (direction != "LEFT" && direction != "RIGHT")
    return node.fail("FV0104", "direction must be LEFT or RIGHT");
  const Tensor &x = node.in(0), &y = node.in(1);
  auto shape = broadcastShapes(node, {&x, &y});
  if (!shape)
    return failure();
  node.set(0, x.dtype, *shape,
           elementwise(node, {&x, &y}, *shape, x.dtype, [&](B &b, ValueRange args) {
             return shifted(b, x.dtype, direction == "LEFT", args[0], args[1]);
           }));
  return success();
}

LogicalResult fovea::onnx_frontend::importBitCast(Node &node) {
  const Tensor &x = node.in(0);
  auto to = dtypeOf(node.intAttr("to", 0));
  if (!to)
    return node.fail("FV0202",
                     "element type " + onnxTypeName(node.intAttr("to", 0)) + " is not supported");
  if (byteWidth(*to) != byteWidth(x.dtype))
    return node.fail("FV0202", "element types " + nameOf(x.dtype) + " and " + nameOf(*to) +
                                   " differ in width");
  Type type = node.e.type(*to);
  node.set(0, *to, x.shape, elementwise(node, {&x}, x.shape, *to, [&](B &b, ValueRange args) {
             // A bool is a byte of 0 or 1.
             if (x.dtype == Dtype::Bool || *to == Dtype::Bool)
               return emitCast(b, x.dtype, *to, args.front());
             if (args.front().getType() == type)
               return args.front();
             return arith::BitcastOp::create(b, type, args.front()).getResult();
           }));
  return success();
}
