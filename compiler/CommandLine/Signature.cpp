//===- Signature.cpp - an entry's interface, and inputs for it ------------===//
//
// Files come first, since their shapes settle symbols that fills then use.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/CommandLine/Signature.h"

#include "compiler/Data/Fill.h"
#include "compiler/Frontends/Mlir/EntrySignatures.h"
#include "compiler/Targets/Reference/Interpreter.h"
#include "dialects/Fovea/FoveaDialect.h"

using namespace fovea;
using namespace fovea::cli;
using namespace mlir;

/// Size of a symbol that nobody gave one: small, and odd so that no vector fits.
static constexpr int64_t kDefaultSize = 5;

std::string TensorSignature::text() const {
  std::string text = nameOf(dtype).str() + "[";
  for (auto [dim, extent] : llvm::enumerate(shape)) {
    text += dim ? " x " : "";
    text += extent >= 0 ? std::to_string(extent) : symbols[dim].empty() ? "?" : symbols[dim];
  }
  return text + "]";
}

static llvm::Expected<TensorSignature> toSignature(DictionaryAttr attrs, Type type,
                                                   const Twine &fallback) {
  TensorSignature tensor;
  auto text = [&](StringRef key) {
    auto attr = attrs ? attrs.getAs<StringAttr>(key) : StringAttr();
    return attr ? attr.getValue() : StringRef();
  };
  StringRef name = text(kNameAttr);
  tensor.name = name.empty() ? fallback.str() : name.str();
  auto shaped = dyn_cast<RankedTensorType>(type);
  if (!shaped)
    return failure(kInput, "'" + tensor.name + "' is no ranked tensor");
  auto dtype = reference::dtypeOf(shaped.getElementType(), text(kDtypeAttr));
  if (!dtype)
    return failure(kInput, "'" + tensor.name + "' has an element type that cannot leave a run");
  tensor.dtype = *dtype;
  auto shape = attrs ? attrs.getAs<ArrayAttr>(kShapeAttr) : ArrayAttr();
  for (auto [dim, extent] : llvm::enumerate(shaped.getShape())) {
    bool dynamic = ShapedType::isDynamic(extent);
    tensor.shape.push_back(dynamic ? -1 : extent);
    auto symbol =
        dynamic && shape && dim < shape.size() ? dyn_cast<StringAttr>(shape[dim]) : StringAttr();
    tensor.symbols.push_back(symbol ? symbol.str() : "");
  }
  return tensor;
}

llvm::Expected<Signature> cli::signatureOf(ModuleOp module, const std::string &entry) {
  if (*phaseOf(module) > Phase::Graph)
    return failure(kInput,
                   "the module is behind phase '" + nameOf(*phaseOf(module)) +
                       "', where entries have no tensors any more",
                   "give the model itself, or compile the module to an artefact");
  std::vector<std::string> names;
  for (func::FuncOp function : entriesOf(module)) {
    names.push_back(function.getSymName().str());
    if (!entry.empty() && names.back() != entry)
      continue;
    Signature signature;
    signature.entry = names.back();
    for (auto [index, type] : llvm::enumerate(function.getArgumentTypes())) {
      auto tensor = toSignature(function.getArgAttrDict(index), type, "arg" + Twine(index));
      if (!tensor)
        return tensor.takeError();
      signature.inputs.push_back(std::move(*tensor));
    }
    for (auto [index, type] : llvm::enumerate(function.getResultTypes())) {
      auto tensor = toSignature(function.getResultAttrDict(index), type, "result" + Twine(index));
      if (!tensor)
        return tensor.takeError();
      signature.outputs.push_back(std::move(*tensor));
    }
    return signature;
  }
  return failure(kUsage, "there is no entry '" + entry + "'" + didYouMean(entry, names));
}

/// The fill of every input by --input.
static llvm::Expected<std::vector<std::optional<Fill>>> fillsOf(const Signature &signature,
                                                                const Invocation &invocation) {
  std::vector<std::optional<Fill>> fills(signature.inputs.size());
  std::vector<std::string> names;
  for (const TensorSignature &input : signature.inputs)
    names.push_back(input.name);
  for (const auto &[name, text] : invocation.inputs) {
    auto found = llvm::find(names, name);
    if (found == names.end()) {
      std::string known = llvm::join(names, ", ");
      return failure(kUsage, "there is no input '" + name + "'" + didYouMean(name, names) +
                                 "\n  why: the inputs are " + known);
    }
    llvm::Expected<Fill> fill = parseFill(text);
    if (!fill)
      return failure(kUsage, "input '" + name + "'", fill.takeError());
    fills[found - names.begin()] = std::move(*fill);
  }
  return fills;
}

/// Fails for a size whose name no input has, unless --dim has made it static.
static llvm::Error checkSizes(const Signature &signature, const Invocation &invocation) {
  std::vector<std::string> known;
  for (const TensorSignature &input : signature.inputs)
    for (const std::string &symbol : input.symbols)
      if (!symbol.empty() && !llvm::is_contained(known, symbol))
        known.push_back(symbol);
  const llvm::StringMap<int64_t> &fixed = invocation.compile.import.dims;
  for (const std::string &name : invocation.sizesOfRun) {
    auto dim = fixed.find(name);
    bool agrees = !invocation.isArtifact() && dim != fixed.end() &&
                  dim->second == invocation.sizes.lookup(name);
    if (!agrees && !llvm::is_contained(known, name))
      return failure(kUsage, "no input has a symbolic dimension '" + name + "'" +
                                 didYouMean(name, known) +
                                 (known.empty() ? "\n  why: all sizes are fixed"
                                                : "\n  why: there are " + llvm::join(known, ", ")));
  }
  return llvm::Error::success();
}

/// Gives the symbols of `input` the sizes that `tensor` has.
static void settleSymbols(const TensorSignature &input, const Tensor &tensor,
                          llvm::StringMap<int64_t> &sizes) {
  for (auto [symbol, extent] : llvm::zip(input.symbols, tensor.shape()))
    if (!symbol.empty())
      sizes[symbol] = extent;
}

llvm::Expected<std::vector<Tensor>> cli::makeInputs(const Signature &signature,
                                                    const Invocation &invocation) {
  auto fills = fillsOf(signature, invocation);
  if (!fills)
    return fills.takeError();
  if (llvm::Error error = checkSizes(signature, invocation))
    return error;
  llvm::StringMap<int64_t> sizes = invocation.sizes;
  std::vector<Tensor> inputs(signature.inputs.size());
  auto make = [&](size_t index, ArrayRef<int64_t> shape, const Fill &fill) -> llvm::Error {
    const TensorSignature &input = signature.inputs[index];
    llvm::Expected<Tensor> tensor = makeTensor(fill, input.dtype, shape);
    if (!tensor)
      return failure(kInput, "input '" + input.name + "'", tensor.takeError());
    inputs[index] = std::move(*tensor);
    return llvm::Error::success();
  };
  for (auto [index, fill] : llvm::enumerate(*fills)) {
    if (!fill || fill->kind != Fill::Kind::File)
      continue;
    if (llvm::Error error = make(index, signature.inputs[index].shape, *fill))
      return error;
    settleSymbols(signature.inputs[index], inputs[index], sizes);
  }
  std::string assumed;
  for (auto [index, input] : llvm::enumerate(signature.inputs)) {
    const std::optional<Fill> &fill = (*fills)[index];
    if (fill && fill->kind == Fill::Kind::File)
      continue;
    std::vector<int64_t> shape = input.shape;
    for (auto [extent, symbol] : llvm::zip(shape, input.symbols)) {
      if (extent >= 0)
        continue;
      auto [entry, isNew] = sizes.try_emplace(symbol, kDefaultSize);
      extent = entry->second;
      if (isNew)
        assumed += " " + symbol + "=" + std::to_string(extent);
    }
    if (llvm::Error error = make(index, shape, fill ? *fill : defaultFill(input.dtype, index)))
      return error;
  }
  if (!assumed.empty())
    invocation.say("sizes taken:" + assumed + " (--dim or --size NAME=N gives another)");
  return inputs;
}
