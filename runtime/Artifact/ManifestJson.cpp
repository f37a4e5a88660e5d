//===- ManifestJson.cpp - JSON form of the manifest -----------------------===//
//
// Keys are exact: a missing, unknown or wrongly typed one is an error, so that
// no reader and writer can differ in silence.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Artifact/Manifest.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace fvm {

using Json = nlohmann::ordered_json;

namespace {

/// Reads typed values and keeps the first mistake; later reads then give defaults.
class JsonReader {
public:
  /// Checks that `value` is an object with exactly `keys`.
  bool object(const Json &value, const std::string &where,
              std::initializer_list<std::string_view> keys);
  std::string text(const Json &value, const std::string &where);
  int64_t integer(const Json &value, const std::string &where);
  std::vector<std::string> texts(const Json &value, const std::string &where);

  /// Calls item(element, where) for each element of an array.
  template <typename Item> void array(const Json &value, const std::string &where, Item item) {
    if (!value.is_array())
      return fail(where, "expected an array");
    size_t index = 0;
    for (const Json &element : value) {
      if (!error.ok())
        return;
      item(element, concat(where, "[", index++, "]"));
    }
  }

  void fail(const std::string &where, std::string_view what) {
    if (error.ok())
      error = badArtifact(concat("manifest, ", where.empty() ? "top level" : where, ": ", what));
  }

  Status error;
};

} // namespace

bool JsonReader::object(const Json &value, const std::string &where,
                        std::initializer_list<std::string_view> keys) {
  if (!value.is_object()) {
    fail(where, "expected an object");
    return false;
  }
  for (std::string_view key : keys)
    if (!value.contains(key))
      fail(where, concat("'", key, "' is missing"));
  for (const auto &item : value.items())
    if (std::ranges::find(keys, item.key()) == keys.end())
      fail(where, concat("unknown key '", item.key(), "'"));
  return error.ok();
}

std::string JsonReader::text(const Json &value, const std::string &where) {
  if (auto *text = value.get_ptr<const Json::string_t *>())
    return *text;
  fail(where, "expected a string");
  return {};
}

int64_t JsonReader::integer(const Json &value, const std::string &where) {
  auto *natural = value.get_ptr<const Json::number_unsigned_t *>();
  if (natural && *natural <= uint64_t(INT64_MAX))
    return int64_t(*natural);
  auto *integer = value.get_ptr<const Json::number_integer_t *>();
  if (integer && !natural)
    return *integer;
  fail(where, "expected an integer of 64 bits");
  return 0;
}

std::vector<std::string> JsonReader::texts(const Json &value, const std::string &where) {
  std::vector<std::string> result;
  array(value, where, [&](const Json &element, const std::string &here) {
    result.push_back(text(element, here));
  });
  return result;
}

static Dim readDim(JsonReader &reader, const Json &value, const std::string &where,
                   const std::vector<std::string> &symbols) {
  if (value.is_null())
    return Dim::data();
  if (!value.is_string())
    return Dim::fixed(reader.integer(value, where));
  auto found = std::ranges::find(symbols, reader.text(value, where));
  if (found == symbols.end())
    reader.fail(where, "names no symbol of the entry");
  return Dim::symbol(found - symbols.begin());
}

/// Whose code reads an input; the key is there where that is not the target's alone.
static Reader readReader(JsonReader &reader, const Json &value, const std::string &where) {
  std::string by = reader.text(value, where);
  if (by != "host" && by != "both")
    reader.fail(where, concat("expected 'host' or 'both', got '", by, "'"));
  return by == "host" ? Reader::Host : Reader::Both;
}

static std::vector<TensorInfo> readTensors(JsonReader &reader, const Json &value,
                                           const std::string &where,
                                           const std::vector<std::string> &symbols,
                                           bool areInputs) {
  std::vector<TensorInfo> tensors;
  reader.array(value, where, [&](const Json &element, const std::string &here) {
    bool hasReader = areInputs && element.is_object() && element.contains("read_by");
    if (hasReader ? !reader.object(element, here, {"name", "dtype", "shape", "read_by"})
                  : !reader.object(element, here, {"name", "dtype", "shape"}))
      return;
    TensorInfo &tensor = tensors.emplace_back();
    if (hasReader)
      tensor.readBy = readReader(reader, element["read_by"], here + ".read_by");
    tensor.name = reader.text(element["name"], here + ".name");
    std::string dtype = reader.text(element["dtype"], here + ".dtype");
    if (auto known = dtypeFromName(dtype))
      tensor.dtype = *known;
    else
      reader.fail(here, concat("unknown dtype '", dtype, "'"));
    reader.array(element["shape"], here + ".shape", [&](const Json &dim, const std::string &at) {
      tensor.shape.push_back(readDim(reader, dim, at, symbols));
    });
  });
  return tensors;
}

static void readEntry(JsonReader &reader, const Json &value, const std::string &where,
                      Manifest &manifest) {
  if (!reader.object(value, where, {"name", "symbols", "inputs", "outputs"}))
    return;
  Entry &entry = manifest.entries.emplace_back();
  entry.name = reader.text(value["name"], where + ".name");
  entry.symbols = reader.texts(value["symbols"], where + ".symbols");
  entry.inputs = readTensors(reader, value["inputs"], where + ".inputs", entry.symbols,
                             /*areInputs=*/true);
  entry.outputs = readTensors(reader, value["outputs"], where + ".outputs", entry.symbols,
                              /*areInputs=*/false);
}

static Status readFields(const Json &json, Manifest &manifest) {
  JsonReader reader;
  if (!reader.object(
          json, "",
          {"format", "producer", "target", "threads_hint", "scratch_bytes", "nodes", "entries"}))
    return std::move(reader.error);
  manifest.producer = reader.text(json["producer"], "producer");
  const Json &target = json["target"];
  if (reader.object(target, "target", {"triple", "cpu", "features"})) {
    manifest.target.triple = reader.text(target["triple"], "target.triple");
    manifest.target.cpu = reader.text(target["cpu"], "target.cpu");
    manifest.target.features = reader.texts(target["features"], "target.features");
  }
  manifest.threadsHint = reader.integer(json["threads_hint"], "threads_hint");
  manifest.scratchBytes = reader.integer(json["scratch_bytes"], "scratch_bytes");
  manifest.nodes = reader.texts(json["nodes"], "nodes");
  reader.array(json["entries"], "entries", [&](const Json &element, const std::string &here) {
    readEntry(reader, element, here, manifest);
  });
  return std::move(reader.error);
}

Status readManifest(std::string_view text, Manifest &manifest) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded() || !json.is_object())
    return badArtifact("the manifest is not a JSON object");
  // First, because another format may have any other keys.
  auto format = json.find("format");
  if (format == json.end() || !format->is_number_integer())
    return badArtifact("manifest, top level: 'format' is missing or no integer");
  if (*format != manifestFormat)
    return incompatible(
        concat("its manifest has format ", format->dump(), ", expected ", manifestFormat));
  manifest = {};
  if (Status status = readFields(json, manifest); !status.ok())
    return status;
  return verifyManifest(manifest);
}

static Json writeTensors(const std::vector<TensorInfo> &tensors, const Entry &entry) {
  Json result = Json::array();
  for (const TensorInfo &tensor : tensors) {
    Json shape = Json::array();
    for (const Dim &dim : tensor.shape) {
      if (dim.kind == Dim::Kind::Static)
        shape.push_back(dim.value);
      else if (dim.kind == Dim::Kind::Symbol)
        shape.push_back(entry.symbols[dim.value]);
      else
        shape.push_back(nullptr);
    }
    Json item = Json::object();
    item["name"] = tensor.name;
    item["dtype"] = dtypeName(tensor.dtype);
    item["shape"] = std::move(shape);
    if (tensor.readBy != Reader::Target)
      item["read_by"] = tensor.readBy == Reader::Host ? "host" : "both";
    result.push_back(std::move(item));
  }
  return result;
}

std::string writeManifest(const Manifest &manifest) {
  Json entries = Json::array();
  for (const Entry &entry : manifest.entries) {
    Json item = Json::object();
    item["name"] = entry.name;
    item["symbols"] = entry.symbols;
    item["inputs"] = writeTensors(entry.inputs, entry);
    item["outputs"] = writeTensors(entry.outputs, entry);
    entries.push_back(std::move(item));
  }
  Json target = Json::object();
  target["triple"] = manifest.target.triple;
  target["cpu"] = manifest.target.cpu;
  target["features"] = manifest.target.features;
  Json json = Json::object();
  json["format"] = manifestFormat;
  json["producer"] = manifest.producer;
  json["target"] = std::move(target);
  json["threads_hint"] = manifest.threadsHint;
  json["scratch_bytes"] = manifest.scratchBytes;
  json["nodes"] = manifest.nodes;
  json["entries"] = std::move(entries);
  // Names of nodes may be any bytes: what is not UTF-8 is replaced.
  return json.dump(-1, ' ', true, Json::error_handler_t::replace);
}

} // namespace fvm
