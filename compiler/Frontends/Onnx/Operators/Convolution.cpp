//===- Convolution.cpp - Conv as a contraction ----------------------------===//
//
// A convolution is a contraction over padded input whose input map is (n, c, o * s + k * d).
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Onnx/Operators/Windows.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::onnx_frontend;

/// Strides, dilations and kernels beyond this are refused: products must not overflow.
static constexpr int64_t kMaxWindow = int64_t(1) << 31;

/// A list attribute with one positive entry per axis.
static std::optional<SmallVector<int64_t>> positiveList(Node &node, StringRef name, size_t count) {
  auto list = node.intsAttr(name).value_or(SmallVector<int64_t>(count, 1));
  bool good = list.size() == count &&
              llvm::all_of(list, [](int64_t value) { return value >= 1 && value < kMaxWindow; });
  if (good)
    return list;
  (void)node.fail("FV0104", "attribute '" + name + "' needs " + Twine(count) + " positive entries");
  return std::nullopt;
}

/// Checks the sizes of a window, in the run where only that knows them.
static LogicalResult checkKernel(Node &node, ArrayRef<SizeExpr> kernel) {
  for (const SizeExpr &size : kernel) {
    auto known = size.constant();
    if (known && (*known < 1 || *known >= kMaxWindow))
      return node.fail("FV0104", "a window has size " + Twine(*known));
    node.e.requireAtLeast(size, 1);
    node.e.requireAtLeast(kMaxWindow - 1, size);
  }
  return success();
}

/// Pads and output size of one axis under auto_pad SAME.
static void padSame(Node &node, Windows &windows, const SizeExpr &size, const SizeExpr &reach,
                    int64_t stride, bool upper) {
  auto &sizes = node.sizes;
  SizeExpr output = sizes.ceilDiv(size, stride);
  SizeExpr needed = sizes.add(sizes.mul(sizes.sub(output, 1), stride), reach);
  SizeExpr total = sizes.max(sizes.sub(needed, size), 0);
  SizeExpr less = sizes.floorDiv(total, 2), more = sizes.sub(total, less);
  windows.low.push_back(upper ? less : more);
  windows.high.push_back(upper ? more : less);
  windows.outputs.push_back(output);
}

std::optional<Windows> fovea::onnx_frontend::readWindows(Node &node, ArrayRef<SizeExpr> kernel,
                                                         bool pooling) {
  auto &sizes = node.sizes;
  size_t count = kernel.size();
  Windows result;
  auto strides = positiveList(node, "strides", count);
  auto dilations = positiveList(node, "dilations", count);
  std::string mode = node.stringAttr("auto_pad", "NOTSET");
  auto pads = node.intsAttr("pads").value_or(SmallVector<int64_t>(2 * count, 0));
  if (!strides || !dilations || failed(checkKernel(node, kernel)))
    return std::nullopt;
  bool same = mode == "SAME_UPPER" || mode == "SAME_LOWER";
  if ((!same && mode != "NOTSET" && mode != "VALID") || pads.size() != 2 * count ||
      llvm::any_of(pads, [](int64_t pad) { return pad < 0 || pad >= kMaxWindow; })) {
    (void)node.fail("FV0104", "pads or auto_pad are out of range");
    return std::nullopt;
  }
  result.strides = *strides;
  result.dilations = *dilations;
  bool ceiling = pooling && node.intAttr("ceil_mode", 0) != 0;
  for (size_t i = 0; i < count; ++i) {
    const SizeExpr &size = node.in(0).shape[2 + i];
    SizeExpr reach = sizes.add(sizes.mul(sizes.sub(kernel[i], 1), (*dilations)[i]), 1);
    if (reach.constant() && *reach.constant() > (int64_t(1) << 40)) {
      (void)node.fail("FV0203", "the window is too large");
      return std::nullopt;
    }
    if (same) {
      padSame(node, result, size, reach, (*strides)[i], mode == "SAME_UPPER");
      continue;
    }
    bool none = mode == "VALID";
    result.low.push_back(none ? 0 : pads[i]);
    result.high.push_back(none ? 0 : pads[count + i]);
    SizeExpr room = sizes.sub(sizes.add(size, sizes.add(result.low[i], result.high[i])), reach);
    if (room.constant() && *room.constant() < 0) {
      (void)node.badShape("the window is larger than the padded input");
      return std::nullopt;
    }
    node.e.requireAtLeast(room, 0);
    SizeExpr output = sizes.add(sizes.floorDiv(room, (*strides)[i]), 1);
    sizes.assume(output, 1);
    if (ceiling) {
      // A window that would start behind the input and its low pad does not count.
      SizeExpr most =
          sizes.add(sizes.floorDiv(sizes.sub(sizes.add(size, result.low[i]), 1), (*strides)[i]), 1);
      output = sizes.min(sizes.add(sizes.ceilDiv(room, (*strides)[i]), 1), most);
    }
    result.outputs.push_back(output);
  }
  return result;
}

/// Input 0 with zeros around its spatial axes.
static Tensor padded(Node &node, const Windows &windows) {
  const Tensor &x = node.in(0);
  Sizes low(2, SizeExpr(0)), high(2, SizeExpr(0)), shape = x.shape;
  bool any = false;
  for (size_t i = 0; i < windows.low.size(); ++i) {
    low.push_back(windows.low[i]);
    high.push_back(windows.high[i]);
    shape[2 + i] = node.sizes.add(shape[2 + i], node.sizes.add(windows.low[i], windows.high[i]));
    any = any || !windows.low[i].is(0) || !windows.high[i].is(0);
  }
  if (!any)
    return x;
  Value zero = node.e.scalar(x.dtype, 0);
  Value result = tensor::PadOp::create(node.b, RankedTensorType(), node.value(0),
                                       node.e.foldable(low), node.e.foldable(high), zero);
  return tensorOf(x.dtype, shape, node.e.cast(result, node.e.type(x.dtype, shape)));
}

namespace {
/// Sizes and maps of one convolution; the group is a dimension of its own unless it is 1.
struct ConvForm {
  int64_t groups = 1;
  Sizes input, weights, output;
  AffineMap inputMap, weightMap, biasMap, outputMap;
};
} // namespace

/// Dimensions: n, [g,] m, o..., c, k...
static ConvForm formConv(Node &node, const Windows &windows, const Tensor &x,
                         ArrayRef<SizeExpr> kernels, int64_t groups) {
  auto &e = node.e;
  ConvForm form;
  form.groups = groups;
  size_t spatial = windows.strides.size();
  unsigned g = groups > 1 ? 1 : 0, m = 1 + g, o = m + 1, c = o + spatial, k = c + 1;
  unsigned dims = k + spatial;
  SizeExpr each = node.sizes.floorDiv(kernels[0], groups);
  SmallVector<AffineExpr> input{e.dim(0)}, weights, bias, output{e.dim(0)};
  form.input = {x.shape[0]};
  form.output = {x.shape[0]};
  if (g) {
    for (auto *list : {&input, &weights, &bias, &output})
      list->push_back(e.dim(1));
    form.input.push_back(groups);
    form.weights.push_back(groups);
    form.output.push_back(groups);
  }
  llvm::append_values(input, e.dim(c));
  llvm::append_values(weights, e.dim(m), e.dim(c));
  llvm::append_values(bias, e.dim(m));
  llvm::append_values(output, e.dim(m));
  form.input.push_back(kernels[1]);
  llvm::append_values(form.weights, each, kernels[1]);
  form.output.push_back(each);
  for (size_t i = 0; i < spatial; ++i) {
    input.push_back(e.dim(o + i) * windows.strides[i] + e.dim(k + i) * windows.dilations[i]);
    weights.push_back(e.dim(k + i));
    output.push_back(e.dim(o + i));
    form.input.push_back(x.shape[2 + i]);
    form.weights.push_back(kernels[2 + i]);
    form.output.push_back(windows.outputs[i]);
  }
  form.inputMap = e.map(dims, input);
  form.weightMap = e.map(dims, weights);
  form.biasMap = e.map(dims, bias);
  form.outputMap = e.map(dims, output);
  return form;
}

/// Requires or checks that a size of the weights is `size`, and takes it where that is static.
static LogicalResult settle(Node &node, SizeExpr &have, const SizeExpr &size, const Twine &what) {
  if (failed(agree(node, have, size, what)))
    return failure();
  if (size.constant())
    have = size;
  return success();
}

/// The sizes of the weights, with what attributes, input and bias say of them.
static FailureOr<Sizes> readWeights(Node &node, int64_t groups) {
  const Tensor &x = node.in(0), &w = node.in(1);
  auto &sizes = node.sizes;
  if (x.rank() < 3 || w.rank() != x.rank() || groups < 1)
    return node.badShape("input, weights and group do not fit");
  if (groups >= kMaxWindow || w.shape[1].constant().value_or(0) >= kMaxWindow)
    return node.fail("FV0203", "the weights are too large");
  Sizes result = w.shape;
  if (node.hasAttr("kernel_shape")) {
    auto kernel = positiveList(node, "kernel_shape", w.rank() - 2);
    if (!kernel)
      return failure();
    for (auto [i, size] : llvm::enumerate(*kernel))
      if (failed(settle(node, result[2 + i], size, "kernel_shape")))
        return failure();
  }
  if (node.has(2) && node.in(2).rank() != 1)
    return node.badShape("the bias must have one entry per output channel");
  if (node.has(2) && failed(settle(node, result[0], node.in(2).shape[0], "bias")))
    return failure();
  SizeExpr each = sizes.floorDiv(result[0], groups);
  if (failed(agree(node, result[0], sizes.mul(each, groups), "output channels of the groups")))
    return failure();
  result[0] = sizes.mul(each, groups);
  if (x.shape[1].constant() &&
      failed(settle(node, result[1], sizes.floorDiv(x.shape[1], groups), "channels of a group")))
    return failure();
  if (failed(agree(node, x.shape[1], sizes.mul(result[1], groups), "channels")))
    return failure();
  if (!node.importer.acceptable(tensorOf(w.dtype, result, Value())))
    return node.fail("FV0203", "the weights are too large");
  return result;
}

LogicalResult fovea::onnx_frontend::importConv(Node &node) {
  const Tensor &x = node.in(0);
  int64_t groups = node.intAttr("group", 1);
  FailureOr<Sizes> weights = readWeights(node, groups);
  if (failed(weights))
    return failure();
  auto windows = readWindows(node, ArrayRef(*weights).drop_front(2), /*pooling=*/false);
  if (!windows)
    return failure();
  Tensor input = padded(node, *windows);
  if (!node.importer.acceptable(input))
    return node.fail("FV0203", "the padded input is too large");
  ConvForm form = formConv(node, *windows, input, *weights, groups);
  auto &e = node.e;
  Sizes channels = input.shape;
  channels[1] = node.sizes.mul((*weights)[1], groups);
  Value source = e.cast(node.importer.materialize(input), e.type(x.dtype, channels));
  Value lhs = e.reshape(source, channels, form.input);
  Value kernels = e.cast(node.value(1), e.type(x.dtype, *weights));
  Value rhs = e.reshape(kernels, *weights, form.weights);
  const SizeExpr &maps = weights->front();
  Value bias;
  if (node.has(2)) {
    Sizes split =
        groups > 1 ? Sizes{SizeExpr(groups), node.sizes.floorDiv(maps, groups)} : Sizes{maps};
    bias = e.reshape(e.cast(node.value(2), e.type(x.dtype, {maps})), {maps}, split);
  }
  Value result = contract(node, x.dtype, lhs, rhs, form.output,
                          {form.inputMap, form.weightMap, form.outputMap}, bias, form.biasMap);
  Sizes shape{x.shape[0], maps};
  llvm::append_range(shape, windows->outputs);
  node.set(0, x.dtype, shape, e.reshape(result, form.output, shape));
  return success();
}
