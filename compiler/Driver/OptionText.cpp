//===- OptionText.cpp - options of a compilation by name ------------------===//
//
// Reads and checks keys and values.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Driver/OptionText.h"

#include "compiler/Base/NearestName.h"
#include "compiler/Driver/TargetRegistry.h"

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

static std::optional<Problem> setRecurrentWeights(PhaseOptions &phases, StringRef value) {
  if (value != "stored" && value != "i8")
    return wrong("option 'recurrent-weights' is '" + value + "'", "it is stored or i8",
                 "recurrent-weights=i8");
  phases.recurrentWeights = value == "i8" ? RecurrentWeights::I8 : RecurrentWeights::Stored;
  return std::nullopt;
}

static std::optional<Problem> setProducts(PhaseOptions &phases, StringRef value) {
  if (value != "exact" && value != "tf32")
    return wrong("option 'products' is '" + value + "'", "it is exact or tf32", "products=tf32");
  phases.products = value == "tf32" ? Products::Tf32 : Products::Exact;
  return std::nullopt;
}

static std::optional<Problem> addPipeline(UserPassOptions &passes, StringRef value) {
  auto [name, pipeline] = value.split(':');
  std::optional<Phase> phase = phaseNamed(name);
  if (phase && !pipeline.trim().empty()) {
    passes.pipelines.push_back({*phase, pipeline.str()});
    return std::nullopt;
  }
  if (phase)
    return wrong("option 'after' is '" + value + "'", "it names a phase but no passes",
                 "after=" + name + ":canonicalize");
  std::vector<std::string> known = {"import", "graph", "schedule", "kernel", "llvm"};
  return wrong("option 'after' is '" + value + "'",
               "there is no phase '" + name + "'" + didYouMean(name, known) +
                   (didYouMean(name, known).empty() ? ", " : " ") +
                   "phases are import, graph, schedule, kernel and llvm",
               "after=PHASE:PASSES, e.g. after=graph:canonicalize");
}

std::optional<Problem> fovea::setOption(CompileOptions &options, StringRef key, StringRef value) {
  std::string name = key.str();
  std::replace(name.begin(), name.end(), '_', '-');
  if (name == "target") {
    options.target = value.str();
    return checkTarget(value);
  }
  if (name == "emulate")
    return setFlag(options.emulate, name, value);
  if (name == "threads")
    return setNumber(options.threads, name, value, 0, 4096);
  if (name == "optimization")
    return setNumber(options.emission.optimization, name, value, 0, 3);
  if (name == "dim")
    return setDim(options.import, value);
  if (name == "recurrent-weights")
    return setRecurrentWeights(options.phases, value);
  if (name == "device-blocks")
    return setNumber(options.phases.deviceBlocks, name, value, 1, 4096);
  if (name == "products")
    return setProducts(options.phases, value);
  if (name == "require-fused")
    return setFlag(options.requireFused, name, value);
  if (name == "address-sanitizer")
    return setFlag(options.emission.addressSanitizer, name, value);
  if (name == "pass-plugin") {
    options.userPasses.plugins.push_back(value.str());
    return std::nullopt;
  }
  if (name == "after")
    return addPipeline(options.userPasses, value);
  if (name == "ptxas") {
    options.emission.ptxas = value.str();
    return std::nullopt;
  }
  if (name == "dump") {
    options.dumpFolder = value.str();
    return std::nullopt;
  }
  if (name == "keep" && (value == "llvm" || value == "asm")) {
    (value == "llvm" ? options.emission.keepLlvmIr : options.emission.keepAssembly) = true;
    return std::nullopt;
  }
  if (name == "keep")
    return wrong("option 'keep' is '" + value + "'", "it is llvm or asm", "");
  return wrong(
      "the option '" + key + "' is not known",
      "options are target, emulate, threads, dim, optimization, recurrent-weights, "
      "device-blocks, products, require-fused, address-sanitizer, pass-plugin, after, ptxas, dump "
      "and keep",
      "");
}
