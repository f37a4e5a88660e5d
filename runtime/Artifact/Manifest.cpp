//===- Manifest.cpp - dtypes and rules of the manifest --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Artifact/Manifest.h"

#include <algorithm>
#include <set>

namespace fvm {

namespace {
struct DTypeRow {
  std::string_view name;
  int64_t bytes;
};
} // namespace

/// In the order of DType.
static constexpr DTypeRow dtypes[] = {{"f32", 4}, {"f64", 8}, {"f16", 2}, {"bf16", 2}, {"i8", 1},
                                      {"i16", 2}, {"i32", 4}, {"i64", 8}, {"u8", 1},   {"u16", 2},
                                      {"u32", 4}, {"u64", 8}, {"bool", 1}};

std::string_view dtypeName(DType dtype) { return dtypes[size_t(dtype)].name; }
int64_t dtypeBytes(DType dtype) { return dtypes[size_t(dtype)].bytes; }

std::optional<DType> dtypeFromName(std::string_view name) {
  for (size_t i = 0; i < std::size(dtypes); ++i)
    if (dtypes[i].name == name)
      return DType(i);
  return std::nullopt;
}

static Status invalid(std::string_view where, std::string_view what) {
  return badArtifact(concat("manifest, ", where, ": ", what));
}

/// Entry names become symbol names of the code section.
static bool isIdentifier(std::string_view name) {
  auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && std::ranges::all_of(name, allowed);
}

/// Texts are handed out as C strings.
static bool isText(std::string_view text) {
  return text.size() <= 4096 && text.find('\0') == std::string_view::npos;
}

static Status verifyShape(const std::string &where, const TensorInfo &tensor, size_t symbols,
                          bool isInput) {
  if (tensor.shape.size() > maxRank)
    return invalid(where, concat("rank is above ", maxRank));
  int64_t bytes = dtypeBytes(tensor.dtype);
  for (const Dim &dim : tensor.shape) {
    if (dim.kind == Dim::Kind::Data) {
      if (isInput)
        return invalid(where, "an input's size must be a number or a symbol");
    } else if (dim.kind == Dim::Kind::Symbol) {
      if (dim.value < 0 || size_t(dim.value) >= symbols)
        return invalid(where, "a size names no symbol of the entry");
    } else if (dim.value < 0 ||
               (dim.value > 0 && __builtin_mul_overflow(bytes, dim.value, &bytes))) {
      return invalid(where, "a size is negative or too large");
    }
  }
  return {};
}

static Status verifyTensors(const std::string &where, const std::vector<TensorInfo> &tensors,
                            size_t symbols, bool isInput) {
  if (tensors.size() > 65536)
    return invalid(where, "too many tensors");
  for (size_t i = 0; i < tensors.size(); ++i) {
    std::string here = concat(where, isInput ? ".inputs[" : ".outputs[", i, "]");
    if (!isText(tensors[i].name))
      return invalid(here, "the name is too long or has a zero byte");
    if (Status status = verifyShape(here, tensors[i], symbols, isInput); !status.ok())
      return status;
  }
  return {};
}

/// A symbol that no input's shape has could not be solved.
static Status verifySymbols(const std::string &where, const Entry &entry) {
  if (entry.symbols.size() > 4096)
    return invalid(where, "too many symbols");
  std::vector<bool> seen(entry.symbols.size());
  for (const TensorInfo &input : entry.inputs)
    for (const Dim &dim : input.shape)
      if (dim.kind == Dim::Kind::Symbol)
        seen[dim.value] = true;
  std::set<std::string_view> names;
  for (size_t i = 0; i < seen.size(); ++i) {
    const std::string &name = entry.symbols[i];
    if (name.empty() || !isText(name) || !names.insert(name).second)
      return invalid(where, "symbols need distinct names");
    if (!seen[i])
      return invalid(where, concat("symbol '", name, "' is in no input's shape"));
  }
  return {};
}

static Status verifyEntry(const std::string &where, const Entry &entry) {
  if (!isIdentifier(entry.name) || !isText(entry.name))
    return invalid(where, "the name must be made of letters, digits and underscores");
  size_t symbols = entry.symbols.size();
  if (Status status = verifyTensors(where, entry.inputs, symbols, true); !status.ok())
    return status;
  if (Status status = verifyTensors(where, entry.outputs, symbols, false); !status.ok())
    return status;
  return verifySymbols(where, entry);
}

Status verifyManifest(const Manifest &manifest) {
  if (!isText(manifest.producer) || !isText(manifest.target.triple) ||
      !isText(manifest.target.cpu) || !std::ranges::all_of(manifest.target.features, isText))
    return invalid("producer or target", "a text is too long or has a zero byte");
  if (manifest.threadsHint < 0 || manifest.threadsHint > 65536)
    return invalid("threads_hint", "out of range");
  if (manifest.scratchBytes < 0 || manifest.scratchBytes > int64_t(1) << 40)
    return invalid("scratch_bytes", "out of range");
  if (!std::ranges::all_of(manifest.nodes, isText))
    return invalid("nodes", "a name is too long or has a zero byte");
  if (manifest.entries.empty() || manifest.entries.size() > 4096)
    return invalid("entries", "there must be 1 to 4096");
  std::set<std::string_view> names;
  for (size_t i = 0; i < manifest.entries.size(); ++i) {
    std::string where = concat("entries[", i, "]");
    if (Status status = verifyEntry(where, manifest.entries[i]); !status.ok())
      return status;
    if (!names.insert(manifest.entries[i].name).second)
      return invalid(where, "the name is taken by another entry");
  }
  return {};
}

} // namespace fvm
