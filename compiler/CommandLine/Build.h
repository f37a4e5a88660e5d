//===- Build.h - from a model to something that runs ----------------------===//
//
// Runs a compilation with its log on stderr. A crash of the compiler becomes an error that names a
// module to reproduce it.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_COMMANDLINE_BUILD_H
#define FOVEA_COMPILER_COMMANDLINE_BUILD_H

#include "compiler/CommandLine/Program.h"
#include "compiler/Driver/Ledger.h"
#include "compiler/Targets/Target.h"

namespace fovea::cli {

/// A model on its way. Not movable: parts refer to each other.
class Build {
public:
  explicit Build(const Invocation &invocation);

  /// Reads the model.
  llvm::Error read();
  /// Runs the phases up to `phase`.
  llvm::Error runTo(Phase phase);
  /// Runs what is left and emits code.
  llvm::Error finish();

  /// The module as it left import; valid after read, whatever was run since.
  mlir::ModuleOp imported() { return *original; }
  Compilation &compilation() { return work; }
  bool isFinished() const { return made != nullptr; }
  const Artifact &artifact() const { return *made; }
  /// Seconds by step, for --json.
  llvm::json::Object seconds() const;

private:
  /// Says which recurrent weights were rounded, by how much, and which were not.
  void sayRounded() const;
  /// Runs `step`, which returns false with problems; afterwards logs what was timed.
  llvm::Error guarded(llvm::function_ref<bool()> step);
  /// Writes the imported module into the working folder; its name, or "".
  std::string writeReproducer();

  const Invocation &invocation;
  Compilation work;
  mlir::OwningOpRef<mlir::ModuleOp> original;
  std::unique_ptr<Artifact> made;
  size_t logged = 0;
};

/// Loads the artefact that `build` made, by way of its bytes as in a file.
llvm::Expected<Program> loadBuilt(const Build &build, const Invocation &invocation);

/// Fails when the target makes no artefacts: for verbs that need one, before they read a model.
llvm::Error requireArtifact(const Invocation &invocation);

/// What --verb needs to run: an artefact from its file, or a model compiled now.
struct Loaded {
  std::unique_ptr<Build> build;
  std::optional<Program> program;
  double loadSeconds = 0;
};
llvm::Expected<Loaded> load(const Invocation &invocation);

/// Evaluates an entry of the imported module by a target that makes no artefacts.
llvm::Expected<std::vector<Tensor>> evaluate(Build &build, const Target &target,
                                             const Signature &signature,
                                             llvm::ArrayRef<Tensor> inputs, Rounding rounding);

/// Fails where --require-fused does not accept what an artefact's ledger says.
llvm::Error checkLedger(const Invocation &invocation, llvm::StringRef ledger);

} // namespace fovea::cli

#endif // FOVEA_COMPILER_COMMANDLINE_BUILD_H
