//===- Node.cpp - the node being imported ---------------------------------===//
//
// Access to inputs, attributes and results of a node, with every kind of malformation reported.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Onnx/Importer.h"

#include "compiler/Frontends/Onnx/onnx-ml.pb.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::onnx_frontend;

using Attr = onnx::AttributeProto;

static std::string nameOf(const onnx::NodeProto &proto) {
  if (!proto.name().empty())
    return proto.name();
  for (const std::string &output : proto.output())
    if (!output.empty())
      return output;
  return proto.op_type();
}

Node::Node(Importer &importer, const onnx::NodeProto &proto)
    : importer(importer), e(importer.emitter), b(importer.emitter.b), sizes(importer.sizes),
      proto(proto), opset(importer.opset), name(::nameOf(proto)) {
  outputNames.assign(proto.output().begin(), proto.output().end());
  results.resize(outputNames.size());
}

StringRef Node::op() const { return proto.op_type(); }

Value Node::value(unsigned input) { return importer.materialize(*inputs[input]); }

void Node::set(unsigned output, Tensor tensor) {
  if (output < results.size())
    results[output] = std::move(tensor);
}

void Node::set(unsigned output, Dtype dtype, ArrayRef<SizeExpr> shape, Value value) {
  Tensor tensor;
  tensor.dtype = dtype;
  tensor.shape.assign(shape.begin(), shape.end());
  tensor.value = value;
  set(output, std::move(tensor));
}

std::optional<Integers> Node::integers(unsigned input) {
  const Tensor &tensor = in(input);
  if (!isInteger(tensor.dtype) && tensor.dtype != Dtype::Bool) {
    (void)fail("FV0202", "input " + Twine(input) + " must be an integer tensor");
    return std::nullopt;
  }
  if (auto known = importer.knownIntegers(tensor))
    return *known;
  auto shape = tensor.staticShape();
  if (!shape || tensor.rank() > 1 || (tensor.rank() == 1 && shape->front() > kMaxIntegers)) {
    (void)fail("FV0103", "input " + Twine(input) + " must have a known, small number of elements");
    return std::nullopt;
  }
  Integers result;
  Value source = value(input);
  int64_t count = tensor.rank() == 0 ? 1 : shape->front();
  for (int64_t i = 0; i < count; ++i) {
    SmallVector<Value, 1> indices;
    if (tensor.rank() == 1)
      indices.push_back(e.constantIndex(i));
    Value element = e.extract(source, indices);
    Value index = isUnsigned(tensor.dtype) || tensor.dtype == Dtype::Bool
                      ? arith::IndexCastUIOp::create(b, b.getIndexType(), element).getResult()
                      : arith::IndexCastOp::create(b, b.getIndexType(), element).getResult();
    result.push_back(sizes.value(index));
  }
  return result;
}

std::optional<SmallVector<int64_t>> Node::constants(unsigned input) {
  auto known = importer.knownIntegers(in(input));
  SmallVector<int64_t> result;
  bool constant = known != nullptr;
  if (known)
    for (const SizeExpr &expr : *known) {
      constant = constant && expr.constant();
      result.push_back(expr.constant().value_or(0));
    }
  if (constant)
    return result;
  (void)fail("FV0103", "input " + Twine(input) + " must be a constant");
  return std::nullopt;
}

LogicalResult Node::fail(StringRef code, const Twine &what, const Twine &why) {
  Problem problem;
  problem.code = code.str();
  problem.file = importer.path;
  problem.node = name;
  problem.op = proto.op_type();
  problem.opset = opset;
  problem.what = what.str();
  problem.why = why.str();
  importer.report(std::move(problem));
  return failure();
}

const Attr *Node::find(StringRef wanted) const {
  for (const Attr &attribute : proto.attribute())
    if (attribute.name() == wanted)
      return &attribute;
  return nullptr;
}

void Node::malformed(StringRef attribute) {
  if (malformedAttr.empty())
    malformedAttr = attribute.str();
}

int64_t Node::intAttr(StringRef wanted, int64_t absent) {
  const Attr *attribute = find(wanted);
  if (!attribute)
    return absent;
  if (attribute->type() == Attr::INT)
    return attribute->i();
  malformed(wanted);
  return absent;
}

double Node::floatAttr(StringRef wanted, double absent) {
  const Attr *attribute = find(wanted);
  if (!attribute)
    return absent;
  if (attribute->type() == Attr::FLOAT)
    return attribute->f();
  malformed(wanted);
  return absent;
}

std::string Node::stringAttr(StringRef wanted, StringRef absent) {
  const Attr *attribute = find(wanted);
  if (!attribute)
    return absent.str();
  if (attribute->type() == Attr::STRING)
    return attribute->s();
  malformed(wanted);
  return absent.str();
}

std::optional<SmallVector<int64_t>> Node::intsAttr(StringRef wanted) {
  const Attr *attribute = find(wanted);
  if (!attribute)
    return std::nullopt;
  if (attribute->type() != Attr::INTS)
    malformed(wanted);
  return SmallVector<int64_t>(attribute->ints().begin(), attribute->ints().end());
}

SmallVector<double> Node::floatsAttr(StringRef wanted) {
  const Attr *attribute = find(wanted);
  if (!attribute)
    return {};
  if (attribute->type() != Attr::FLOATS)
    malformed(wanted);
  return SmallVector<double>(attribute->floats().begin(), attribute->floats().end());
}

SmallVector<std::string> Node::stringsAttr(StringRef wanted) {
  const Attr *attribute = find(wanted);
  if (!attribute)
    return {};
  if (attribute->type() != Attr::STRINGS)
    malformed(wanted);
  return SmallVector<std::string>(attribute->strings().begin(), attribute->strings().end());
}

ConstantPtr Node::tensorAttr(StringRef wanted) {
  const Attr *attribute = find(wanted);
  if (!attribute)
    return nullptr;
  if (attribute->type() != Attr::TENSOR || !attribute->has_t()) {
    malformed(wanted);
    return nullptr;
  }
  std::string why;
  ConstantPtr result = readTensor(attribute->t(), importer.model, importer.files, why);
  if (!result)
    (void)fail("FV0004", "attribute '" + wanted + "' cannot be read", why);
  return result;
}

const onnx::GraphProto *Node::graphAttr(StringRef wanted) {
  const Attr *attribute = find(wanted);
  if (attribute && attribute->has_g())
    return &attribute->g();
  malformed(wanted);
  return nullptr;
}

std::optional<int64_t> Node::axis(int64_t value, int64_t rank) {
  if (value >= -rank && value < rank)
    return value < 0 ? value + rank : value;
  (void)badShape("axis " + Twine(value) + " is outside a tensor of rank " + Twine(rank));
  return std::nullopt;
}

std::optional<SmallVector<int64_t>> Node::axes(ArrayRef<int64_t> values, int64_t rank) {
  SmallVector<int64_t> result;
  for (int64_t value : values) {
    auto place = axis(value, rank);
    if (!place)
      return std::nullopt;
    if (llvm::is_contained(result, *place)) {
      (void)badShape("axis " + Twine(value) + " occurs twice");
      return std::nullopt;
    }
    result.push_back(*place);
  }
  return result;
}
