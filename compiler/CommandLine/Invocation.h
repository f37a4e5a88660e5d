//===- Invocation.h - what was typed --------------------------------------===//
//
// The command line as values, checked as far as that needs no model.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_COMMANDLINE_INVOCATION_H
#define FOVEA_COMPILER_COMMANDLINE_INVOCATION_H

#include "compiler/CommandLine/Failure.h"
#include "compiler/Driver/Compile.h"

#include "llvm/Support/JSON.h"

#include <utility>

namespace fovea::cli {

/// What the program finds outside its arguments.
struct Environment {
  /// Interpreter for --ref=onnx.
  std::string python = "python3";
  /// Folder with onnx_reference.py.
  std::string shareFolder;
  /// NVIDIA's assembler; empty: where it usually is.
  std::string ptxas;
};

/// A command that parsed.
struct Invocation {
  std::string verb;
  /// The model or artefact; empty for doctor.
  std::string input;
  CompileOptions compile;
  /// Threads of a run; 0: the runtime's choice.
  int threads = 0;
  /// Of emulated kernels.
  uint32_t emulateSeed = 0;
  /// Sizes of symbols that stay symbolic in the code; those of --dim included.
  llvm::StringMap<int64_t> sizes;
  /// Names among them that the entry has to have.
  std::vector<std::string> sizesOfRun;
  /// Input's name and its fill.
  std::vector<std::pair<std::string, std::string>> inputs;
  std::string entry, output, outFile;
  std::string reference = "reference";
  std::string emit = "fvm";
  std::optional<Phase> stopAfter;
  int64_t benchMilliseconds = 1000;
  /// doctor: measure the machine's peaks.
  bool measure = false;
  /// doctor: measure slices as stdin asks, and nothing else.
  bool slices = false;
  /// explain: list every kernel.
  bool everyKernel = false;
  bool json = false, quiet = false;
  std::string jsonFile;
  Environment environment;

  /// What the model is compiled for or evaluated by; one of allTargets().
  const Target &target() const;
  bool isArtifact() const { return llvm::StringRef(input).ends_with(".fvm"); }
  /// The input's file name without folder and ending.
  std::string stem() const;

  /// Prints or writes `result` as --json asks.
  llvm::Error report(llvm::json::Value result) const;
  /// A line on stderr, unless quiet.
  void say(const llvm::Twine &line) const;
};

/// A number for JSON, which has neither infinities nor NaN: null for them.
llvm::json::Value jsonNumber(double value);

/// Parses the arguments behind the program's name. Nothing when the command is done already (help,
/// version; text on stdout).
llvm::Expected<std::optional<Invocation>> parse(llvm::ArrayRef<const char *> arguments);

} // namespace fovea::cli

#endif // FOVEA_COMPILER_COMMANDLINE_INVOCATION_H
