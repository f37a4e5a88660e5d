//===- WriteModule.cpp - a module as text with its weights beside it ------===//
//
// The text names a safetensors file in its own folder, so that importMlir reads both back and the
// compilation goes on where it stopped.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Driver/Compile.h"

#include "compiler/Driver/WriteFile.h"
#include "compiler/Frontends/SafeTensors/SafeTensors.h"
#include "dialects/Fovea/FoveaDialect.h"

#include "llvm/Support/JSON.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace fovea;

static constexpr uint64_t kDataAlignment = 64;

/// The format's type for an element type; nothing when it has none.
static std::optional<TensorDtype> dtypeOf(Type element) {
  if (element.isF64())
    return TensorDtype::F64;
  if (element.isF32())
    return TensorDtype::F32;
  if (element.isF16())
    return TensorDtype::F16;
  if (element.isBF16())
    return TensorDtype::BF16;
  if (element.isInteger(64))
    return TensorDtype::I64;
  if (element.isInteger(32))
    return TensorDtype::I32;
  if (element.isInteger(16))
    return TensorDtype::I16;
  if (element.isInteger(8))
    return TensorDtype::I8;
  return element.isInteger(1) ? std::optional(TensorDtype::Bool) : std::nullopt;
}

namespace {
/// Weights in the order of the file.
struct Sidecar {
  struct Item {
    WeightOp weight;
    ArrayRef<uint8_t> bytes;
  };
  std::vector<Item> items;
  /// Length field, JSON and padding.
  std::string head;
};
} // namespace

/// Lays out the weights of `module` that are not made from others; a reason on failure.
static std::string layOut(ModuleOp module, const WeightStore &store, Sidecar &sidecar) {
  llvm::json::Object header;
  uint64_t end = 0;
  for (auto weight : module.getOps<WeightOp>()) {
    if (weight.isDerived())
      continue;
    auto type = cast<RankedTensorType>(weight.getType());
    uint64_t size = weight.getByteSize();
    auto bytes = store.lookup(weight.getSource(), weight.getOffset(), size);
    if (!bytes)
      return "the bytes of weight '" + weight.getSymName().str() + "' cannot be found";
    std::optional<TensorDtype> dtype = dtypeOf(type.getElementType());
    llvm::json::Array shape(type.getShape());
    if (!dtype)
      shape = llvm::json::Array{int64_t(size)};
    header[llvm::json::fixUTF8(weight.getSymName())] =
        llvm::json::Object{{"dtype", nameOf(dtype.value_or(TensorDtype::U8))},
                           {"shape", std::move(shape)},
                           {"data_offsets", llvm::json::Array{end, end + size}}};
    sidecar.items.push_back({weight, *bytes});
    end += size;
  }
  std::string text;
  llvm::raw_string_ostream(text) << llvm::json::Value(std::move(header));
  text.append(llvm::offsetToAlignment(8 + text.size(), llvm::Align(kDataAlignment)), ' ');
  uint64_t length = text.size();
  for (unsigned byte = 0; byte < 8; ++byte)
    sidecar.head += static_cast<char>(length >> (8 * byte));
  sidecar.head += text;
  return "";
}

std::string Compilation::writeModule(const std::string &path) {
  return fovea::writeModule(module(), store, path);
}

std::string fovea::writeModule(ModuleOp module, const WeightStore &store, const std::string &path) {
  OwningOpRef<ModuleOp> copy = module.clone();
  Sidecar sidecar;
  if (std::string reason = layOut(*copy, store, sidecar); !reason.empty())
    return reason;
  if (path == "-" && !sidecar.items.empty())
    return "-: the module has weights, which go into a file beside it\n  try: -o FILE";
  if (!sidecar.items.empty()) {
    std::string beside = path + ".weights.safetensors";
    std::string reason = writeFile(beside, [&](raw_ostream &stream) {
      stream << sidecar.head;
      for (const Sidecar::Item &item : sidecar.items)
        stream.write(reinterpret_cast<const char *>(item.bytes.data()), item.bytes.size());
    });
    if (!reason.empty())
      return reason;
    uint64_t offset = sidecar.head.size();
    for (Sidecar::Item &item : sidecar.items) {
      item.weight.setSource(llvm::sys::path::filename(beside));
      item.weight.setOffset(offset);
      offset += item.bytes.size();
    }
  }
  return writeFile(path, [&](raw_ostream &stream) {
    // Nodes' names are locations.
    copy->print(stream, OpPrintingFlags().enableDebugInfo());
    stream << "\n";
  });
}
