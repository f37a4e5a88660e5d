//===- ShapeOps.cpp - shapes as values, and new shapes for values ---------===//
//
// Shape, Size, Reshape, Flatten, Squeeze and Unsqueeze.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Onnx/Operators/Operators.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::onnx_frontend;

LogicalResult fovea::onnx_frontend::importShape(Node &node) {
  const Tensor &x = node.in(0);
  int64_t rank = x.rank();
  auto bound = [&](int64_t value) {
    return std::clamp<int64_t>(value < 0 ? value + rank : value, 0, rank);
  };
  int64_t start = bound(node.intAttr("start", 0)), end = bound(node.intAttr("end", rank));
  Integers extents;
  for (int64_t dim = start; dim < end; ++dim)
    extents.push_back(x.shape[dim]);
  int64_t count = extents.size();
  node.set(0, integerTensor(Dtype::I64, {count}, std::move(extents)));
  return success();
}

LogicalResult fovea::onnx_frontend::importSize(Node &node) {
  node.set(0, integerTensor(Dtype::I64, {}, {node.sizes.product(node.in(0).shape)}));
  return success();
}

/// Sets the result to the input's elements in a shape of as many elements.
static LogicalResult setReshaped(Node &node, const Sizes &shape) {
  const Tensor &x = node.in(0);
  if (node.sizes.overflowed)
    return node.fail("FV0203", "the arithmetic of its sizes overflows");
  auto known = tensorOf(x.dtype, shape, Value()).staticShape();
  if (x.isFoldable() && known)
    if (auto folded = foldReshape(x, *known, node.name)) {
      node.set(0, *folded);
      return success();
    }
  node.set(0, x.dtype, shape, node.e.reshape(node.value(0), x.shape, shape));
  return success();
}

/// A size that only the run knows: it may be 0 (copy), or -1 (infer).
static SizeExpr resolve(Node &node, const SizeExpr &want, const SizeExpr *copied) {
  if (!copied)
    return want;
  auto &b = node.b;
  Value value = node.e.index(want);
  Value zero = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, value, node.e.constantIndex(0));
  return node.sizes.value(arith::SelectOp::create(b, zero, node.e.index(*copied), value));
}

static bool fromData(Node &node, const SizeExpr &size) {
  return !size.constant() && node.sizes.dependsOnData(size);
}

/// Replaces -1 at run time by what is missing of `total`.
static void inferAtRunTime(Node &node, Sizes &shape, const SizeExpr &total) {
  auto &b = node.b;
  Value minus = node.e.constantIndex(-1), one = node.e.constantIndex(1), known = one;
  for (const SizeExpr &size : shape) {
    Value value = node.e.index(size);
    Value unknown = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, value, minus);
    known = arith::MulIOp::create(b, known, arith::SelectOp::create(b, unknown, one, value));
  }
  Value none = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, known, node.e.constantIndex(0));
  Value missing =
      arith::DivSIOp::create(b, node.e.index(total), arith::SelectOp::create(b, none, one, known));
  for (SizeExpr &size : shape) {
    if (!fromData(node, size))
      continue;
    Value value = node.e.index(size);
    Value unknown = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, value, minus);
    size = node.sizes.value(arith::SelectOp::create(b, unknown, missing, value));
  }
}

/// Sizes of the result; -1 stands for the one to infer.
static std::optional<Sizes> wantedShape(Node &node, std::optional<size_t> &inferred) {
  const Tensor &x = node.in(0);
  auto wanted = node.integers(1);
  if (!wanted)
    return std::nullopt;
  bool allowZero = node.intAttr("allowzero", 0) != 0;
  Sizes shape;
  for (auto [i, want] : llvm::enumerate(*wanted)) {
    const SizeExpr *copied = !allowZero && i < x.shape.size() ? &x.shape[i] : nullptr;
    if (fromData(node, want)) {
      shape.push_back(resolve(node, want, copied));
    } else if (want.is(0) && !allowZero) {
      if (!copied) {
        (void)node.badShape("0 at position " + Twine(i) + " copies a size that the input lacks");
        return std::nullopt;
      }
      shape.push_back(*copied);
    } else if (want.is(-1) && !inferred) {
      inferred = i;
      shape.push_back(1);
    } else if (want.constant() && *want.constant() < 0) {
      (void)node.badShape("shape has more than one -1, or another negative entry");
      return std::nullopt;
    } else {
      shape.push_back(want);
    }
  }
  return shape;
}

LogicalResult fovea::onnx_frontend::importReshape(Node &node) {
  auto &sizes = node.sizes;
  std::optional<size_t> inferred;
  auto shape = wantedShape(node, inferred);
  if (!shape)
    return failure();
  SizeExpr total = sizes.product(node.in(0).shape);
  if (inferred) {
    SizeExpr known = sizes.product(*shape);
    if (known.is(0))
      return node.badShape("-1 cannot be inferred beside a 0");
    SizeExpr &missing = (*shape)[*inferred];
    missing = sizes.floorDiv(total, known);
    if (!sizes.overflowed && failed(agree(node, sizes.mul(missing, known), total, "reshape")))
      return failure();
  } else if (llvm::any_of(*shape, [&](const SizeExpr &size) { return fromData(node, size); })) {
    inferAtRunTime(node, *shape, total);
  }
  for (const SizeExpr &size : *shape)
    node.e.requireAtLeast(size, 0);
  *shape = node.importer.withDeclared(node, 0, *shape);
  if (sizes.overflowed || !node.importer.acceptable(tensorOf(node.in(0).dtype, *shape, Value())))
    return node.fail("FV0203", "the result is too large");
  if (!inferred && failed(agree(node, sizes.product(*shape), total, "reshape")))
    return failure();
  return setReshaped(node, *shape);
}

LogicalResult fovea::onnx_frontend::importFlatten(Node &node) {
  const Tensor &x = node.in(0);
  int64_t axis = node.intAttr("axis", 1), rank = x.rank();
  if (axis < -rank || axis > rank)
    return node.badShape("axis " + Twine(axis) + " is outside a tensor of rank " + Twine(rank));
  axis += axis < 0 ? rank : 0;
  ArrayRef<SizeExpr> all(x.shape);
  return setReshaped(
      node, {node.sizes.product(all.take_front(axis)), node.sizes.product(all.drop_front(axis))});
}

/// Axes from the attribute (before opset 13) or input 1; `given` tells whether there are any.
static std::optional<SmallVector<int64_t>> axesOf(Node &node, int64_t rank, bool &given) {
  std::optional<SmallVector<int64_t>> values;
  if (node.opset < 13) {
    values = node.intsAttr("axes");
    given = values.has_value();
  } else if (node.has(1)) {
    given = true;
    values = node.constants(1);
    if (!values)
      return std::nullopt;
  } else {
    given = false;
  }
  return node.axes(values.value_or(SmallVector<int64_t>()), rank);
}

LogicalResult fovea::onnx_frontend::importSqueeze(Node &node) {
  const Tensor &x = node.in(0);
  bool given = false;
  auto axes = axesOf(node, x.rank(), given);
  if (!axes)
    return failure();
  Sizes shape, known = x.shape;
  for (auto [dim, size] : llvm::enumerate(x.shape)) {
    bool dropped = given ? llvm::is_contained(*axes, static_cast<int64_t>(dim)) : size.is(1);
    if (!given && !size.constant())
      return node.unsupported("without axes, all sizes must be static");
    if (!dropped) {
      shape.push_back(size);
      continue;
    }
    if (failed(agree(node, size, 1, "a squeezed axis")))
      return failure();
    known[dim] = 1;
  }
  auto result = tensorOf(x.dtype, shape, Value()).staticShape();
  if (x.isFoldable() && result)
    return setReshaped(node, shape);
  Value source = node.e.cast(node.value(0), node.e.type(x.dtype, known));
  node.set(0, x.dtype, shape, node.e.reshape(source, known, shape));
  return success();
}

LogicalResult fovea::onnx_frontend::importUnsqueeze(Node &node) {
  const Tensor &x = node.in(0);
  bool given = false;
  std::optional<SmallVector<int64_t>> values = node.opset < 13 ? node.intsAttr("axes")
                                               : node.has(1)   ? node.constants(1)
                                                               : std::nullopt;
  if (!values)
    return node.opset < 13 || !node.has(1) ? node.fail("FV0104", "axes are missing") : failure();
  int64_t rank = x.rank() + values->size();
  auto axes = axesOf(node, rank, given);
  if (!axes)
    return failure();
  Sizes shape;
  size_t next = 0;
  for (int64_t dim = 0; dim < rank; ++dim)
    shape.push_back(llvm::is_contained(*axes, dim) ? SizeExpr(1) : x.shape[next++]);
  return setReshaped(node, shape);
}
