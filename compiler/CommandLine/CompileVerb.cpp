//===- CompileVerb.cpp - fovea compile ------------------------------------===//
//
// A model in; an artefact, a module or another form of the code out.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/CommandLine/Build.h"
#include "compiler/CommandLine/Verbs.h"
#include "compiler/Driver/WriteFile.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/raw_ostream.h"

using namespace fovea;
using namespace fovea::cli;
using llvm::StringRef;

/// The phase after which --emit=mlir writes the module.
static Phase lastPhaseOf(const Invocation &invocation) {
  return invocation.stopAfter.value_or(invocation.target().lastPhase());
}

static std::string outputPath(const Invocation &invocation) {
  if (!invocation.output.empty())
    return invocation.output;
  StringRef ending = llvm::StringSwitch<StringRef>(invocation.emit)
                         .Case("llvm", ".ll")
                         .Case("asm", ".s")
                         .Case("obj", ".o")
                         .Case("so", ".so")
                         .Case("mlir", ".mlir")
                         .Default(".fvm");
  std::string phase = invocation.emit == "mlir" ? "." + nameOf(lastPhaseOf(invocation)).str() : "";
  return invocation.stem() + phase + ending.str();
}

static llvm::Error writeBytes(const std::string &path, StringRef bytes) {
  std::string reason = writeFile(path, [&](llvm::raw_ostream &stream) { stream << bytes; });
  return reason.empty() ? llvm::Error::success() : failure(kInput, reason);
}

static llvm::Error writeArtifact(const std::string &path, const Invocation &invocation,
                                 const Artifact &artifact) {
  if (invocation.emit == "llvm")
    return writeBytes(path, artifact.llvmIr);
  if (invocation.emit == "asm")
    return writeBytes(path, artifact.assembly);
  if (invocation.emit == "obj")
    return writeBytes(path, StringRef(artifact.object.data(), artifact.object.size()));
  if (invocation.emit == "so")
    return writeBytes(path, StringRef(artifact.code().data(), artifact.code().size()));
  std::string reason;
  if (path != "-") {
    reason = artifact.save(path);
    return reason.empty() ? llvm::Error::success() : failure(kInput, reason);
  }
  std::vector<std::byte> bytes = artifact.bytes(reason);
  if (!reason.empty())
    return failure(kRun, reason);
  return writeBytes(path, StringRef(reinterpret_cast<const char *>(bytes.data()), bytes.size()));
}

/// Fails when the module is behind the phase that --stop-after names, or would never come to it, or
/// when passes are to run behind a later one.
static llvm::Error checkStop(const Invocation &invocation, Phase behind) {
  if (!invocation.stopAfter)
    return llvm::Error::success();
  Phase stop = *invocation.stopAfter;
  llvm::SmallVector<Phase> reached = {Phase::Import};
  for (Phase phase : invocation.target().phases())
    if (phase <= stop)
      reached.push_back(phase);
  if (std::optional<Problem> problem =
          checkReached(invocation.compile.userPasses, reached,
                       "the compilation stops after '" + nameOf(stop).str() + "'"))
    return failure(Problems{*problem});
  if (stop != Phase::Import && !llvm::is_contained(invocation.target().phases(), stop))
    return failure(kUsage, "target '" + invocation.target().name() + "' has no phase '" +
                               nameOf(stop) + "'");
  if (stop < behind)
    return failure(kInput,
                   invocation.input + ": the module is behind phase '" + nameOf(behind) +
                       "', it cannot stop after '" + nameOf(stop) + "'",
                   "compile the model itself");
  return llvm::Error::success();
}

llvm::Expected<Exit> cli::compileModel(const Invocation &invocation) {
  std::string path = outputPath(invocation);
  if (path == "-" && invocation.json)
    return failure(kUsage, "-o - and --json both want stdout", "--json=FILE");
  if (invocation.emit != "mlir")
    if (llvm::Error error = requireArtifact(invocation))
      return error;
  Build build(invocation);
  if (llvm::Error error = build.read())
    return error;
  if (llvm::Error error = checkStop(invocation, *phaseOf(build.imported())))
    return error;
  llvm::json::Object result{{"input", invocation.input}, {"output", path}};
  if (invocation.emit == "mlir") {
    if (llvm::Error error = build.runTo(lastPhaseOf(invocation)))
      return error;
    if (std::string reason = build.compilation().writeModule(path); !reason.empty())
      return failure(kInput, reason);
  } else {
    if (llvm::Error error = build.finish())
      return error;
    if (llvm::Error error = writeArtifact(path, invocation, build.artifact()))
      return error;
    result["code_bytes"] = build.artifact().codeBytes();
    result["weight_bytes"] = build.artifact().weightBytes();
    result["kernels"] = ledgerRecords(build.artifact().ledger).size();
    llvm::json::Array rounded;
    for (llvm::json::Object &record : roundedRecords(build.artifact().ledger))
      rounded.push_back(std::move(record));
    if (!rounded.empty())
      result["rounded"] = std::move(rounded);
  }
  invocation.say("wrote " + path);
  result["seconds"] = build.seconds();
  if (llvm::Error error = invocation.report(std::move(result)))
    return error;
  return kOk;
}
