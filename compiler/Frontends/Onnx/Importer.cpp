//===- Importer.cpp - the walk over an ONNX model -------------------------===//
//
// Checks that every node is supported, declares inputs and initializers, and imports the nodes of
// the graph and of its branches in order.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Onnx/Importer.h"

#include "compiler/Frontends/Onnx/OperatorTable.h"
#include "compiler/Frontends/Onnx/Operators/Operators.h"
#include "compiler/Frontends/Onnx/onnx-ml.pb.h"

#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::onnx_frontend;

static bool isDefaultDomain(StringRef domain) { return domain.empty() || domain == "ai.onnx"; }

Importer::Importer(MLIRContext *context, StringRef path, const ImportOptions &options,
                   WeightStore &weights, Problems &problems,
                   std::shared_ptr<onnx::ModelProto> model)
    : emitter(context, sizes), files(path), model(std::move(model)), path(path.str()),
      problems(&problems), options(options), weights(weights) {}

void Importer::report(Problem problem) { problems->push_back(std::move(problem)); }

bool Importer::complain(StringRef code, const Twine &what, const Twine &remedy) {
  Problem problem;
  problem.code = code.str();
  problem.file = path;
  problem.what = what.str();
  problem.remedy = remedy.str();
  report(std::move(problem));
  return false;
}

bool Importer::readOpset() {
  for (const onnx::OperatorSetIdProto &set : model->opset_import())
    if (isDefaultDomain(set.domain()))
      opset = set.version();
  if (opset >= kOldestOpset && opset <= kNewestOpset)
    return true;
  return complain("FV0102",
                  "opset " + Twine(opset) + " is not supported; " + Twine(kOldestOpset) + " to " +
                      Twine(kNewestOpset) + " are",
                  "convert the model with onnx.version_converter");
}

bool Importer::checkOperators(const onnx::GraphProto &graph) {
  bool good = graph.sparse_initializer_size() == 0;
  if (!good)
    complain("FV0103", "sparse initializers are not supported");
  for (const onnx::NodeProto &proto : graph.node()) {
    ++nodeCount;
    Node node(*this, proto);
    const Operator *row = isDefaultDomain(proto.domain()) ? findOperator(proto.op_type()) : nullptr;
    if (!row) {
      std::string domain = isDefaultDomain(proto.domain()) ? "" : " of domain " + proto.domain();
      (void)node.fail("FV0101", "operator" + domain + " is not supported");
      good = false;
    } else if (opset < row->sinceOpset) {
      (void)node.fail("FV0102", "operator is read from opset " + Twine(row->sinceOpset) + " on");
      good = false;
    }
    for (const onnx::AttributeProto &attribute : proto.attribute())
      if (attribute.has_g())
        good &= checkOperators(attribute.g());
  }
  return good;
}

const Tensor *Importer::lookup(StringRef name) const {
  for (const Scope &scope : llvm::reverse(scopes))
    if (auto found = scope.values.find(name); found != scope.values.end())
      return &found->second;
  return nullptr;
}

std::optional<Tensor> Importer::declareInput(const onnx::ValueInfoProto &info) {
  auto refuse = [&](const Twine &what) -> std::optional<Tensor> {
    complain("FV0202", "input '" + info.name() + "' " + what);
    return std::nullopt;
  };
  if (!info.type().has_tensor_type())
    return refuse("is not a tensor");
  const auto &type = info.type().tensor_type();
  auto dtype = dtypeOf(type.elem_type());
  if (!dtype)
    return refuse("has element type " + onnxTypeName(type.elem_type()) +
                  ", which is not supported");
  if (!type.has_shape())
    return refuse("has no declared rank");
  Tensor tensor;
  tensor.dtype = *dtype;
  Shape known;
  for (const auto &dim : type.shape().dim()) {
    std::string name = dim.has_dim_param() && !dim.dim_param().empty()
                           ? dim.dim_param()
                           : info.name() + "." + std::to_string(tensor.shape.size());
    auto fixed = options.dims.find(name);
    if (dim.has_dim_value()) {
      tensor.shape.push_back(dim.dim_value());
    } else if (fixed != options.dims.end()) {
      usedDims[name] = fixed->second;
      tensor.shape.push_back(fixed->second);
    } else {
      usedDims[name] = -1;
      tensor.shape.push_back(sizes.named(name));
    }
    known.push_back(tensor.shape.back().constant().value_or(1));
  }
  if (!checkedElements(known, *dtype))
    return refuse("has sizes that are negative or too large");
  return tensor;
}

bool Importer::fixDims() {
  bool good = true;
  for (const auto &entry : options.dims) {
    if (usedDims.contains(entry.first()) && entry.second >= 0)
      continue;
    std::string known;
    for (const auto &used : usedDims)
      known += (known.empty() ? "" : ", ") + used.first().str();
    good = complain("FV0301",
                    "no dynamic dimension '" + entry.first() + "' with size " + Twine(entry.second),
                    known.empty() ? "the model has no dynamic dimensions" : "one of: " + known);
  }
  return good;
}

bool Importer::declareInputs(const onnx::GraphProto &graph) {
  llvm::StringSet<> initialized;
  for (const onnx::TensorProto &tensor : graph.initializer())
    initialized.insert(tensor.name());
  bool good = true;
  for (const onnx::ValueInfoProto &info : graph.input()) {
    // Before IR version 4 initializers were inputs, too.
    if (initialized.contains(info.name()))
      continue;
    auto tensor = declareInput(info);
    good &= tensor.has_value();
    if (tensor)
      arguments.emplace_back(info.name(), *tensor);
  }
  if (!good || !fixDims())
    return false;
  SmallVector<Type> types;
  for (auto &[name, tensor] : arguments)
    types.push_back(emitter.type(tensor.dtype, tensor.shape));
  auto entry = func::FuncOp::create(emitter.b, "main", emitter.b.getFunctionType(types, {}));
  emitter.entry = entry.addEntryBlock();
  emitter.b.setInsertionPointToStart(emitter.entry);
  for (auto [argument, value] : llvm::zip_equal(arguments, emitter.entry->getArguments())) {
    auto &[name, tensor] = argument;
    tensor.value = value;
    for (auto [dim, size] : llvm::enumerate(tensor.shape))
      if (auto symbol = size.symbol())
        emitter.bind(*symbol, value, dim);
    if (name.empty() || !scopes.back().values.try_emplace(name, tensor).second)
      good = complain("FV0005", "input name '" + name + "' is empty or used twice");
  }
  return good;
}

bool Importer::addInitializers(const onnx::GraphProto &graph, Scope &scope) {
  llvm::StringSet<> used;
  std::function<void(const onnx::GraphProto &)> collect = [&](const onnx::GraphProto &inner) {
    for (const onnx::NodeProto &node : inner.node()) {
      for (const std::string &input : node.input())
        used.insert(input);
      for (const onnx::AttributeProto &attribute : node.attribute())
        if (attribute.has_g())
          collect(attribute.g());
    }
    for (const onnx::ValueInfoProto &output : inner.output())
      used.insert(output.name());
  };
  collect(graph);
  bool good = true;
  for (const onnx::TensorProto &tensor : graph.initializer()) {
    if (!used.contains(tensor.name()))
      continue;
    std::string why;
    ConstantPtr constant = readTensor(tensor, model, files, why);
    if (!constant) {
      good = complain("FV0004", "initializer '" + tensor.name() + "' cannot be read: " + why);
      continue;
    }
    Tensor value;
    value.dtype = constant->dtype;
    value.shape.assign(constant->shape.begin(), constant->shape.end());
    value.constant = constant;
    if (!scope.values.try_emplace(tensor.name(), value).second)
      good = complain("FV0005", "initializer name '" + tensor.name() + "' is used twice");
  }
  return good;
}

bool Importer::bindInputs(Node &node) {
  const Operator &row = *findOperator(node.op());
  for (const std::string &name : node.proto.input()) {
    const Tensor *tensor = name.empty() ? nullptr : lookup(name);
    if (!name.empty() && !tensor)
      return succeeded(node.fail("FV0005", "input '" + name + "' is not defined before the node"));
    node.inputs.push_back(tensor);
  }
  while (!node.inputs.empty() && !node.inputs.back())
    node.inputs.pop_back();
  for (unsigned i = 0; i < row.leastInputs; ++i)
    if (!node.has(i))
      return succeeded(node.fail("FV0104", "input " + Twine(i) + " is missing"));
  if (node.inputCount() > row.mostInputs)
    return succeeded(node.fail("FV0104", "at most " + Twine(row.mostInputs) +
                                             " inputs are supported, got " +
                                             Twine(node.inputCount())));
  if (node.outputCount() > row.mostOutputs || node.outputCount() == 0)
    return succeeded(node.fail("FV0104", "1 to " + Twine(row.mostOutputs) +
                                             " outputs are supported, got " +
                                             Twine(node.outputCount())));
  if (node.has(0) && !(setOf(node.in(0).dtype) & row.types))
    return succeeded(node.fail("FV0202", "input 0 has element type " + nameOf(node.in(0).dtype) +
                                             ", which is not supported"));
  for (unsigned i = 1; i < node.inputCount(); ++i)
    if (node.has(i) && (row.sameType >> std::min(i, 31u) & 1) &&
        node.in(i).dtype != node.in(0).dtype)
      return succeeded(node.fail("FV0202", "input " + Twine(i) + " has element type " +
                                               nameOf(node.in(i).dtype) + ", input 0 has " +
                                               nameOf(node.in(0).dtype)));
  return true;
}

bool Importer::acceptable(const Tensor &tensor) const {
  Shape known;
  for (const SizeExpr &size : tensor.shape)
    known.push_back(size.constant().value_or(1));
  return checkedElements(known, tensor.dtype).has_value();
}

bool Importer::storeResults(Node &node) {
  if (!node.malformedAttr.empty())
    return succeeded(node.fail("FV0104", "attribute '" + node.malformedAttr +
                                             "' is missing or has the wrong type"));
  if (sizes.overflowed) {
    sizes.overflowed = false;
    return succeeded(node.fail("FV0203", "the arithmetic of its sizes overflows"));
  }
  for (unsigned i = 0; i < node.outputCount(); ++i) {
    if (!node.wants(i))
      continue;
    if (node.results[i].dtype == Dtype::None)
      return succeeded(node.unsupported("output " + Twine(i) + " is not supported"));
    if (!acceptable(node.results[i]))
      return succeeded(node.fail("FV0203", "output " + Twine(i) + " is too large"));
    if (lookup(node.outputNames[i]) && scopes.back().values.contains(node.outputNames[i]))
      return succeeded(
          node.fail("FV0005", "output '" + node.outputNames[i] + "' is defined twice"));
    scopes.back().values[node.outputNames[i]] = std::move(node.results[i]);
  }
  return true;
}

bool Importer::importNode(const onnx::NodeProto &proto) {
  Node node(*this, proto);
  if (!bindInputs(node))
    return false;
  std::string outerName = std::exchange(emitter.node, node.name);
  Location outerLoc = emitter.b.getLoc();
  emitter.b.setLoc(NameLoc::get(emitter.b.getStringAttr(node.name)));
  bool good = succeeded(importByCases(node, findOperator(node.op())->import));
  emitter.b.setLoc(outerLoc);
  emitter.node = outerName;
  if (!good && !node.malformedAttr.empty())
    storeResults(node);
  return good && storeResults(node);
}

bool Importer::importNodes(const onnx::GraphProto &graph) {
  // What depends on a node that failed cannot be checked: one problem per graph.
  return llvm::all_of(graph.node(), [&](const onnx::NodeProto &node) { return importNode(node); });
}

std::optional<std::vector<Tensor>> Importer::importBody(const onnx::GraphProto &graph) {
  scopes.push_back({{}, &graph, {}});
  for (const auto *list : {&graph.value_info(), &graph.output()})
    for (const onnx::ValueInfoProto &info : *list)
      scopes.back().declared[info.name()] = &info;
  std::optional<std::vector<Tensor>> result;
  if ((scopes.size() > 1 || declareInputs(graph)) && addInitializers(graph, scopes.back()) &&
      importNodes(graph)) {
    result.emplace();
    for (const onnx::ValueInfoProto &output : graph.output()) {
      const Tensor *tensor = lookup(output.name());
      if (!tensor) {
        complain("FV0005",
                 "output '" + output.name() + "' of graph '" + graph.name() + "' is not defined");
        result.reset();
        break;
      }
      result->push_back(*tensor);
    }
  }
  scopes.pop_back();
  return result;
}

OwningOpRef<ModuleOp> Importer::run(ImportSummary &summary) {
  const onnx::GraphProto &graph = model->graph();
  if (!readOpset() || !checkOperators(graph))
    return nullptr;
  module = ModuleOp::create(emitter.b.getLoc());
  SymbolTable table(*module);
  symbols = &table;
  emitter.b.setInsertionPointToStart(module->getBody());
  auto outputs = importBody(graph);
  if (!outputs || !finish(graph, std::move(*outputs)) || !verify())
    return nullptr;
  summary.text = "opset " + std::to_string(opset) + ", " + std::to_string(nodeCount) + " nodes";
  for (const std::string &text : notes)
    summary.text += "; " + text;
  module->walk([&](WeightOp weight) {
    auto type = cast<RankedTensorType>(weight.getType());
    summary.weightBytes +=
        type.getNumElements() * std::max<int64_t>(1, type.getElementTypeBitWidth() / 8);
  });
  return std::move(module);
}
