//===- Broadcasting.cpp - elementwise operations over broadcast inputs ----===//
//
// What the families of operators share: common shapes, maps of broadcast operands, generic bodies.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Onnx/Operators/Operators.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::onnx_frontend;

LogicalResult fovea::onnx_frontend::agree(Node &node, const SizeExpr &have, const SizeExpr &want,
                                          const Twine &what) {
  if (have == want)
    return success();
  if (have.constant() && want.constant())
    return node.badShape(what + ": size " + Twine(*have.constant()) + " where " +
                         Twine(*want.constant()) + " is needed");
  node.e.requireEqual(have, want);
  return success();
}

std::optional<Sizes> fovea::onnx_frontend::broadcastShapes(Node &node,
                                                           ArrayRef<const Tensor *> inputs) {
  size_t rank = 0;
  for (const Tensor *tensor : inputs)
    rank = std::max(rank, tensor->shape.size());
  Sizes result(rank, SizeExpr(1));
  for (size_t back = 1; back <= rank; ++back) {
    SizeExpr &size = result[rank - back];
    for (const Tensor *tensor : inputs) {
      if (back > tensor->shape.size())
        continue;
      const SizeExpr &other = tensor->shape[tensor->shape.size() - back];
      if (!other.is(1) && (size.is(1) || (other.constant() && !size.constant())))
        size = other;
    }
    for (const Tensor *tensor : inputs) {
      if (back > tensor->shape.size() || tensor->shape[tensor->shape.size() - back].is(1))
        continue;
      if (failed(agree(node, tensor->shape[tensor->shape.size() - back], size,
                       "inputs do not broadcast")))
        return std::nullopt;
    }
  }
  return result;
}

AffineMap fovea::onnx_frontend::broadcastMap(Emitter &e, ArrayRef<SizeExpr> from,
                                             ArrayRef<SizeExpr> shape, unsigned dims) {
  SmallVector<AffineExpr> exprs;
  size_t skipped = shape.size() - from.size();
  for (auto [position, size] : llvm::enumerate(from)) {
    bool repeated = size.is(1) && !shape[skipped + position].is(1);
    exprs.push_back(repeated ? e.constantExpr(0) : e.dim(skipped + position));
  }
  return e.map(dims, exprs);
}

Value fovea::onnx_frontend::refined(Node &node, const Tensor &tensor, ArrayRef<SizeExpr> shape) {
  Sizes known = tensor.shape;
  size_t skipped = shape.size() - known.size();
  for (auto [position, size] : llvm::enumerate(known))
    if (!size.constant())
      size = shape[skipped + position];
  return node.e.cast(node.importer.materialize(tensor), node.e.type(tensor.dtype, known));
}

/// The one element of a constant, as a scalar for a body.
static Value inlineScalar(ImplicitLocOpBuilder &b, const Constant &constant) {
  Type type = mlirType(b.getContext(), constant.dtype);
  return isFloat(constant.dtype) ? Emitter::scalar(b, type, constant.numberAt(0))
                                 : Emitter::integer(b, type, constant.integerAt(0));
}

Value fovea::onnx_frontend::elementwise(Node &node, ArrayRef<const Tensor *> inputs,
                                        ArrayRef<SizeExpr> shape, Dtype result, ScalarBody body) {
  SmallVector<Value> operands;
  SmallVector<AffineMap> maps;
  auto isInline = [](const Tensor *tensor) {
    return tensor->constant && tensor->constant->elements() == 1;
  };
  for (const Tensor *tensor : inputs) {
    if (isInline(tensor))
      continue;
    operands.push_back(refined(node, *tensor, shape));
    maps.push_back(broadcastMap(node.e, tensor->shape, shape, shape.size()));
  }
  return node.e.map(operands, maps, node.e.type(result), shape,
                    [&](ImplicitLocOpBuilder &b, ValueRange args) -> SmallVector<Value> {
                      SmallVector<Value> scalars;
                      unsigned next = 0;
                      for (const Tensor *tensor : inputs)
                        scalars.push_back(isInline(tensor) ? inlineScalar(b, *tensor->constant)
                                                           : args[next++]);
                      return {body(b, scalars)};
                    });
}

Tensor fovea::onnx_frontend::tensorOf(Dtype dtype, ArrayRef<SizeExpr> shape, Value value) {
  Tensor result;
  result.dtype = dtype;
  result.shape.assign(shape.begin(), shape.end());
  result.value = value;
  return result;
}

Tensor fovea::onnx_frontend::converted(Node &node, const Tensor &tensor, Dtype to) {
  if (auto folded = foldCast(node, tensor, to))
    return *folded;
  return tensorOf(
      to, tensor.shape,
      elementwise(node, {&tensor}, tensor.shape, to, [&](ImplicitLocOpBuilder &b, ValueRange args) {
        return emitCast(b, tensor.dtype, to, args.front());
      }));
}

Value fovea::onnx_frontend::checkedIndex(ImplicitLocOpBuilder &b, Value element, Value extent,
                                         StringRef node, Dtype dtype) {
  return CheckedIndexOp::create(b, element, extent, /*wrap=*/!isUnsigned(dtype), node);
}
