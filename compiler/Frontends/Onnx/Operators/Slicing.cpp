//===- Slicing.cpp - Slice and Pad ----------------------------------------===//
//
// Parts and extensions of tensors along axes, with bounds that may depend on the run.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Onnx/Operators/Operators.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::onnx_frontend;

/// Beyond every size: bounds such as INT64_MAX mean "to the end".
static constexpr int64_t kFar = int64_t(1) << 40;

/// `position`, counted from the end when negative, for an axis of that size.
static SizeExpr fromStart(Node &node, const SizeExpr &position, const SizeExpr &size) {
  auto &sizes = node.sizes;
  if (auto value = position.constant()) {
    if (*value >= kFar)
      return size;
    if (*value <= -kFar)
      return -kFar;
    return *value < 0 ? sizes.add(size, *value) : position;
  }
  if (auto low = sizes.least(position); low && *low >= 0)
    return position;
  auto &b = node.b;
  Value value = node.e.index(position);
  Value negative =
      arith::CmpIOp::create(b, arith::CmpIPredicate::slt, value, node.e.constantIndex(0));
  Value shifted = arith::AddIOp::create(b, value, node.e.index(size));
  return sizes.value(arith::SelectOp::create(b, negative, shifted, value));
}

static SizeExpr clampSize(SizeContext &sizes, const SizeExpr &value, const SizeExpr &low,
                          const SizeExpr &high) {
  return sizes.min(sizes.max(value, low), high);
}

namespace {
struct SliceAxis {
  SizeExpr start = 0, extent;
  SizeExpr step = 1;
};
} // namespace

/// First element and number of elements of start:end:step.
static SliceAxis sliceAxis(Node &node, const SizeExpr &size, const SizeExpr &start,
                           const SizeExpr &end, const SizeExpr &step, bool forwards) {
  auto &sizes = node.sizes;
  SliceAxis result;
  result.step = step;
  SizeExpr last = sizes.sub(size, 1);
  if (forwards) {
    result.start = clampSize(sizes, fromStart(node, start, size), 0, size);
    SizeExpr stop = clampSize(sizes, fromStart(node, end, size), 0, size);
    SizeExpr distance = sizes.max(sizes.sub(stop, result.start), 0);
    result.extent = sizes.ceilDiv(distance, step);
    return result;
  }
  result.start = clampSize(sizes, fromStart(node, start, size), 0, last);
  SizeExpr stop = clampSize(sizes, fromStart(node, end, size), -1, last);
  SizeExpr distance = sizes.max(sizes.sub(result.start, stop), 0);
  result.extent = sizes.ceilDiv(distance, sizes.sub(0, step));
  return result;
}

/// The same with a step whose sign only the run knows.
static SliceAxis sliceEitherWay(Node &node, const SizeExpr &size, const SizeExpr &start,
                                const SizeExpr &end, const SizeExpr &step) {
  auto &b = node.b;
  Value value = node.e.index(step), zero = node.e.constantIndex(0);
  node.e.require(arith::CmpIOp::create(b, arith::CmpIPredicate::ne, value, zero), value, zero,
                 Fault::Parameter);
  Value positive = arith::CmpIOp::create(b, arith::CmpIPredicate::sgt, value, zero);
  Value low = node.e.constantIndex(-kFar), high = node.e.constantIndex(kFar);
  value = arith::MinSIOp::create(b, arith::MaxSIOp::create(b, value, low), high);
  SizeExpr bounded = node.sizes.value(value);
  SliceAxis forwards = sliceAxis(node, size, start, end, bounded, true);
  SliceAxis backwards = sliceAxis(node, size, start, end, bounded, false);
  auto either = [&](const SizeExpr &yes, const SizeExpr &no, std::optional<int64_t> least) {
    return node.sizes.value(
        arith::SelectOp::create(b, positive, node.e.index(yes), node.e.index(no)), least);
  };
  SliceAxis result;
  result.step = bounded;
  result.start = either(forwards.start, backwards.start, std::nullopt);
  // Each way's number of elements is negative or wrong where the step goes the other way.
  result.extent = either(forwards.extent, backwards.extent, 0);
  return result;
}

namespace {
struct SliceParameters {
  Integers starts, ends, steps;
  SmallVector<int64_t> axes;
};
} // namespace

static std::optional<SliceParameters> sliceParameters(Node &node) {
  SliceParameters result;
  int64_t rank = node.in(0).rank();
  SmallVector<int64_t> axes;
  if (node.opset < 10) {
    auto starts = node.intsAttr("starts"), ends = node.intsAttr("ends");
    if (!starts || !ends) {
      (void)node.fail("FV0104", "attributes 'starts' and 'ends' are needed");
      return std::nullopt;
    }
    result.starts.assign(starts->begin(), starts->end());
    result.ends.assign(ends->begin(), ends->end());
    axes = node.intsAttr("axes").value_or(
        llvm::to_vector(llvm::seq<int64_t>(0, result.starts.size())));
  } else {
    if (!node.has(1) || !node.has(2)) {
      (void)node.fail("FV0104", "inputs 1 and 2 are needed");
      return std::nullopt;
    }
    auto starts = node.integers(1), ends = node.integers(2);
    auto given =
        node.has(3)
            ? node.constants(3)
            : std::optional(llvm::to_vector(llvm::seq<int64_t>(0, starts ? starts->size() : 0)));
    auto steps = node.has(4) ? node.integers(4)
                             : std::optional(Integers(starts ? starts->size() : 0, SizeExpr(1)));
    if (!starts || !ends || !given || !steps)
      return std::nullopt;
    result.starts = *starts;
    result.ends = *ends;
    result.steps = *steps;
    axes = *given;
  }
  if (node.opset < 10)
    result.steps.assign(result.starts.size(), SizeExpr(1));
  size_t count = result.starts.size();
  if (result.ends.size() != count || axes.size() != count || result.steps.size() != count ||
      llvm::any_of(result.steps, [](const SizeExpr &step) { return step.is(0); })) {
    (void)node.badShape("starts, ends, axes and steps differ in length, or a step is 0");
    return std::nullopt;
  }
  auto places = node.axes(axes, rank);
  if (!places)
    return std::nullopt;
  result.axes = *places;
  return result;
}

/// Elements start + i * step of every axis, by loads: for negative steps.
static Value sliceByLoads(Node &node, ArrayRef<SliceAxis> axes, const Sizes &shape) {
  SmallVector<Value> starts, steps;
  for (const SliceAxis &axis : axes) {
    starts.push_back(node.e.index(axis.start));
    steps.push_back(node.e.index(axis.step));
  }
  Value source = node.value(0);
  return node.e.map({}, {}, node.e.type(node.in(0).dtype), shape,
                    [&](ImplicitLocOpBuilder &b, ValueRange) -> SmallVector<Value> {
                      SmallVector<Value> indices;
                      for (size_t dim = 0; dim < axes.size(); ++dim) {
                        Value index = linalg::IndexOp::create(b, dim);
                        Value offset = arith::MulIOp::create(b, index, steps[dim]);
                        indices.push_back(arith::AddIOp::create(b, starts[dim], offset));
                      }
                      return {tensor::ExtractOp::create(b, source, indices)};
                    });
}

LogicalResult fovea::onnx_frontend::importSlice(Node &node) {
  const Tensor &x = node.in(0);
  auto parameters = sliceParameters(node);
  if (!parameters)
    return failure();
  SmallVector<SliceAxis> axes(x.rank());
  for (auto [axis, size] : llvm::zip_equal(axes, x.shape))
    axis.extent = size;
  for (auto [i, place] : llvm::enumerate(parameters->axes)) {
    const SizeExpr &start = parameters->starts[i], &end = parameters->ends[i];
    auto step = parameters->steps[i].constant();
    axes[place] = step ? sliceAxis(node, x.shape[place], start, end, std::clamp(*step, -kFar, kFar),
                                   *step > 0)
                       : sliceEitherWay(node, x.shape[place], start, end, parameters->steps[i]);
  }
  Sizes shape, starts;
  SmallVector<int64_t> steps;
  bool backwards = false;
  for (SliceAxis &axis : axes) {
    if (axis.extent.is(0))
      axis.start = 0;
    if (axis.extent.is(0) || axis.extent.is(1))
      axis.step = 1;
    shape.push_back(axis.extent);
    starts.push_back(axis.start);
    // Views have steps that are known and positive.
    steps.push_back(axis.step.constant().value_or(-1));
    backwards = backwards || steps.back() < 0;
  }
  auto known = tensorOf(x.dtype, shape, Value()).staticShape();
  bool stepsKnown = llvm::all_of(axes, [](const SliceAxis &axis) { return axis.step.constant(); });
  if (x.isFoldable() && known && stepsKnown) {
    View view{*known, 0, rowMajor(*x.staticShape())};
    for (auto [stride, axis] : llvm::zip_equal(view.strides, axes)) {
      view.offset += *axis.start.constant() * stride;
      stride *= *axis.step.constant();
    }
    if (auto folded = foldView(x, view, node.name)) {
      node.set(0, *folded);
      return success();
    }
  }
  if (shape == x.shape && !backwards) {
    node.set(0, x);
    return success();
  }
  Sizes declared = node.importer.withDeclared(node, 0, shape);
  Value result = backwards ? sliceByLoads(node, axes, declared)
                           : node.e.slice(node.value(0), starts, declared, steps);
  node.set(0, x.dtype, declared, result);
  return success();
}

namespace {
struct Pads {
  Sizes low, high;
};
} // namespace

static std::optional<Pads> readPads(Node &node, int64_t rank) {
  Integers given;
  if (node.opset < 11) {
    auto attribute = node.intsAttr("pads");
    if (attribute)
      given.assign(attribute->begin(), attribute->end());
  } else if (node.has(1)) {
    auto input = node.integers(1);
    if (!input)
      return std::nullopt;
    given = *input;
  }
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  if (node.has(3)) {
    auto input = node.constants(3);
    auto places = input ? node.axes(*input, rank) : std::nullopt;
    if (!places)
      return std::nullopt;
    axes = *places;
  }
  if (given.size() != 2 * axes.size()) {
    (void)node.badShape("pads has " + Twine(given.size()) + " entries for " + Twine(axes.size()) +
                        " axes");
    return std::nullopt;
  }
  Pads result{Sizes(rank, SizeExpr(0)), Sizes(rank, SizeExpr(0))};
  for (auto [i, axis] : llvm::enumerate(axes)) {
    result.low[axis] = given[i];
    result.high[axis] = given[axes.size() + i];
  }
  return result;
}

/// The scalar that constant mode fills in.
static FailureOr<Value> padValue(Node &node) {
  Dtype dtype = node.in(0).dtype;
  if (node.opset < 11 || !node.has(2)) {
    double value = node.opset < 11 ? node.floatAttr("value", 0) : 0;
    return node.e.scalar(dtype, value);
  }
  const Tensor &value = node.in(2);
  auto shape = value.staticShape();
  if (value.dtype != dtype || !shape || checkedElements(*shape, dtype) != 1)
    return FailureOr<Value>(
        node.badShape("the padding value must be a scalar of the input's type"));
  if (value.constant)
    return isFloat(dtype)
               ? node.e.scalar(dtype, value.constant->numberAt(0))
               : Emitter::integer(node.b, node.e.type(dtype), value.constant->integerAt(0));
  SmallVector<Value> indices(value.rank(), node.e.constantIndex(0));
  return node.e.extract(node.value(2), indices);
}

/// Negative pads crop, then the others extend.
static LogicalResult padConstant(Node &node, const Pads &pads, const Sizes &shape) {
  const Tensor &x = node.in(0);
  auto &sizes = node.sizes;
  Sizes offsets, extents, low, high;
  for (auto [dim, size] : llvm::enumerate(x.shape)) {
    for (const SizeExpr &pad : {pads.low[dim], pads.high[dim]})
      if (!pad.constant())
        node.e.requireAtLeast(pad, 0);
    auto part = [&](const SizeExpr &pad, bool positive) -> SizeExpr {
      if (!pad.constant())
        return positive ? pad : SizeExpr(0);
      return positive ? std::max<int64_t>(*pad.constant(), 0)
                      : std::max<int64_t>(-*pad.constant(), 0);
    };
    offsets.push_back(part(pads.low[dim], false));
    extents.push_back(sizes.sub(sizes.sub(size, offsets.back()), part(pads.high[dim], false)));
    if (extents.back().constant() && *extents.back().constant() < 0)
      return node.badShape("pads crop more than there is");
    low.push_back(part(pads.low[dim], true));
    high.push_back(part(pads.high[dim], true));
  }
  Value source = node.value(0);
  if (extents != x.shape) {
    for (auto [offset, extent] : llvm::zip_equal(offsets, extents)) {
      if (!extent.constant())
        node.e.requireAtLeast(extent, 0);
      if (extent.is(0))
        offset = 0;
    }
    source = node.e.slice(source, offsets, extents, SmallVector<int64_t>(x.rank(), 1));
  }
  FailureOr<Value> value = padValue(node);
  if (failed(value))
    return failure();
  if (extents == shape) {
    node.set(0, x.dtype, shape, source);
    return success();
  }
  Value padded = tensor::PadOp::create(node.b, RankedTensorType(), source, node.e.foldable(low),
                                       node.e.foldable(high), *value);
  node.set(0, x.dtype, shape, node.e.cast(padded, node.e.type(x.dtype, shape)));
  return success();
}

/// Source position of position `index` (which may be negative or behind the end) of an axis.
static Value sourceIndex(ImplicitLocOpBuilder &b, StringRef mode, Value index, Value size,
                         Value zero, Value one) {
  Value last = arith::SubIOp::create(b, size, one);
  if (mode == "edge")
    return arith::MinSIOp::create(b, arith::MaxSIOp::create(b, index, zero), last);
  Value period = size;
  if (mode == "reflect") {
    Value twice = arith::AddIOp::create(b, last, last);
    period = arith::MaxSIOp::create(b, twice, one);
  }
  Value rest = arith::RemSIOp::create(b, index, period);
  Value negative = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, rest, zero);
  Value place = arith::SelectOp::create(b, negative, arith::AddIOp::create(b, rest, period), rest);
  if (mode == "wrap")
    return place;
  return arith::MinSIOp::create(b, place, arith::SubIOp::create(b, period, place));
}

static LogicalResult padByLoads(Node &node, const Pads &pads, const Sizes &shape, StringRef mode) {
  const Tensor &x = node.in(0);
  SmallVector<Value> lows, extents;
  Value zero = node.e.constantIndex(0), one = node.e.constantIndex(1);
  for (auto [dim, size] : llvm::enumerate(x.shape)) {
    bool padded = !pads.low[dim].is(0) || !pads.high[dim].is(0);
    if (padded && size.is(0) && !shape[dim].is(0))
      return node.badShape("an empty axis cannot be extended");
    if (padded)
      node.e.requireAtLeast(size, 1);
    lows.push_back(padded ? node.e.index(pads.low[dim]) : Value());
    extents.push_back(node.e.index(size));
  }
  Value source = node.value(0);
  Value result =
      node.e.map({}, {}, node.e.type(x.dtype), shape,
                 [&](ImplicitLocOpBuilder &b, ValueRange) -> SmallVector<Value> {
                   SmallVector<Value> indices;
                   for (size_t dim = 0; dim < lows.size(); ++dim) {
                     Value index = linalg::IndexOp::create(b, dim);
                     if (lows[dim])
                       index = sourceIndex(b, mode, arith::SubIOp::create(b, index, lows[dim]),
                                           extents[dim], zero, one);
                     indices.push_back(index);
                   }
                   return {tensor::ExtractOp::create(b, source, indices)};
                 });
  node.set(0, x.dtype, shape, result);
  return success();
}

LogicalResult fovea::onnx_frontend::importPad(Node &node) {
  const Tensor &x = node.in(0);
  std::string mode = node.stringAttr("mode", "constant");
  if (mode != "constant" && mode != "reflect" && mode != "edge" && mode != "wrap")
    return node.unsupported("mode '" + mode + "' is not supported");
  auto pads = readPads(node, x.rank());
  if (!pads)
    return failure();
  Sizes shape;
  for (auto [dim, size] : llvm::enumerate(x.shape)) {
    SizeExpr extent = node.sizes.add(size, node.sizes.add(pads->low[dim], pads->high[dim]));
    if (extent.constant() && *extent.constant() < 0)
      return node.badShape("pads crop more than there is");
    if (!extent.constant())
      node.e.requireAtLeast(extent, 0);
    shape.push_back(extent);
  }
  shape = node.importer.withDeclared(node, 0, shape);
  if (node.sizes.overflowed || !node.importer.acceptable(tensorOf(x.dtype, shape, Value())))
    return node.fail("FV0203", "the result is too large");
  return mode == "constant" ? padConstant(node, *pads, shape)
                            : padByLoads(node, *pads, shape, mode);
}
