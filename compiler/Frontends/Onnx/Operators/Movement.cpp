//===- Movement.cpp - operators that move whole tensors -------------------===//
//
// Transpose, Concat, Split, Tile and Expand.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Onnx/Operators/Operators.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::onnx_frontend;

static SmallVector<Value> yieldFirst(ImplicitLocOpBuilder &, ValueRange args) {
  return {args.front()};
}

LogicalResult fovea::onnx_frontend::importTranspose(Node &node) {
  const Tensor &x = node.in(0);
  int64_t rank = x.rank();
  SmallVector<int64_t> perm = llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(0, rank)));
  if (auto given = node.intsAttr("perm")) {
    auto axes = node.axes(*given, rank);
    if (!axes)
      return failure();
    if (static_cast<int64_t>(axes->size()) != rank)
      return node.badShape("perm has " + Twine(axes->size()) + " entries for rank " + Twine(rank));
    perm = *axes;
  }
  Sizes shape;
  for (int64_t axis : perm)
    shape.push_back(x.shape[axis]);
  if (x.isFoldable()) {
    View view;
    auto strides = rowMajor(*x.staticShape());
    for (int64_t axis : perm) {
      view.shape.push_back(*x.shape[axis].constant());
      view.strides.push_back(strides[axis]);
    }
    if (auto folded = foldView(x, view, node.name)) {
      node.set(0, *folded);
      return success();
    }
  }
  if (llvm::is_sorted(perm)) {
    node.set(0, x);
    return success();
  }
  node.set(0, x.dtype, shape, node.e.transpose(node.value(0), x.shape, perm));
  return success();
}

/// Positions of the elements of the concatenation, in the inputs one after the other.
static SmallVector<int64_t> concatPositions(ArrayRef<const Tensor *> inputs, int64_t axis) {
  int64_t outer = 1;
  for (int64_t i = 0; i < axis; ++i)
    outer *= *inputs.front()->shape[i].constant();
  SmallVector<int64_t> positions;
  for (int64_t row = 0; row < outer; ++row) {
    int64_t base = 0;
    for (const Tensor *tensor : inputs) {
      int64_t count = 1;
      for (const SizeExpr &size : tensor->shape)
        count *= *size.constant();
      int64_t width = count / outer;
      for (int64_t i = 0; i < width; ++i)
        positions.push_back(base + row * width + i);
      base += count;
    }
  }
  return positions;
}

LogicalResult fovea::onnx_frontend::importConcat(Node &node) {
  SmallVector<const Tensor *> inputs;
  for (unsigned i = 0; i < node.inputCount(); ++i) {
    if (!node.has(i))
      return node.fail("FV0104", "input " + Twine(i) + " is missing");
    inputs.push_back(&node.in(i));
    if (inputs.back()->rank() != inputs.front()->rank())
      return node.badShape("inputs differ in rank");
  }
  if (!node.hasAttr("axis"))
    return node.fail("FV0104", "attribute 'axis' is missing");
  auto axis = node.axis(node.intAttr("axis", 0), inputs.front()->rank());
  if (!axis)
    return failure();
  Sizes shape = inputs.front()->shape;
  for (const Tensor *tensor : ArrayRef(inputs).drop_front())
    for (int64_t dim = 0; dim < tensor->rank(); ++dim) {
      SizeExpr &size = shape[dim];
      const SizeExpr &other = tensor->shape[dim];
      if (dim == *axis)
        size = node.sizes.add(size, other);
      else if (failed(agree(node, other, size, "inputs differ beside the axis")))
        return failure();
      else if (other.constant())
        size = other;
    }
  bool foldable = llvm::all_of(inputs, [](const Tensor *tensor) { return tensor->isFoldable(); });
  auto known = tensorOf(inputs.front()->dtype, shape, Value()).staticShape();
  if (foldable && known) {
    auto elements = checkedElements(*known, Dtype::I64);
    if (elements && *elements <= (int64_t(1) << 22) && (*elements > 0 || inputs.size() > 0)) {
      auto positions = *elements == 0 ? SmallVector<int64_t>() : concatPositions(inputs, *axis);
      if (auto folded = foldPick(inputs, positions, *known, node.name)) {
        node.set(0, *folded);
        return success();
      }
    }
  }
  SmallVector<Value> values;
  for (const Tensor *tensor : inputs) {
    Sizes target = shape;
    target[*axis] = tensor->shape[*axis];
    values.push_back(refined(node, *tensor, target));
  }
  if (values.size() == 1) {
    node.set(0, *inputs.front());
    return success();
  }
  node.set(0, inputs.front()->dtype, shape,
           node.e.concat(values, *axis, node.e.type(inputs.front()->dtype, shape)));
  return success();
}

/// Sizes of the parts, from the attribute, the input or the number of outputs.
static std::optional<Integers> splitSizes(Node &node, const SizeExpr &size) {
  auto &sizes = node.sizes;
  if (node.opset >= 13 && node.has(1))
    return node.integers(1);
  if (auto given = node.opset < 13 ? node.intsAttr("split") : std::nullopt)
    return Integers(given->begin(), given->end());
  int64_t parts = node.intAttr("num_outputs", node.outputCount());
  if (parts < 1 || parts != static_cast<int64_t>(node.outputCount())) {
    (void)node.fail("FV0104", "num_outputs is not the number of outputs");
    return std::nullopt;
  }
  Integers result(parts, sizes.ceilDiv(size, parts));
  SizeExpr others = sizes.mul(result.front(), parts - 1);
  result.back() = sizes.sub(size, others);
  if (node.opset < 18) {
    if (!(result.back() == result.front()) && size.constant()) {
      (void)node.badShape("the axis does not split into equal parts");
      return std::nullopt;
    }
    node.e.requireEqual(result.back(), result.front());
    result.back() = result.front();
  } else {
    // ceil(size / parts) * (parts - 1) can exceed the size only for small axes.
    result.back() = sizes.max(result.back(), 0);
  }
  return result;
}

LogicalResult fovea::onnx_frontend::importSplit(Node &node) {
  const Tensor &x = node.in(0);
  auto axis = node.axis(node.intAttr("axis", 0), x.rank());
  auto parts = axis ? splitSizes(node, x.shape[*axis]) : std::nullopt;
  if (!parts)
    return failure();
  if (parts->size() != node.outputCount())
    return node.badShape("split has " + Twine(parts->size()) + " entries for " +
                         Twine(node.outputCount()) + " outputs");
  SizeExpr sum;
  for (const SizeExpr &part : *parts) {
    if (part.constant() && *part.constant() < 0)
      return node.badShape("split has a negative entry");
    node.e.requireAtLeast(part, 0);
    sum = node.sizes.add(sum, part);
  }
  if (failed(agree(node, sum, x.shape[*axis], "split does not add up to the axis")))
    return failure();
  Sizes offsets(x.rank(), SizeExpr(0));
  for (auto [index, part] : llvm::enumerate(*parts)) {
    Sizes shape = x.shape;
    shape[*axis] = part;
    std::optional<Tensor> folded;
    if (x.isFoldable() && part.constant()) {
      auto strides = rowMajor(*x.staticShape());
      View view{*tensorOf(x.dtype, shape, Value()).staticShape(),
                *offsets[*axis].constant() * strides[*axis], strides};
      folded = foldView(x, view, node.name);
    }
    if (folded) {
      node.set(index, *folded);
    } else {
      Sizes start = offsets;
      if (part.is(0))
        start[*axis] = 0;
      node.set(index, x.dtype, shape,
               node.e.slice(node.value(0), start, shape, SmallVector<int64_t>(x.rank(), 1)));
    }
    offsets[*axis] = node.sizes.add(offsets[*axis], part);
  }
  return success();
}

LogicalResult fovea::onnx_frontend::importTile(Node &node) {
  const Tensor &x = node.in(0);
  auto repeats = node.integers(1);
  if (!repeats)
    return failure();
  if (static_cast<int64_t>(repeats->size()) != x.rank())
    return node.badShape("repeats has " + Twine(repeats->size()) + " entries for rank " +
                         Twine(x.rank()));
  Sizes pairs, shape;
  SmallVector<AffineExpr> exprs;
  bool same = true;
  for (auto [dim, repeat] : llvm::enumerate(*repeats)) {
    if (repeat.constant() && *repeat.constant() < 0)
      return node.badShape("repeats has a negative entry");
    node.e.requireAtLeast(repeat, 0);
    same = same && repeat.is(1);
    exprs.push_back(node.e.dim(pairs.size() + 1));
    llvm::append_values(pairs, repeat, x.shape[dim]);
    shape.push_back(node.sizes.mul(repeat, x.shape[dim]));
  }
  if (same) {
    node.set(0, x);
    return success();
  }
  if (!node.importer.acceptable(tensorOf(x.dtype, pairs, Value())))
    return node.fail("FV0203", "the result is too large");
  auto known = tensorOf(x.dtype, pairs, Value()).staticShape();
  if (x.isFoldable() && known && *checkedElements(*known, x.dtype) <= kMaxFolded) {
    View view{*known, 0, {}};
    for (int64_t stride : rowMajor(*x.staticShape()))
      llvm::append_values(view.strides, 0, stride);
    auto tiled = foldView(x, view, node.name);
    auto folded =
        tiled ? foldReshape(*tiled, *tensorOf(x.dtype, shape, Value()).staticShape(), node.name)
              : std::nullopt;
    if (folded) {
      node.set(0, *folded);
      return success();
    }
  }
  Value tiled = node.e.map(node.value(0), node.e.map(pairs.size(), exprs), node.e.type(x.dtype),
                           pairs, yieldFirst);
  Value result = node.e.reshape(tiled, pairs, shape);
  Sizes declared = node.importer.withDeclared(node, 0, shape);
  node.set(0, x.dtype, declared, node.e.cast(result, node.e.type(x.dtype, declared)));
  return success();
}

/// The size that `have` expands to under the wanted size; nothing when it cannot.
static std::optional<SizeExpr> expandedSize(Node &node, const SizeExpr &have,
                                            const SizeExpr &want) {
  if (want.is(1) || have == want)
    return have;
  node.e.requireAtLeast(want, 0);
  return broadcastSize(node, {have, want}, "the shape does not expand");
}

LogicalResult fovea::onnx_frontend::importExpand(Node &node) {
  const Tensor &x = node.in(0);
  auto wanted = node.integers(1);
  if (!wanted)
    return failure();
  size_t rank = std::max(x.shape.size(), wanted->size());
  Sizes shape(rank);
  for (size_t back = 1; back <= rank; ++back) {
    SizeExpr have = back <= x.shape.size() ? x.shape[x.shape.size() - back] : SizeExpr(1);
    SizeExpr want = back <= wanted->size() ? (*wanted)[wanted->size() - back] : SizeExpr(1);
    if (want.constant() && *want.constant() < 0)
      return node.badShape("shape has a negative entry");
    auto size = expandedSize(node, have, want);
    if (!size)
      return failure();
    shape[rank - back] = *size;
  }
  shape = node.importer.withDeclared(node, 0, shape);
  if (!node.importer.acceptable(tensorOf(x.dtype, shape, Value())))
    return node.fail("FV0203", "the result is too large");
  if (shape == x.shape) {
    node.set(0, x);
    return success();
  }
  auto known = tensorOf(x.dtype, shape, Value()).staticShape();
  if (x.isFoldable() && known && *checkedElements(*known, x.dtype) <= kMaxFolded) {
    View view{*known, 0, SmallVector<int64_t, 4>(rank, 0)};
    auto strides = rowMajor(*x.staticShape());
    for (size_t i = 0; i < x.shape.size(); ++i)
      if (!x.shape[i].is(1))
        view.strides[rank - x.shape.size() + i] = strides[i];
    if (auto folded = foldView(x, view, node.name)) {
      node.set(0, *folded);
      return success();
    }
  }
  Value source = refined(node, x, shape);
  node.set(0, x.dtype, shape,
           node.e.map(source, broadcastMap(node.e, x.shape, shape, rank), node.e.type(x.dtype),
                      shape, yieldFirst));
  return success();
}
