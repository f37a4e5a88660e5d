//===- Indexing.cpp - Gather and Scatter families -------------------------===//
//
// Loads and stores at positions that come from data; every position is checked.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Onnx/Operators/Operators.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::onnx_frontend;

using B = ImplicitLocOpBuilder;

static LogicalResult requireIndexType(Node &node, unsigned input) {
  if (isInteger(node.in(input).dtype))
    return success();
  return node.fail("FV0202", "input " + Twine(input) + " must be an integer tensor");
}

/// Gather of elements that are known, at known positions.
static FailureOr<std::optional<Tensor>> foldGather(Node &node, int64_t axis, const Sizes &shape) {
  using Result = FailureOr<std::optional<Tensor>>;
  const Tensor &x = node.in(0), &indices = node.in(1);
  auto known = tensorOf(x.dtype, shape, Value()).staticShape();
  if (!x.isFoldable() || !indices.constant || !known ||
      *checkedElements(*known, x.dtype) > kMaxFolded)
    return std::optional<Tensor>();
  int64_t extent = *x.shape[axis].constant(), inner = 1, outer = 1;
  for (int64_t dim = 0; dim < x.rank(); ++dim)
    (dim < axis ? outer : inner) *= dim == axis ? 1 : *x.shape[dim].constant();
  SmallVector<int64_t> positions;
  for (int64_t row = 0; row < outer; ++row)
    for (int64_t i = 0; i < indices.constant->elements(); ++i) {
      int64_t index = indices.constant->integerAt(i);
      if (index < -extent || index >= extent)
        return Result(node.badShape("index " + Twine(index) + " is outside an axis of size " +
                                    Twine(extent)));
      index += index < 0 ? extent : 0;
      for (int64_t j = 0; j < inner; ++j)
        positions.push_back((row * extent + index) * inner + j);
    }
  return foldPick({&x}, positions, *known, node.name);
}

/// One known position: a slice.
static LogicalResult gatherSlice(Node &node, int64_t axis, const Sizes &shape) {
  const Tensor &x = node.in(0);
  auto &sizes = node.sizes;
  int64_t index = node.in(1).constant->integerAt(0);
  SizeExpr place = index < 0 ? sizes.add(x.shape[axis], index) : SizeExpr(index);
  if (place.constant() && x.shape[axis].constant() &&
      (*place.constant() < 0 || *place.constant() >= *x.shape[axis].constant()))
    return node.badShape("index " + Twine(index) + " is outside the axis");
  node.e.requireAtLeast(x.shape[axis], index < 0 ? -index : index + 1);
  Sizes offsets(x.rank(), SizeExpr(0)), extents = x.shape;
  offsets[axis] = place;
  extents[axis] = 1;
  Value part = node.e.slice(node.value(0), offsets, extents, SmallVector<int64_t>(x.rank(), 1));
  node.set(0, x.dtype, shape, node.e.reshape(part, extents, shape));
  return success();
}

LogicalResult fovea::onnx_frontend::importGather(Node &node) {
  const Tensor &x = node.in(0), &indices = node.in(1);
  auto axis = node.axis(node.intAttr("axis", 0), x.rank());
  if (!axis || failed(requireIndexType(node, 1)))
    return failure();
  Sizes shape(x.shape.begin(), x.shape.begin() + *axis);
  llvm::append_range(shape, indices.shape);
  shape.append(x.shape.begin() + *axis + 1, x.shape.end());
  if (!node.importer.acceptable(tensorOf(x.dtype, shape, Value())))
    return node.fail("FV0203", "the result is too large");
  auto folded = foldGather(node, *axis, shape);
  if (failed(folded))
    return failure();
  if (*folded) {
    node.set(0, **folded);
    return success();
  }
  int64_t far = int64_t(1) << 40;
  if (indices.constant && indices.constant->elements() == 1 &&
      indices.constant->integerAt(0) > -far && indices.constant->integerAt(0) < far)
    return gatherSlice(node, *axis, shape);
  SmallVector<AffineExpr> exprs;
  for (int64_t dim = 0; dim < indices.rank(); ++dim)
    exprs.push_back(node.e.dim(*axis + dim));
  Value source = node.value(0), extent = node.e.index(x.shape[*axis]);
  Value result =
      node.e.map(node.value(1), node.e.map(shape.size(), exprs), node.e.type(x.dtype), shape,
                 [&](B &b, ValueRange args) -> SmallVector<Value> {
                   SmallVector<Value> place;
                   for (int64_t dim = 0; dim < x.rank(); ++dim) {
                     if (dim == *axis)
                       place.push_back(checkedIndex(b, args[0], extent, node.name, indices.dtype));
                     else
                       place.push_back(linalg::IndexOp::create(
                           b, dim < *axis ? dim : dim + indices.rank() - 1));
                   }
                   return {tensor::ExtractOp::create(b, source, place)};
                 });
  node.set(0, x.dtype, shape, result);
  return success();
}

/// Checks that `small` lies within `large` on every axis but one.
static LogicalResult requireWithin(Node &node, const Sizes &small, const Sizes &large,
                                   int64_t except) {
  for (size_t dim = 0; dim < small.size(); ++dim) {
    if (static_cast<int64_t>(dim) == except || small[dim] == large[dim])
      continue;
    if (small[dim].constant() && large[dim].constant()) {
      if (*small[dim].constant() > *large[dim].constant())
        return node.badShape("indices are larger than the data on axis " + Twine(dim));
      continue;
    }
    node.e.requireAtLeast(large[dim], small[dim]);
  }
  return success();
}

LogicalResult fovea::onnx_frontend::importGatherElements(Node &node) {
  const Tensor &x = node.in(0), &indices = node.in(1);
  auto axis = node.axis(node.intAttr("axis", 0), x.rank());
  if (!axis || failed(requireIndexType(node, 1)))
    return failure();
  if (indices.rank() != x.rank())
    return node.badShape("indices and data differ in rank");
  if (failed(requireWithin(node, indices.shape, x.shape, *axis)))
    return failure();
  Value source = node.value(0), extent = node.e.index(x.shape[*axis]);
  Value result = node.e.map(
      node.value(1), node.e.identity(x.rank()), node.e.type(x.dtype), indices.shape,
      [&](B &b, ValueRange args) -> SmallVector<Value> {
        SmallVector<Value> place;
        for (int64_t dim = 0; dim < x.rank(); ++dim)
          place.push_back(dim == *axis ? checkedIndex(b, args[0], extent, node.name, indices.dtype)
                                       : linalg::IndexOp::create(b, dim).getResult());
        return {tensor::ExtractOp::create(b, source, place)};
      });
  node.set(0, x.dtype, indices.shape, result);
  return success();
}

/// Number of coordinates in the last axis of indices; nothing, with a problem, when unfit.
static std::optional<int64_t> coordinates(Node &node, const Tensor &indices, int64_t most) {
  if (indices.rank() < 1 || !indices.shape.back().constant()) {
    (void)node.badShape("indices must have a last axis of known size");
    return std::nullopt;
  }
  int64_t count = *indices.shape.back().constant();
  if (count >= 1 && count <= most)
    return count;
  (void)node.badShape("the last axis of indices has size " + Twine(count) + ", 1 to " +
                      Twine(most) + " are possible");
  return std::nullopt;
}

LogicalResult fovea::onnx_frontend::importGatherND(Node &node) {
  const Tensor &x = node.in(0), &indices = node.in(1);
  int64_t batch = node.intAttr("batch_dims", 0);
  if (failed(requireIndexType(node, 1)))
    return failure();
  if (batch < 0 || batch >= std::min(x.rank(), indices.rank()))
    return node.badShape("batch_dims " + Twine(batch) + " is out of range");
  auto count = coordinates(node, indices, x.rank() - batch);
  if (!count)
    return failure();
  for (int64_t dim = 0; dim < batch; ++dim)
    if (failed(agree(node, indices.shape[dim], x.shape[dim], "batch dimensions")))
      return failure();
  Sizes shape(indices.shape.begin(), indices.shape.end() - 1);
  int64_t prefix = shape.size();
  shape.append(x.shape.begin() + batch + *count, x.shape.end());
  SmallVector<Value> extents, lanes;
  for (int64_t i = 0; i < *count; ++i) {
    extents.push_back(node.e.index(x.shape[batch + i]));
    lanes.push_back(node.e.constantIndex(i));
  }
  Value source = node.value(0), list = node.value(1);
  Value result =
      node.e.map({}, {}, node.e.type(x.dtype), shape, [&](B &b, ValueRange) -> SmallVector<Value> {
        SmallVector<Value> row, place;
        for (int64_t dim = 0; dim < prefix; ++dim)
          row.push_back(linalg::IndexOp::create(b, dim));
        place.assign(row.begin(), row.begin() + batch);
        row.push_back(Value());
        for (int64_t i = 0; i < *count; ++i) {
          row.back() = lanes[i];
          Value element = tensor::ExtractOp::create(b, list, row);
          place.push_back(checkedIndex(b, element, extents[i], node.name, indices.dtype));
        }
        for (int64_t dim = prefix; dim < static_cast<int64_t>(shape.size()); ++dim)
          place.push_back(linalg::IndexOp::create(b, dim));
        return {tensor::ExtractOp::create(b, source, place)};
      });
  node.set(0, x.dtype, shape, result);
  return success();
}

/// Loops over all of `extents` that carry one tensor.
static Value loops(Node &node, ArrayRef<Value> extents, Value init,
                   llvm::function_ref<Value(B &, ArrayRef<Value>, Value)> body) {
  Value zero = node.e.constantIndex(0), one = node.e.constantIndex(1);
  SmallVector<Value> counters;
  std::function<Value(B &, Value)> nest = [&](B &b, Value carried) -> Value {
    if (counters.size() == extents.size())
      return body(b, counters, carried);
    auto loop =
        scf::ForOp::create(b, zero, extents[counters.size()], one, carried,
                           [&](OpBuilder &inner, Location loc, Value counter, ValueRange args) {
                             B nested(loc, inner);
                             counters.push_back(counter);
                             Value next = nest(nested, args.front());
                             counters.pop_back();
                             scf::YieldOp::create(nested, next);
                           });
    return loop.getResult(0);
  };
  return nest(node.b, init);
}

/// The combination of an old and a new element; nothing when the new one replaces the old.
static FailureOr<std::optional<Binary>> reductionOf(Node &node) {
  std::string name = node.stringAttr("reduction", "none");
  if (name == "none")
    return std::optional<Binary>();
  auto result = llvm::StringSwitch<std::optional<Binary>>(name)
                    .Case("add", Binary::Add)
                    .Case("mul", Binary::Mul)
                    .Case("max", Binary::Max)
                    .Case("min", Binary::Min)
                    .Default(std::nullopt);
  if (!result || node.in(0).dtype == Dtype::Bool)
    return FailureOr<std::optional<Binary>>(
        node.unsupported("reduction = '" + name + "' is not supported"));
  return result;
}

/// `target` with the element at `place` replaced by, or combined with, `element`.
static Value stored(B &b, Dtype dtype, std::optional<Binary> reduction, Value target,
                    ArrayRef<Value> place, Value element) {
  if (reduction)
    element =
        emitBinary(b, *reduction, dtype, tensor::ExtractOp::create(b, target, place), element);
  return tensor::InsertOp::create(b, element, target, place);
}

LogicalResult fovea::onnx_frontend::importScatterElements(Node &node) {
  const Tensor &x = node.in(0), &indices = node.in(1), &updates = node.in(2);
  auto axis = node.axis(node.intAttr("axis", 0), x.rank());
  auto reduction = reductionOf(node);
  if (!axis || failed(reduction) || failed(requireIndexType(node, 1)))
    return failure();
  if (indices.rank() != x.rank() || updates.rank() != x.rank())
    return node.badShape("data, indices and updates differ in rank");
  for (int64_t dim = 0; dim < x.rank(); ++dim)
    if (failed(agree(node, updates.shape[dim], indices.shape[dim], "updates and indices")))
      return failure();
  if (failed(requireWithin(node, indices.shape, x.shape, *axis)))
    return failure();
  SmallVector<Value> extents;
  for (const SizeExpr &size : indices.shape)
    extents.push_back(node.e.index(size));
  Value extent = node.e.index(x.shape[*axis]), list = node.value(1), news = node.value(2);
  Value result =
      loops(node, extents, node.value(0), [&](B &b, ArrayRef<Value> at, Value carried) -> Value {
        SmallVector<Value> place(at);
        place[*axis] = checkedIndex(b, tensor::ExtractOp::create(b, list, at), extent, node.name,
                                    indices.dtype);
        return stored(b, x.dtype, *reduction, carried, place,
                      tensor::ExtractOp::create(b, news, at));
      });
  node.set(0, x.dtype, x.shape, result);
  return success();
}

LogicalResult fovea::onnx_frontend::importScatterND(Node &node) {
  const Tensor &x = node.in(0), &indices = node.in(1), &updates = node.in(2);
  auto reduction = reductionOf(node);
  if (failed(reduction) || failed(requireIndexType(node, 1)))
    return failure();
  auto count = coordinates(node, indices, x.rank());
  if (!count)
    return failure();
  Sizes wanted(indices.shape.begin(), indices.shape.end() - 1);
  int64_t prefix = wanted.size();
  wanted.append(x.shape.begin() + *count, x.shape.end());
  if (wanted.size() != updates.shape.size())
    return node.badShape("updates have rank " + Twine(updates.rank()) + ", " +
                         Twine(wanted.size()) + " is needed");
  SmallVector<Value> loopExtents, bounds, lanes;
  for (auto [dim, size] : llvm::enumerate(wanted)) {
    if (failed(agree(node, updates.shape[dim], size, "updates")))
      return failure();
    loopExtents.push_back(node.e.index(size));
  }
  for (int64_t i = 0; i < *count; ++i) {
    bounds.push_back(node.e.index(x.shape[i]));
    lanes.push_back(node.e.constantIndex(i));
  }
  Value list = node.value(1), news = node.value(2);
  Value result = loops(
      node, loopExtents, node.value(0), [&](B &b, ArrayRef<Value> at, Value carried) -> Value {
        SmallVector<Value> row(at.take_front(prefix)), place;
        row.push_back(Value());
        for (int64_t i = 0; i < *count; ++i) {
          row.back() = lanes[i];
          Value element = tensor::ExtractOp::create(b, list, row);
          place.push_back(checkedIndex(b, element, bounds[i], node.name, indices.dtype));
        }
        llvm::append_range(place, at.drop_front(prefix));
        return stored(b, x.dtype, *reduction, carried, place,
                      tensor::ExtractOp::create(b, news, at));
      });
  node.set(0, x.dtype, x.shape, result);
  return success();
}
