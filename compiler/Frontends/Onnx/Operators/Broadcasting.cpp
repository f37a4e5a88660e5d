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

LogicalResult fovea::onnx_frontend::broadcastsTo(Node &node, const SizeExpr &have,
                                                 const SizeExpr &want, const Twine &what) {
  if (node.e.isNotOne(have) || node.e.areOneTogether(have, want))
    return agree(node, have, want, what);
  node.e.requireEqualOrOne(have, want);
  return success();
}

/// The sizes without 1, without those that are known to equal an earlier one, and with what a
/// common size is common to in its place.
static Sizes differing(Emitter &e, ArrayRef<SizeExpr> sizes) {
  Sizes result;
  auto add = [&](const SizeExpr &size) {
    if (llvm::none_of(result, [&](const SizeExpr &other) {
          return e.areEqual(size, other) || e.areOneTogether(size, other);
        }))
      result.push_back(size);
  };
  for (const SizeExpr &size : sizes) {
    auto parts = e.commonTo.find(size);
    if (parts != e.commonTo.end())
      llvm::for_each(parts->second, add);
    else if (!size.is(1))
      add(size);
  }
  return result;
}

/// The size of a result: the only one, one that is not 1, else the greatest; 0 where one is 0.
static SizeExpr commonSize(Emitter &e, ArrayRef<SizeExpr> sizes) {
  for (const SizeExpr &size : sizes)
    if (size.constant() && !size.is(1))
      return size;
  Sizes members = differing(e, sizes);
  if (members.empty())
    return 1;
  for (const SizeExpr &size : members)
    if (members.size() == 1 || e.isNotOne(size))
      return size;
  llvm::sort(members);
  SizeExpr most = members.front(), least = most;
  for (const SizeExpr &size : ArrayRef(members).drop_front()) {
    most = e.sizes.max(most, size);
    least = e.sizes.min(least, size);
  }
  SizeExpr common = e.sizes.mul(most, e.sizes.min(least, 1));
  if (!llvm::is_contained(members, common))
    e.commonTo[common] = members;
  return common;
}

std::optional<SizeExpr> fovea::onnx_frontend::broadcastSize(Node &node, ArrayRef<SizeExpr> sizes,
                                                            const Twine &what) {
  SizeExpr common = commonSize(node.e, sizes);
  for (const SizeExpr &size : sizes)
    if (failed(broadcastsTo(node, size, common, what)))
      return std::nullopt;
  return common;
}

std::optional<Sizes> fovea::onnx_frontend::broadcastShapes(Node &node,
                                                           ArrayRef<const Tensor *> inputs) {
  size_t rank = 0;
  for (const Tensor *tensor : inputs)
    rank = std::max(rank, tensor->shape.size());
  Sizes result(rank);
  for (size_t back = 1; back <= rank; ++back) {
    Sizes sizes;
    for (const Tensor *tensor : inputs)
      if (back <= tensor->shape.size())
        sizes.push_back(tensor->shape[tensor->shape.size() - back]);
    auto size = broadcastSize(node, sizes, "inputs do not broadcast");
    if (!size)
      return std::nullopt;
    result[rank - back] = *size;
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
  SmallVector<int64_t> unequal;
  for (auto [position, size] : llvm::enumerate(known)) {
    const SizeExpr &wanted = shape[skipped + position];
    if (size.constant())
      continue;
    if (!node.e.areEqual(size, wanted))
      unequal.push_back(position);
    size = wanted;
  }
  if (!unequal.empty())
    return expandedInRun(node, tensor, known, unequal);
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
