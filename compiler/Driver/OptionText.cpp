//===- OptionText.cpp - options of a compilation by name ------------------===//
//
// Reads and checks keys and values.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Driver/OptionText.h"

using namespace fovea;
using llvm::StringRef;

static Problem wrong(const llvm::Twine &what, const llvm::Twine &why, const llvm::Twine &remedy) {
  return {"FV0310", "", "", "", 0, what.str(), why.str(), remedy.str()};
}

static std::optional<Problem> setFlag(bool &flag, StringRef key, StringRef value) {
  if (value != "true" && value != "false" && value != "1" && value != "0")
    return wrong("option '" + key + "' is '" + value + "'", "it is true or false", key + "=true");
  flag = value == "true" || value == "1";
  return std::nullopt;
}

template <typename Number>
static std::optional<Problem> setNumber(Number &number, StringRef key, StringRef value, int64_t low,
                                        int64_t high) {
  int64_t given = 0;
  if (value.getAsInteger(10, given) || given < low || given > high)
    return wrong("option '" + key + "' is '" + value + "'",
                 "it is a number from " + llvm::Twine(low) + " to " + llvm::Twine(high), "");
  number = static_cast<Number>(given);
  return std::nullopt;
}

static std::optional<Problem> setDim(ImportOptions &import, StringRef value) {
  auto [name, size] = value.rsplit('=');
  int64_t given = 0;
  if (name.empty() || size.getAsInteger(10, given) || given < 1)
    return wrong("dimension '" + value + "' cannot be read",
                 "a dimension is given as NAME=N with N of at least 1", "dim seq=128");
  import.dims[name] = given;
  return std::nullopt;
}

std::optional<Problem> fovea::checkTarget(StringRef target) {
  static constexpr StringRef known[] = {"host", "x86-64-v3", "x86-64-v4"};
  if (llvm::is_contained(known, target))
    return std::nullopt;
  Problem problem{"FV0301", "", "", "", 0, "", "", "target host"};
  if (target == "cuda") {
    problem.what = "target 'cuda' is not built in this version";
    problem.why = "this version compiles for CPUs only";
  } else if (target == "reference") {
    problem.what = "target 'reference' makes no artefact";
    problem.why = "it evaluates models directly, and is for 'fovea run' and 'fovea verify'";
  } else {
    problem.what = "the target '" + target.str() + "' is not known";
    problem.why = "targets are host (with AVX2 and FMA), x86-64-v3 and x86-64-v4";
  }
  return problem;
}

std::optional<Problem> fovea::setOption(CompileOptions &options, StringRef key, StringRef value) {
  std::string name = key.str();
  std::replace(name.begin(), name.end(), '_', '-');
  if (name == "target") {
    options.target = value.str();
    return checkTarget(value);
  }
  if (name == "threads")
    return setNumber(options.threads, name, value, 0, 4096);
  if (name == "optimization")
    return setNumber(options.optimization, name, value, 0, 3);
  if (name == "dim")
    return setDim(options.import, value);
  if (name == "require-fused")
    return setFlag(options.requireFused, name, value);
  if (name == "address-sanitizer")
    return setFlag(options.addressSanitizer, name, value);
  if (name == "dump") {
    options.dumpFolder = value.str();
    return std::nullopt;
  }
  if (name == "keep" && (value == "llvm" || value == "asm")) {
    (value == "llvm" ? options.keepLlvmIr : options.keepAssembly) = true;
    return std::nullopt;
  }
  if (name == "keep")
    return wrong("option 'keep' is '" + value + "'", "it is llvm or asm", "");
  return wrong("the option '" + key + "' is not known",
               "options are target, threads, dim, optimization, require-fused, address-sanitizer, "
               "dump and keep",
               "");
}
