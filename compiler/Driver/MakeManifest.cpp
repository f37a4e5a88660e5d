//===- MakeManifest.cpp - what the artefact says of itself ----------------===//
//
// Entries with names, types and symbolic sizes; nodes of faults; scratch memory.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Driver/MakeManifest.h"

#include "compiler/Conversion/KernelToDevice/Passes.h"
#include "compiler/Conversion/KernelToLLVM/Passes.h"
#include "compiler/Conversion/TensorToKernel/Passes.h"
#include "compiler/Conversion/TensorToKernel/SizeSlice.h"
#include "runtime/Artifact/Manifest.h"

using namespace mlir;
using namespace fovea;

static std::optional<fvm::DType> dtypeOf(Type element, StringRef given) {
  if (!given.empty())
    return fvm::dtypeFromName(std::string_view(given.data(), given.size()));
  if (element.isInteger(1))
    return fvm::DType::Bool;
  if (element.isF32())
    return fvm::DType::F32;
  if (element.isF64())
    return fvm::DType::F64;
  if (element.isF16())
    return fvm::DType::F16;
  if (element.isBF16())
    return fvm::DType::BF16;
  if (!element.isSignlessInteger())
    return std::nullopt;
  std::string name = "i" + std::to_string(element.getIntOrFloatBitWidth());
  return fvm::dtypeFromName(name);
}

static std::optional<fvm::TensorInfo> tensorOf(DictionaryAttr attrs, Type type, unsigned index,
                                               const std::vector<std::string> &symbols,
                                               StringRef fallback) {
  fvm::TensorInfo info;
  auto name = attrs.getAs<StringAttr>(kNameAttr);
  info.name = name ? name.str() : (fallback + Twine(index)).str();
  auto shaped = cast<RankedTensorType>(type);
  auto given = attrs.getAs<StringAttr>(kDtypeAttr);
  std::optional<fvm::DType> dtype =
      dtypeOf(shaped.getElementType(), given ? given.getValue() : StringRef());
  if (!dtype)
    return std::nullopt;
  info.dtype = *dtype;
  if (auto readBy = attrs.getAs<StringAttr>(kReadByAttr))
    info.readBy = readBy.getValue() == kReadByHost ? fvm::Reader::Host : fvm::Reader::Both;
  auto shape = attrs.getAs<ArrayAttr>(kShapeAttr);
  for (auto [dim, extent] : llvm::enumerate(shaped.getShape())) {
    if (!ShapedType::isDynamic(extent)) {
      info.shape.push_back(fvm::Dim::fixed(extent));
      continue;
    }
    auto called = shape && dim < shape.size() ? dyn_cast<StringAttr>(shape[dim]) : StringAttr();
    StringRef symbol = called ? called.getValue() : "";
    auto found = llvm::find(symbols, symbol.str());
    info.shape.push_back(symbol.empty() || found == symbols.end()
                             ? fvm::Dim::data()
                             : fvm::Dim::symbol(found - symbols.begin()));
  }
  return info;
}

/// True when the attributes that fovea-bind-outputs leaves on an entry are there.
static bool describesItself(Operation *function) {
  auto listOf = [&]<typename T>(StringRef name, T) {
    auto list = function->getAttrOfType<ArrayAttr>(name);
    return list && llvm::all_of(list, llvm::IsaPred<T>);
  };
  auto sizeOf = [&](StringRef name) { return function->getAttrOfType<ArrayAttr>(name).size(); };
  if (!listOf(kSymbolsAttr, StringAttr()))
    return false;
  for (auto [attrs, types] :
       {std::pair(kInputsAttr, kInputTypesAttr), std::pair(kResultsAttr, kResultTypesAttr)}) {
    if (!listOf(attrs, DictionaryAttr()) || !listOf(types, TypeAttr()) ||
        sizeOf(attrs) != sizeOf(types))
      return false;
    for (auto type : function->getAttrOfType<ArrayAttr>(types).getAsValueRange<TypeAttr>())
      if (!isa<RankedTensorType>(type))
        return false;
  }
  return true;
}

static bool fillEntry(Operation *function, fvm::Entry &entry) {
  StringRef name = SymbolTable::getSymbolName(function).getValue();
  if (!name.consume_front("fovea_run_") || !describesItself(function))
    return false;
  entry.name = name.str();
  for (auto symbol : function->getAttrOfType<ArrayAttr>(kSymbolsAttr).getAsRange<StringAttr>())
    entry.symbols.push_back(symbol.str());
  auto fill = [&](StringRef attrs, StringRef types, StringRef fallback,
                  std::vector<fvm::TensorInfo> &out) {
    auto dicts = function->getAttrOfType<ArrayAttr>(attrs);
    auto all = function->getAttrOfType<ArrayAttr>(types);
    for (auto [index, dict] : llvm::enumerate(dicts)) {
      auto info = tensorOf(cast<DictionaryAttr>(dict), cast<TypeAttr>(all[index]).getValue(), index,
                           entry.symbols, fallback);
      if (!info)
        return false;
      out.push_back(*info);
    }
    return true;
  };
  return fill(kInputsAttr, kInputTypesAttr, "input", entry.inputs) &&
         fill(kResultsAttr, kResultTypesAttr, "output", entry.outputs);
}

std::string fovea::makeManifest(ModuleOp module, const fvm::Target &machine, int64_t threads,
                                Problems &problems) {
  fvm::Manifest manifest;
  manifest.producer = "fovea 0.1.0";
  manifest.target = machine;
  manifest.threadsHint = threads;
  if (auto nodes = module->getAttrOfType<ArrayAttr>(kNodesAttr))
    for (Attribute node : nodes)
      manifest.nodes.push_back(isa<StringAttr>(node) ? cast<StringAttr>(node).str() : "");
  bool complete = true;
  for (Operation &op : module.getOps()) {
    if (auto scratch = op.getAttrOfType<IntegerAttr>(kernel::kScratchAttr))
      manifest.scratchBytes = std::max(manifest.scratchBytes, scratch.getInt());
    if (op.hasAttr(kEntryAttr))
      complete &= fillEntry(&op, manifest.entries.emplace_back());
  }
  fvm::Status status = fvm::verifyManifest(manifest);
  if (complete && status.ok())
    return fvm::writeManifest(manifest);
  problems.push_back(
      {"FV0901", "", "", "", 0, "the module's interface cannot be described",
       status.ok() ? "an attribute is missing, or an element type has no name in the artefact"
                   : std::string(status.message()),
       "report this as a bug of Fovea with the model"});
  return {};
}
