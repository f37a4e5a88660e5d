//===- SafeTensors.cpp - one safetensors file -----------------------------===//
//
// Every rule of the format is checked before a tensor is handed out.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/SafeTensors/SafeTensors.h"
#include "compiler/Frontends/SafeTensors/BoundedJson.h"

#include "llvm/Support/CheckedArithmetic.h"
#include "llvm/Support/Endian.h"

#include <vector>

using namespace fovea;

static constexpr uint64_t kLengthBytes = 8;
static constexpr uint64_t kMaxHeaderBytes = 100'000'000;
static constexpr size_t kMaxRank = 16;

namespace {
struct DtypeInfo {
  TensorDtype dtype;
  llvm::StringLiteral name;
  uint64_t bytes;
};
} // namespace

/// In the order of the enumeration.
static constexpr DtypeInfo kDtypes[] = {
    {TensorDtype::F64, "F64", 8},   {TensorDtype::F32, "F32", 4}, {TensorDtype::F16, "F16", 2},
    {TensorDtype::BF16, "BF16", 2}, {TensorDtype::I64, "I64", 8}, {TensorDtype::I32, "I32", 4},
    {TensorDtype::I16, "I16", 2},   {TensorDtype::I8, "I8", 1},   {TensorDtype::U8, "U8", 1},
    {TensorDtype::Bool, "BOOL", 1}};

llvm::StringRef fovea::nameOf(TensorDtype dtype) { return kDtypes[unsigned(dtype)].name; }
uint64_t fovea::bytesOf(TensorDtype dtype) { return kDtypes[unsigned(dtype)].bytes; }

std::optional<uint64_t> fovea::checkedByteSize(llvm::ArrayRef<int64_t> shape,
                                               uint64_t elementBytes) {
  // A zero size may stand beside sizes whose product overflows: refuse those too.
  std::optional<int64_t> bytes = static_cast<int64_t>(elementBytes);
  bool empty = false;
  for (int64_t size : shape) {
    if (size < 0)
      return std::nullopt;
    empty |= size == 0;
    bytes = llvm::checkedMul<int64_t>(*bytes, std::max<int64_t>(size, 1));
    if (!bytes)
      return std::nullopt;
  }
  return empty ? 0 : static_cast<uint64_t>(*bytes);
}

/// Reads the array of non-negative integers `object[key]`.
static bool readSizes(const llvm::json::Object &object, llvm::StringRef key, size_t most,
                      llvm::SmallVectorImpl<int64_t> &sizes) {
  const llvm::json::Array *array = object.getArray(key);
  if (!array || array->size() > most)
    return false;
  for (const llvm::json::Value &value : *array) {
    std::optional<int64_t> size = value.getAsInteger();
    if (!size || *size < 0)
      return false;
    sizes.push_back(*size);
  }
  return true;
}

/// Reads one entry; its offset is relative to the data. Sets `why` on failure.
static std::optional<TensorEntry> readEntry(const llvm::json::Value &value, std::string &why) {
  const llvm::json::Object *object = value.getAsObject();
  if (!object || object->size() != 3 || !object->get("dtype") || !object->get("shape") ||
      !object->get("data_offsets")) {
    why = "expected exactly the keys dtype, shape and data_offsets";
    return std::nullopt;
  }
  TensorEntry entry;
  std::optional<llvm::StringRef> dtype = object->getString("dtype");
  const DtypeInfo *info =
      llvm::find_if(kDtypes, [&](const DtypeInfo &known) { return dtype && known.name == *dtype; });
  if (info == std::end(kDtypes)) {
    why = "unsupported dtype '" + (dtype ? dtype->str() : "?") +
          "' (supported: F64 F32 F16 BF16 I64 I32 I16 I8 U8 BOOL)";
    return std::nullopt;
  }
  entry.dtype = info->dtype;
  llvm::SmallVector<int64_t, 2> range;
  if (!readSizes(*object, "shape", kMaxRank, entry.shape)) {
    why = "expected a shape of at most 16 non-negative integers";
    return std::nullopt;
  }
  if (!readSizes(*object, "data_offsets", 2, range) || range.size() != 2 || range[0] > range[1]) {
    why = "expected data_offsets of two ascending non-negative integers";
    return std::nullopt;
  }
  std::optional<uint64_t> bytes = checkedByteSize(entry.shape, info->bytes);
  if (!bytes) {
    why = "the byte size of its shape exceeds 2^63 - 1";
    return std::nullopt;
  }
  entry.offset = range[0];
  entry.size = range[1] - range[0];
  if (entry.size != *bytes) {
    why = "its range has " + std::to_string(entry.size) + " bytes, its shape and dtype " +
          std::to_string(*bytes);
    return std::nullopt;
  }
  return entry;
}

/// Checks that the ranges cover [0, dataSize) without gap or overlap.
static bool tileExactly(const TensorTable &table, uint64_t dataSize, std::string &why) {
  std::vector<std::pair<uint64_t, uint64_t>> ranges;
  ranges.reserve(table.size());
  for (const auto &item : table)
    ranges.emplace_back(item.second.offset, item.second.offset + item.second.size);
  llvm::sort(ranges);
  uint64_t end = 0;
  for (auto [from, to] : ranges) {
    if (from != end) {
      why = "the tensors' ranges leave a gap or overlap at byte " + std::to_string(end) +
            " of the data";
      return false;
    }
    end = to;
  }
  if (end == dataSize)
    return true;
  why = "the tensors' ranges end at byte " + std::to_string(end) + " of " +
        std::to_string(dataSize) + " data bytes";
  return false;
}

static bool isStringMap(const llvm::json::Value &value) {
  const llvm::json::Object *object = value.getAsObject();
  return object && llvm::all_of(*object, [](const auto &member) {
           return member.second.getAsString().has_value();
         });
}

std::optional<TensorTable> fovea::parseSafeTensors(llvm::StringRef file, std::string &why) {
  if (file.size() < kLengthBytes) {
    why = "file of " + std::to_string(file.size()) + " bytes, shorter than the header's length";
    return std::nullopt;
  }
  uint64_t length = llvm::support::endian::read64le(file.data());
  uint64_t rest = file.size() - kLengthBytes;
  if (length > kMaxHeaderBytes || length > rest) {
    why = "header of " + std::to_string(length) + " bytes in a file of " +
          std::to_string(file.size()) + " bytes (at most 100 MB, and within the file)";
    return std::nullopt;
  }
  llvm::StringRef header = file.substr(kLengthBytes, length);
  if (!header.starts_with("{")) {
    why = "expected a header that starts with '{'";
    return std::nullopt;
  }
  JsonLimits limits;
  limits.bytes = kMaxHeaderBytes;
  limits.depth = 3;
  std::optional<llvm::json::Value> root = parseBoundedJson(header, limits, why);
  if (!root)
    return std::nullopt;
  TensorTable table;
  uint64_t dataStart = kLengthBytes + length;
  for (const auto &[key, value] : *root->getAsObject()) {
    llvm::StringRef name(key);
    if (name == "__metadata__") {
      if (isStringMap(value))
        continue;
      why = "expected __metadata__ to map strings to strings";
      return std::nullopt;
    }
    std::optional<TensorEntry> entry = readEntry(value, why);
    if (!entry) {
      why = "tensor '" + name.str() + "': " + why;
      return std::nullopt;
    }
    table[name] = std::move(*entry);
  }
  if (!tileExactly(table, rest - length, why))
    return std::nullopt;
  for (auto &item : table)
    item.second.offset += dataStart;
  return table;
}
