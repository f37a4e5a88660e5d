//===- BoundedJson.h - JSON of unknown origin -----------------------------===//
//
// llvm::json with limits: its parser is recursive and lets a later duplicate of a key win, so the
// text is scanned for depth, size and duplicates around it.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_FRONTENDS_SAFETENSORS_BOUNDEDJSON_H
#define FOVEA_COMPILER_FRONTENDS_SAFETENSORS_BOUNDEDJSON_H

#include "llvm/Support/JSON.h"

#include <optional>
#include <string>

namespace fovea {

/// What a JSON text may be at most.
struct JsonLimits {
  uint64_t bytes = 100'000'000;
  /// Open objects and arrays at one place.
  unsigned depth = 32;
  /// Separators (',' and ':'), which bound the number of values.
  uint64_t separators = uint64_t(1) << 23;
};

/// Parses `text`. Nothing, with a lower-case reason in `why`, when it is no JSON, breaks a limit or
/// names a key twice in one object.
std::optional<llvm::json::Value> parseBoundedJson(llvm::StringRef text, const JsonLimits &limits,
                                                  std::string &why);

} // namespace fovea

#endif // FOVEA_COMPILER_FRONTENDS_SAFETENSORS_BOUNDEDJSON_H
