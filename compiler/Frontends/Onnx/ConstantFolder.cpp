//===- ConstantFolder.cpp - evaluation at import --------------------------===//
//
// Elements of a foldable tensor are either bytes or expressions; what only moves elements treats
// both alike.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Onnx/ConstantFolder.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::onnx_frontend;

/// Largest constant whose elements are moved at import (transposed weights, for instance).
static constexpr int64_t kMaxMoved = int64_t(1) << 26;

SmallVector<int64_t, 4> fovea::onnx_frontend::rowMajor(ArrayRef<int64_t> shape) {
  SmallVector<int64_t, 4> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;)
    strides[i - 1] = strides[i] * shape[i];
  return strides;
}

static int64_t countOf(ArrayRef<int64_t> shape) {
  int64_t count = 1;
  for (int64_t extent : shape)
    count *= extent;
  return count;
}

std::optional<Shape> fovea::onnx_frontend::broadcastStatic(ArrayRef<int64_t> x,
                                                           ArrayRef<int64_t> y) {
  Shape result(std::max(x.size(), y.size()));
  for (size_t i = 0; i < result.size(); ++i) {
    int64_t left = i < x.size() ? x[x.size() - 1 - i] : 1;
    int64_t right = i < y.size() ? y[y.size() - 1 - i] : 1;
    if (left != right && left != 1 && right != 1)
      return std::nullopt;
    result[result.size() - 1 - i] = left == 1 ? right : left;
  }
  return result;
}

/// Calls `visit(position in the result, position in the source)` for every element of the view.
static void forEach(const View &view, llvm::function_ref<void(int64_t, int64_t)> visit) {
  int64_t count = countOf(view.shape);
  Shape place(view.shape.size(), 0);
  int64_t source = view.offset;
  for (int64_t i = 0; i < count; ++i) {
    visit(i, source);
    for (size_t d = place.size(); d-- > 0;) {
      source += view.strides[d];
      if (++place[d] < view.shape[d])
        break;
      source -= view.strides[d] * view.shape[d];
      place[d] = 0;
    }
  }
}

static Tensor ofConstant(ConstantPtr constant) {
  Tensor result;
  result.dtype = constant->dtype;
  result.shape.assign(constant->shape.begin(), constant->shape.end());
  result.constant = std::move(constant);
  return result;
}

/// A constant when all elements are constant.
static Tensor ofIntegers(Dtype dtype, ArrayRef<int64_t> shape, Integers integers) {
  if (llvm::all_of(integers, [](const SizeExpr &expr) { return expr.constant().has_value(); })) {
    std::vector<uint8_t> bytes(integers.size() * byteWidth(dtype));
    for (auto [i, expr] : llvm::enumerate(integers))
      storeInteger(dtype, bytes.data() + i * byteWidth(dtype), *expr.constant());
    return ofConstant(makeConstant(dtype, shape, std::move(bytes), ""));
  }
  Tensor result;
  result.dtype = dtype;
  result.shape.assign(shape.begin(), shape.end());
  result.integers = std::make_shared<const Integers>(std::move(integers));
  return result;
}

std::optional<Tensor> fovea::onnx_frontend::foldView(const Tensor &source, const View &view,
                                                     StringRef name) {
  if (source.constant) {
    int64_t count = countOf(view.shape), width = byteWidth(source.dtype);
    if (count > kMaxMoved)
      return std::nullopt;
    std::vector<uint8_t> bytes(count * width);
    const uint8_t *from = source.constant->bytes.data();
    forEach(view, [&](int64_t to, int64_t place) {
      std::memcpy(bytes.data() + to * width, from + place * width, width);
    });
    return ofConstant(makeConstant(source.dtype, view.shape, std::move(bytes), name));
  }
  if (!source.integers || countOf(view.shape) > kMaxIntegers)
    return std::nullopt;
  Integers integers(countOf(view.shape));
  forEach(view, [&](int64_t to, int64_t place) { integers[to] = (*source.integers)[place]; });
  return ofIntegers(source.dtype, view.shape, std::move(integers));
}

std::optional<Tensor> fovea::onnx_frontend::foldReshape(const Tensor &source,
                                                        ArrayRef<int64_t> shape, StringRef name) {
  if (source.constant) {
    auto copy = std::make_shared<Constant>(*source.constant);
    copy->shape.assign(shape.begin(), shape.end());
    return ofConstant(copy);
  }
  if (!source.integers)
    return std::nullopt;
  return ofIntegers(source.dtype, shape, *source.integers);
}

std::optional<Tensor> fovea::onnx_frontend::foldPick(ArrayRef<const Tensor *> sources,
                                                     ArrayRef<int64_t> positions,
                                                     ArrayRef<int64_t> shape, StringRef name) {
  Dtype dtype = sources.front()->dtype;
  if (llvm::all_of(sources, [](const Tensor *tensor) { return bool(tensor->constant); })) {
    size_t width = byteWidth(dtype);
    std::vector<uint8_t> bytes(positions.size() * width);
    SmallVector<int64_t> ends;
    for (const Tensor *tensor : sources)
      ends.push_back((ends.empty() ? 0 : ends.back()) + tensor->constant->elements());
    for (auto [to, from] : llvm::enumerate(positions)) {
      size_t source = llvm::upper_bound(ends, from) - ends.begin();
      int64_t place = from - (source == 0 ? 0 : ends[source - 1]);
      std::memcpy(bytes.data() + to * width,
                  sources[source]->constant->bytes.data() + place * width, width);
    }
    return ofConstant(makeConstant(dtype, shape, std::move(bytes), name));
  }
  Integers pool, integers;
  for (const Tensor *tensor : sources) {
    if (tensor->integers) {
      llvm::append_range(pool, *tensor->integers);
      continue;
    }
    if (!tensor->constant || isFloat(dtype) || tensor->constant->elements() > kMaxIntegers)
      return std::nullopt;
    for (int64_t i = 0; i < tensor->constant->elements(); ++i)
      pool.push_back(tensor->constant->integerAt(i));
  }
  if (static_cast<int64_t>(positions.size()) > kMaxIntegers)
    return std::nullopt;
  for (int64_t position : positions)
    integers.push_back(pool[position]);
  return ofIntegers(dtype, shape, std::move(integers));
}

std::optional<Tensor> fovea::onnx_frontend::foldUnary(Node &node, Unary function, Dtype result) {
  const Tensor &x = node.in(0);
  if (x.constant) {
    int64_t count = x.constant->elements();
    if (count > kMaxFolded)
      return std::nullopt;
    std::vector<uint8_t> bytes(count * byteWidth(result));
    for (int64_t i = 0; i < count; ++i) {
      uint8_t *place = bytes.data() + i * byteWidth(result);
      if (isFloat(x.dtype)) {
        auto value = evaluateUnary(function, x.constant->numberAt(i));
        if (!value)
          return std::nullopt;
        storeNumber(result, place, *value);
      } else {
        auto value = evaluateUnary(function, x.constant->integerAt(i), x.dtype == Dtype::Bool);
        if (!value)
          return std::nullopt;
        storeInteger(result, place, *value);
      }
    }
    return ofConstant(makeConstant(result, x.constant->shape, std::move(bytes), node.name));
  }
  if (!x.integers)
    return std::nullopt;
  Integers integers;
  for (const SizeExpr &value : *x.integers) {
    if (function == Unary::Not && x.dtype == Dtype::Bool)
      integers.push_back(node.sizes.sub(1, value));
    else if (function == Unary::Neg)
      integers.push_back(node.sizes.sub(0, value));
    else if (function == Unary::Abs)
      integers.push_back(node.sizes.max(value, node.sizes.sub(0, value)));
    else
      return std::nullopt;
  }
  return ofIntegers(result, *x.staticShape(), std::move(integers));
}

/// A view of the tensor that repeats its elements to fill `shape`.
static View broadcastView(ArrayRef<int64_t> from, ArrayRef<int64_t> shape) {
  View view{Shape(shape), 0, SmallVector<int64_t, 4>(shape.size(), 0)};
  auto strides = rowMajor(from);
  for (size_t i = 0; i < from.size(); ++i)
    if (from[from.size() - 1 - i] != 1)
      view.strides[shape.size() - 1 - i] = strides[from.size() - 1 - i];
  return view;
}

Tensor fovea::onnx_frontend::integerTensor(Dtype dtype, ArrayRef<int64_t> shape,
                                           Integers integers) {
  return ofIntegers(dtype, shape, std::move(integers));
}

/// x / y rounded towards zero, for expressions.
static SizeExpr quotient(Node &node, const SizeExpr &x, const SizeExpr &y) {
  auto low = node.sizes.least(x), divisor = node.sizes.least(y);
  if (low && *low >= 0 && divisor && *divisor >= 1)
    return node.sizes.floorDiv(x, y);
  if (auto exact = node.sizes.divideExactly(x, y))
    return *exact;
  Value zero = node.e.constantIndex(0), one = node.e.constantIndex(1), left = node.e.index(x);
  Value right = node.e.index(y);
  auto &b = node.b;
  Value byZero = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, right, zero);
  right = arith::SelectOp::create(b, byZero, one, right);
  return node.sizes.value(arith::DivSIOp::create(b, left, right));
}

static SizeExpr compare(Node &node, Binary function, const SizeExpr &x, const SizeExpr &y) {
  auto &sizes = node.sizes;
  if (x == y)
    return function == Binary::Equal || function == Binary::LessOrEqual ||
           function == Binary::GreaterOrEqual;
  auto low = sizes.least(sizes.sub(x, y)), high = sizes.least(sizes.sub(y, x));
  bool greater = low && *low >= 1, less = high && *high >= 1;
  if (greater || less)
    return function == Binary::Equal                                     ? 0
           : function == Binary::Less || function == Binary::LessOrEqual ? less
                                                                         : greater;
  using P = arith::CmpIPredicate;
  P predicate = function == Binary::Equal         ? P::eq
                : function == Binary::Less        ? P::slt
                : function == Binary::LessOrEqual ? P::sle
                : function == Binary::Greater     ? P::sgt
                                                  : P::sge;
  auto &b = node.b;
  Value flag = arith::CmpIOp::create(b, predicate, node.e.index(x), node.e.index(y));
  return sizes.value(arith::IndexCastUIOp::create(b, b.getIndexType(), flag), 0);
}

static std::optional<SizeExpr> combine(Node &node, Binary function, Dtype dtype, const SizeExpr &x,
                                       const SizeExpr &y) {
  auto &sizes = node.sizes;
  auto left = x.constant(), right = y.constant();
  if (left && right) {
    auto value = evaluateBinary(function, *left, *right, isUnsigned(dtype));
    return value ? std::optional<SizeExpr>(*value) : std::nullopt;
  }
  switch (function) {
  case Binary::Add:
    return sizes.add(x, y);
  case Binary::Sub:
    return sizes.sub(x, y);
  case Binary::Mul:
    return sizes.mul(x, y);
  case Binary::And:
    return sizes.mul(x, y);
  case Binary::Or:
    return sizes.sub(sizes.add(x, y), sizes.mul(x, y));
  case Binary::Min:
    return sizes.min(x, y);
  case Binary::Max:
    return sizes.max(x, y);
  case Binary::Div:
    return quotient(node, x, y);
  case Binary::Mod: {
    auto divisor = sizes.least(y);
    if (!divisor || *divisor < 1)
      return std::nullopt;
    return sizes.mod(x, y);
  }
  default:
    return isComparison(function) ? std::optional(compare(node, function, x, y)) : std::nullopt;
  }
}

std::optional<Tensor> fovea::onnx_frontend::foldBinary(Node &node, Binary function, const Tensor &x,
                                                       const Tensor &y) {
  if (!x.isFoldable() || !y.isFoldable())
    return std::nullopt;
  auto shape = broadcastStatic(*x.staticShape(), *y.staticShape());
  if (!shape || !checkedElements(*shape, Dtype::I64) || countOf(*shape) > kMaxFolded)
    return std::nullopt;
  Dtype result = isComparison(function) ? Dtype::Bool : x.dtype;
  View left = broadcastView(*x.staticShape(), *shape),
       right = broadcastView(*y.staticShape(), *shape);
  SmallVector<int64_t> other(countOf(*shape));
  forEach(right, [&](int64_t to, int64_t place) { other[to] = place; });
  bool good = true;
  if (x.constant && y.constant) {
    std::vector<uint8_t> bytes(countOf(*shape) * byteWidth(result));
    forEach(left, [&](int64_t to, int64_t place) {
      uint8_t *target = bytes.data() + to * byteWidth(result);
      if (isFloat(x.dtype)) {
        auto value =
            evaluateBinary(function, x.constant->numberAt(place), y.constant->numberAt(other[to]));
        good = good && value;
        storeNumber(result, target, value.value_or(0));
      } else {
        auto value = evaluateBinary(function, x.constant->integerAt(place),
                                    y.constant->integerAt(other[to]), isUnsigned(x.dtype));
        good = good && value;
        storeInteger(result, target, value.value_or(0));
      }
    });
    if (!good)
      return std::nullopt;
    return ofConstant(makeConstant(result, *shape, std::move(bytes), node.name));
  }
  auto a = node.importer.knownIntegers(x), c = node.importer.knownIntegers(y);
  if (!a || !c || countOf(*shape) > kMaxIntegers)
    return std::nullopt;
  Integers integers(countOf(*shape));
  forEach(left, [&](int64_t to, int64_t place) {
    auto value = combine(node, function, x.dtype, (*a)[place], (*c)[other[to]]);
    good = good && value;
    integers[to] = value.value_or(SizeExpr(0));
  });
  if (!good)
    return std::nullopt;
  return ofIntegers(result, *shape, std::move(integers));
}

std::optional<Tensor> fovea::onnx_frontend::foldCast(Node &node, const Tensor &x, Dtype to) {
  if (x.dtype == to)
    return x;
  if (x.constant && x.constant->elements() <= kMaxFolded) {
    int64_t count = x.constant->elements(), width = byteWidth(to);
    std::vector<uint8_t> bytes(count * width);
    bool viaInteger = !isFloat(x.dtype) && !isFloat(to);
    for (int64_t i = 0; i < count; ++i) {
      if (viaInteger)
        storeInteger(to, bytes.data() + i * width, x.constant->integerAt(i));
      else
        storeNumber(to, bytes.data() + i * width, x.constant->numberAt(i));
    }
    return ofConstant(makeConstant(to, x.constant->shape, std::move(bytes), node.name));
  }
  if (!x.integers || isFloat(to) || (to != Dtype::Bool && byteWidth(to) < 4))
    return std::nullopt;
  if (to == Dtype::Bool) {
    Integers flags;
    for (const SizeExpr &value : *x.integers)
      flags.push_back(node.sizes.sub(1, compare(node, Binary::Equal, value, 0)));
    return ofIntegers(to, *x.staticShape(), std::move(flags));
  }
  return ofIntegers(to, *x.staticShape(), *x.integers);
}

std::optional<Tensor> fovea::onnx_frontend::foldWhere(Node &node) {
  const Tensor &condition = node.in(0), &x = node.in(1), &y = node.in(2);
  if (!condition.isFoldable() || !x.isFoldable() || !y.isFoldable())
    return std::nullopt;
  auto inner = broadcastStatic(*x.staticShape(), *y.staticShape());
  auto shape = inner ? broadcastStatic(*inner, *condition.staticShape()) : std::nullopt;
  if (!shape || !checkedElements(*shape, Dtype::I64) || countOf(*shape) > kMaxFolded)
    return std::nullopt;
  auto flags = node.importer.knownIntegers(condition);
  if (!flags)
    return std::nullopt;
  int64_t count = countOf(*shape), first = countOf(*x.staticShape());
  SmallVector<int64_t> ifTrue(count), ifFalse(count), picked(count), flag(count);
  auto places = [&](const Tensor &tensor, SmallVector<int64_t> &list, int64_t base) {
    forEach(broadcastView(*tensor.staticShape(), *shape),
            [&](int64_t to, int64_t place) { list[to] = base + place; });
  };
  places(x, ifTrue, 0);
  places(y, ifFalse, first);
  places(condition, flag, 0);
  auto chosen = [&](int64_t i) { return (*flags)[flag[i]]; };
  bool known = llvm::all_of(llvm::seq(count), [&](int64_t i) { return chosen(i).constant(); });
  if (known) {
    for (int64_t i = 0; i < count; ++i)
      picked[i] = chosen(i).is(0) ? ifFalse[i] : ifTrue[i];
    return foldPick({&x, &y}, picked, *shape, node.name);
  }
  auto a = node.importer.knownIntegers(x), c = node.importer.knownIntegers(y);
  if (!a || !c || count > kMaxIntegers)
    return std::nullopt;
  Integers integers;
  auto &b = node.b;
  for (int64_t i = 0; i < count; ++i) {
    const SizeExpr &yes = (*a)[ifTrue[i]], &no = (*c)[ifFalse[i] - first];
    if (yes == no || chosen(i).constant()) {
      integers.push_back(chosen(i).is(0) ? no : yes);
      continue;
    }
    Value test = arith::CmpIOp::create(b, arith::CmpIPredicate::ne, node.e.index(chosen(i)),
                                       node.e.constantIndex(0));
    auto low = node.sizes.least(yes), other = node.sizes.least(no);
    std::optional<int64_t> bound;
    if (low && other)
      bound = std::min(*low, *other);
    integers.push_back(node.sizes.value(
        arith::SelectOp::create(b, test, node.e.index(yes), node.e.index(no)), bound));
  }
  return ofIntegers(x.dtype, *shape, std::move(integers));
}
