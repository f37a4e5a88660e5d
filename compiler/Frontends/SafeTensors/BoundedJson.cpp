//===- BoundedJson.cpp - JSON of unknown origin ---------------------------===//
//
// One pass over the text counts nesting and separators; the parsed value then has as many members
// as the text has colons, or a key stood twice.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/SafeTensors/BoundedJson.h"

using namespace fovea;

namespace {
struct Counts {
  unsigned deepest = 0;
  uint64_t colons = 0;
  uint64_t commas = 0;
};
} // namespace

/// Counts outside strings. Text that is no JSON gives arbitrary counts; the parser refuses it.
static Counts scan(llvm::StringRef text) {
  Counts counts;
  uint64_t depth = 0;
  bool inString = false;
  for (size_t at = 0; at < text.size(); ++at) {
    char c = text[at];
    if (inString) {
      if (c == '\\')
        ++at;
      else if (c == '"')
        inString = false;
      continue;
    }
    switch (c) {
    case '"':
      inString = true;
      break;
    case '{':
    case '[':
      ++depth;
      counts.deepest = std::max<uint64_t>(counts.deepest, std::min<uint64_t>(depth, ~0u));
      break;
    case '}':
    case ']':
      depth -= depth > 0;
      break;
    case ':':
      ++counts.colons;
      break;
    case ',':
      ++counts.commas;
      break;
    default:
      break;
    }
  }
  return counts;
}

/// Members of all objects in `value`. Recursion is bounded by the depth limit.
static uint64_t countMembers(const llvm::json::Value &value) {
  uint64_t members = 0;
  if (const llvm::json::Object *object = value.getAsObject()) {
    members += object->size();
    for (const auto &[key, member] : *object)
      members += countMembers(member);
  } else if (const llvm::json::Array *array = value.getAsArray()) {
    for (const llvm::json::Value &element : *array)
      members += countMembers(element);
  }
  return members;
}

std::optional<llvm::json::Value>
fovea::parseBoundedJson(llvm::StringRef text, const JsonLimits &limits, std::string &why) {
  if (text.size() > limits.bytes) {
    why = "JSON of " + std::to_string(text.size()) + " bytes, at most " +
          std::to_string(limits.bytes) + " are read";
    return std::nullopt;
  }
  Counts counts = scan(text);
  if (counts.deepest > limits.depth) {
    why = "JSON nested deeper than " + std::to_string(limits.depth);
    return std::nullopt;
  }
  if (counts.colons + counts.commas > limits.separators) {
    why = "JSON with more than " + std::to_string(limits.separators) + " values";
    return std::nullopt;
  }
  llvm::Expected<llvm::json::Value> value = llvm::json::parse(text);
  if (!value) {
    why = "invalid JSON: " + llvm::toString(value.takeError());
    return std::nullopt;
  }
  if (countMembers(*value) != counts.colons) {
    why = "JSON object with a duplicate key";
    return std::nullopt;
  }
  return std::move(*value);
}
