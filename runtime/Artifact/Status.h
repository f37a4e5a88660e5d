//===- Status.h - result of an operation that can fail --------------------===//
//
// Success costs one null pointer; a failure carries a code and one sentence.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_ARTIFACT_STATUS_H
#define FOVEA_RUNTIME_ARTIFACT_STATUS_H

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace fvm {

/// Same values as fovea_code of fovea_runtime.h.
enum class Code {
  Ok = 0,
  InvalidArgument = 1,
  BadArtifact = 2,
  Incompatible = 3,
  ShapeMismatch = 4,
  DataOutOfRange = 5,
  OutOfMemory = 6,
  Device = 7,
  Internal = 8,
};

class [[nodiscard]] Status {
public:
  /// Success.
  Status() = default;
  Status(Code code, std::string message, std::string node = {})
      : detail(new Detail{code, std::move(message), std::move(node)}) {}

  bool ok() const { return !detail; }
  Code code() const { return detail ? detail->code : Code::Ok; }
  std::string_view message() const { return detail ? std::string_view(detail->message) : ""; }
  std::string_view node() const { return detail ? std::string_view(detail->node) : ""; }

private:
  struct Detail {
    Code code;
    std::string message;
    std::string node;
  };
  std::unique_ptr<Detail> detail;
};

/// Joins strings and integers into one text.
template <typename... Parts> std::string concat(const Parts &...parts) {
  std::string text;
  auto append = [&text](const auto &part) {
    if constexpr (std::is_integral_v<std::decay_t<decltype(part)>>)
      text += std::to_string(part);
    else
      text += part;
  };
  (append(parts), ...);
  return text;
}

/// A damaged artefact: `what` is a clause without a full stop; the remedy is added.
inline Status badArtifact(std::string_view what) {
  return {Code::BadArtifact,
          concat("artefact is damaged: ", what, "; recompile the model with 'fovea compile'")};
}

/// A sound artefact that does not fit this machine or runtime; `remedy` is a whole clause.
inline Status incompatible(std::string_view what,
                           std::string_view remedy = "recompile the model with 'fovea compile'") {
  return {Code::Incompatible, concat("artefact does not fit: ", what, "; ", remedy)};
}

} // namespace fvm

#endif // FOVEA_RUNTIME_ARTIFACT_STATUS_H
