//===- Einsum.cpp - Einsum as contractions --------------------------------===//
//
// Parses the equation, sums what a single operand owns, and contracts operands pairwise.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Onnx/Operators/Operators.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::onnx_frontend;

using B = ImplicitLocOpBuilder;

/// A letter, or 256 + position from the right for a dimension of the ellipsis.
using Label = int;
using Labels = SmallVector<Label>;

namespace {
struct Operand {
  Labels labels;
  Tensor tensor;
};
struct Equation {
  std::vector<Operand> operands;
  Labels output;
  std::map<Label, SizeExpr> sizes;
};
} // namespace

/// Labels of one term for a tensor of that rank (-1: the output, `ellipsis` dimensions wide).
static std::optional<Labels> parseTerm(StringRef term, int64_t rank, int64_t ellipsis) {
  Labels result;
  auto [front, back] = term.split("...");
  bool dots = term.contains("...");
  int64_t letters = front.size() + back.size();
  int64_t width = rank < 0 ? ellipsis : rank - letters;
  if (!llvm::all_of(front, llvm::isAlpha) || !llvm::all_of(back, llvm::isAlpha) || width < 0 ||
      (!dots && rank >= 0 && width != 0))
    return std::nullopt;
  for (char letter : front)
    result.push_back(letter);
  for (int64_t i = width; dots && i > 0; --i)
    result.push_back(255 + i);
  for (char letter : back)
    result.push_back(letter);
  return result;
}

/// The implied output: the ellipsis, then letters that occur once, in order.
static std::string impliedOutput(StringRef inputs) {
  std::string result = inputs.contains("...") ? "..." : "";
  std::string letters = inputs.str();
  llvm::sort(letters);
  for (char letter : letters)
    if (llvm::isAlpha(letter) && llvm::count(letters, letter) == 1)
      result += letter;
  return result;
}

static std::optional<Equation> parseEquation(Node &node) {
  std::string text = node.stringAttr("equation", "");
  llvm::erase(text, ' ');
  bool given = StringRef(text).contains("->");
  auto [inputs, output] = StringRef(text).split("->");
  SmallVector<StringRef> terms;
  inputs.split(terms, ',');
  Equation result;
  bool good = terms.size() == node.inputCount();
  int64_t ellipsis = 0;
  for (unsigned i = 0; good && i < terms.size(); ++i) {
    good = node.has(i);
    auto labels = good ? parseTerm(terms[i], node.in(i).rank(), 0) : std::nullopt;
    good = good && labels;
    if (!good)
      break;
    ellipsis =
        std::max<int64_t>(ellipsis, llvm::count_if(*labels, [](Label l) { return l > 255; }));
    result.operands.push_back({*labels, node.in(i)});
  }
  std::string implied = given ? output.str() : impliedOutput(inputs);
  auto labels = good ? parseTerm(implied, -1, ellipsis) : std::nullopt;
  if (labels)
    result.output = *labels;
  Labels seen;
  for (Label label : result.output) {
    bool known = llvm::any_of(result.operands, [&](const Operand &operand) {
      return llvm::is_contained(operand.labels, label);
    });
    good = good && known && !llvm::is_contained(seen, label);
    seen.push_back(label);
  }
  if (good && labels)
    return result;
  (void)node.badShape("equation '" + text + "' does not fit the inputs");
  return std::nullopt;
}

static Sizes sizesOf(const Equation &equation, ArrayRef<Label> labels) {
  Sizes result;
  for (Label label : labels)
    result.push_back(equation.sizes.at(label));
  return result;
}

/// Agrees on one size per label; a size of 1 is broadcast.
static LogicalResult unifySizes(Node &node, Equation &equation) {
  std::map<Label, Sizes> found;
  for (const Operand &operand : equation.operands)
    for (auto [i, label] : llvm::enumerate(operand.labels)) {
      auto first = llvm::find(operand.labels, label) - operand.labels.begin();
      if (failed(agree(node, operand.tensor.shape[i], operand.tensor.shape[first], "a diagonal")))
        return failure();
      found[label].push_back(operand.tensor.shape[i]);
    }
  for (const auto &[label, sizes] : found) {
    auto common = broadcastSize(node, sizes, "Einsum");
    if (!common)
      return failure();
    equation.sizes[label] = *common;
  }
  for (Operand &operand : equation.operands) {
    Sizes shape = sizesOf(equation, operand.labels);
    Value value = refined(node, operand.tensor, shape);
    for (auto [size, own] : llvm::zip_equal(shape, operand.tensor.shape))
      if (own.constant())
        size = own;
    operand.tensor = tensorOf(operand.tensor.dtype, shape, value);
  }
  return success();
}

/// Map from dimensions numbered as in `order` to an operand; broadcast sizes are read at 0.
static AffineMap mapOf(Node &node, const Equation &equation, ArrayRef<Label> order,
                       const Operand &operand) {
  SmallVector<AffineExpr> exprs;
  for (auto [label, size] : llvm::zip_equal(operand.labels, operand.tensor.shape)) {
    bool repeated = size.is(1) && !equation.sizes.at(label).is(1);
    auto place = llvm::find(order, label) - order.begin();
    exprs.push_back(repeated ? node.e.constantExpr(0) : node.e.dim(place));
  }
  return node.e.map(order.size(), exprs);
}

/// Takes diagonals of repeated labels and sums labels that are not in `kept`.
static Operand reduceAlone(Node &node, const Equation &equation, const Operand &operand,
                           ArrayRef<Label> kept, Dtype dtype) {
  Labels order;
  for (Label label : operand.labels)
    if (llvm::is_contained(kept, label) && !llvm::is_contained(order, label))
      order.push_back(label);
  Labels result = order;
  for (Label label : operand.labels)
    if (!llvm::is_contained(order, label))
      order.push_back(label);
  if (order.size() == operand.labels.size() && result.size() == order.size())
    return operand;
  auto &e = node.e;
  Dtype wide = accumulatorOf(dtype);
  SmallVector<AffineExpr> outs;
  for (unsigned dim = 0; dim < result.size(); ++dim)
    outs.push_back(e.dim(dim));
  Sizes shape;
  Labels own = operand.labels;
  for (Label label : result)
    shape.push_back(operand.tensor.shape[llvm::find(own, label) - own.begin()]);
  SmallVector<AffineExpr> exprs;
  for (Label label : operand.labels)
    exprs.push_back(e.dim(llvm::find(order, label) - order.begin()));
  Value zeros = e.filled(e.scalar(wide, 0), shape);
  Value sum = e.generic(node.importer.materialize(operand.tensor), zeros,
                        {e.map(order.size(), exprs), e.map(order.size(), outs)},
                        [&](B &b, ValueRange args) -> SmallVector<Value> {
                          return {emitBinary(b, Binary::Add, wide, args[1],
                                             emitCast(b, dtype, wide, args[0]))};
                        })
                  .front();
  return {result, converted(node, tensorOf(wide, shape, sum), dtype)};
}

/// The product of two operands, summed over labels that are not in `kept`.
static Operand multiply(Node &node, const Equation &equation, const Operand &x, const Operand &y,
                        ArrayRef<Label> kept, Dtype dtype) {
  Labels order, result;
  for (const Labels *labels : {&x.labels, &y.labels})
    for (Label label : *labels)
      if (llvm::is_contained(kept, label) && !llvm::is_contained(order, label))
        order.push_back(label);
  result = order;
  for (Label label : x.labels)
    if (!llvm::is_contained(order, label))
      order.push_back(label);
  auto &e = node.e;
  Sizes shape = sizesOf(equation, result);
  AffineMap xMap = mapOf(node, equation, order, x), yMap = mapOf(node, equation, order, y);
  SmallVector<AffineExpr> outs;
  for (unsigned dim = 0; dim < result.size(); ++dim)
    outs.push_back(e.dim(dim));
  AffineMap outMap = e.map(order.size(), outs);
  Value lhs = node.importer.materialize(x.tensor), rhs = node.importer.materialize(y.tensor);
  if (order.size() == result.size()) {
    Value product = e.map({lhs, rhs}, {xMap, yMap}, e.type(dtype), shape,
                          [&](B &b, ValueRange args) -> SmallVector<Value> {
                            return {emitBinary(b, Binary::Mul, dtype, args[0], args[1])};
                          });
    return {result, tensorOf(dtype, shape, product)};
  }
  Value product = contract(node, dtype, lhs, rhs, shape, {xMap, yMap, outMap});
  return {result, tensorOf(dtype, shape, product)};
}

LogicalResult fovea::onnx_frontend::importEinsum(Node &node) {
  auto equation = parseEquation(node);
  if (!equation || failed(unifySizes(node, *equation)))
    return failure();
  Dtype dtype = node.in(0).dtype;
  if (equation->operands.size() > 1 && !ContractOp::getSumType(node.e.type(dtype)))
    return node.fail("FV0202", "element type " + nameOf(dtype) + " is not supported");
  auto neededBy = [&](size_t from) {
    Labels labels = equation->output;
    for (const Operand &operand : ArrayRef(equation->operands).drop_front(from))
      llvm::append_range(labels, operand.labels);
    return labels;
  };
  Labels later = neededBy(1);
  Operand result = reduceAlone(node, *equation, equation->operands.front(), later, dtype);
  for (size_t i = 1; i < equation->operands.size(); ++i) {
    Labels kept = neededBy(i + 1), both = kept;
    llvm::append_range(both, result.labels);
    Operand next = reduceAlone(node, *equation, equation->operands[i], both, dtype);
    Labels withNext = kept;
    llvm::append_range(withNext, next.labels);
    result = reduceAlone(node, *equation, result, withNext, dtype);
    result = multiply(node, *equation, result, next, kept, dtype);
  }
  SmallVector<int64_t> perm;
  for (Label label : equation->output)
    perm.push_back(llvm::find(result.labels, label) - result.labels.begin());
  Value value = node.importer.materialize(result.tensor);
  if (!llvm::is_sorted(perm))
    value = node.e.transpose(value, result.tensor.shape, perm);
  Sizes shape;
  for (int64_t place : perm)
    shape.push_back(result.tensor.shape[place]);
  node.set(0, dtype, shape, value);
  return success();
}
