//===- Manifest.h - what an artefact says about itself --------------------===//
//
// The manifest as C++ values, with its JSON form. The compiler writes and the
// runtime reads through this one schema (docs/Spec-fvm.md).
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_ARTIFACT_MANIFEST_H
#define FOVEA_RUNTIME_ARTIFACT_MANIFEST_H

#include "runtime/Artifact/Status.h"
#include <cstdint>
#include <optional>
#include <vector>

namespace fvm {

inline constexpr int64_t manifestFormat = 1;
inline constexpr size_t maxRank = 16;

enum class DType : uint8_t { F32, F64, F16, BF16, I8, I16, I32, I64, U8, U16, U32, U64, Bool };

/// "f32", "i64", "bool", ...
std::string_view dtypeName(DType dtype);
std::optional<DType> dtypeFromName(std::string_view name);
int64_t dtypeBytes(DType dtype);

/// One size of a shape.
struct Dim {
  enum class Kind : uint8_t {
    Static,
    /// `value` is an index into Entry::symbols.
    Symbol,
    /// Known only when the run has produced it.
    Data,
  };
  Kind kind = Kind::Data;
  int64_t value = -1;

  static Dim fixed(int64_t size) { return {Kind::Static, size}; }
  static Dim symbol(int64_t index) { return {Kind::Symbol, index}; }
  static Dim data() { return {}; }
  bool operator==(const Dim &) const = default;
};

/// Whose code reads an input.
enum class Reader : uint8_t {
  /// What runs on the target.
  Target,
  /// Host code of a device, which decides by its elements, and no kernel.
  Host,
  Both
};

/// An input or output, dense row-major.
struct TensorInfo {
  std::string name;
  DType dtype = DType::F32;
  std::vector<Dim> shape;
  /// Of inputs.
  Reader readBy = Reader::Target;
  bool operator==(const TensorInfo &) const = default;
};

/// A function of the model: fovea_run_<name> and fovea_plan_<name> of the code section.
struct Entry {
  std::string name;
  /// Symbolic sizes in the order of fovea_call::dims. Each occurs in some input's shape.
  std::vector<std::string> symbols;
  std::vector<TensorInfo> inputs;
  std::vector<TensorInfo> outputs;
  bool operator==(const Entry &) const = default;
};

struct Target {
  std::string triple;
  std::string cpu;
  /// CPU features that the code uses, by LLVM's names ("avx512f"). The runtime refuses a feature
  /// that the machine lacks or that it does not know.
  std::vector<std::string> features;
  bool operator==(const Target &) const = default;
};

struct Manifest {
  /// "fovea 0.1.0".
  std::string producer;
  Target target;
  /// Threads that the schedule was tuned for, 0 for no preference.
  int64_t threadsHint = 0;
  /// Scratch that each thread of a run gets.
  int64_t scratchBytes = 0;
  /// Names by the node numbers of faults.
  std::vector<std::string> nodes;
  std::vector<Entry> entries;
  bool operator==(const Manifest &) const = default;
};

/// Checks every rule of the schema; the message names the first field that breaks one.
Status verifyManifest(const Manifest &manifest);

/// JSON text (ASCII, one line). The manifest must verify.
std::string writeManifest(const Manifest &manifest);

/// Parses and verifies.
Status readManifest(std::string_view json, Manifest &manifest);

} // namespace fvm

#endif // FOVEA_RUNTIME_ARTIFACT_MANIFEST_H
