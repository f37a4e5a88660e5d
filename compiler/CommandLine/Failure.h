//===- Failure.h - why a command ends -------------------------------------===//
//
// Exit codes, and the error that carries one with its text.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_COMMANDLINE_FAILURE_H
#define FOVEA_COMPILER_COMMANDLINE_FAILURE_H

#include "compiler/Base/NearestName.h"
#include "compiler/Base/Problem.h"

#include "llvm/ADT/Twine.h"
#include "llvm/Support/Error.h"

namespace fovea::cli {

enum Exit : int {
  kOk = 0,
  /// Compared, and it differs.
  kDiffers = 1,
  kUsage = 2,
  /// A bad or unsupported input.
  kInput = 3,
  /// A bug of the compiler.
  kBug = 4,
  /// The device, the runtime, or a fault of the run.
  kRun = 5,
  kInterrupted = 130,
};

/// An exit code and what to print on stderr.
class Failure : public llvm::ErrorInfo<Failure> {
public:
  Failure(Exit exit, std::string text, Problems problems = {})
      : exit(exit), text(std::move(text)), problems(std::move(problems)) {}
  void log(llvm::raw_ostream &stream) const override { stream << text; }
  std::error_code convertToErrorCode() const override { return llvm::inconvertibleErrorCode(); }

  Exit exit;
  std::string text;
  /// What --json prints; empty when the text is all.
  Problems problems;

  static char ID;
};

/// "error: <text>", without a full stop.
llvm::Error failure(Exit exit, const llvm::Twine &text);
/// The same with a line "  try: <remedy>".
llvm::Error failure(Exit exit, const llvm::Twine &text, const llvm::Twine &remedy);
/// The problems' texts; the exit code is kBug when one is the compiler's.
llvm::Error failure(const Problems &problems);
/// An error of a library about the file or value `about`.
llvm::Error failure(Exit exit, const llvm::Twine &about, llvm::Error error);

/// What stopped a run: "run: node 'n': text", with the node only when the text does not name it.
llvm::Error failureOfRun(Exit exit, const llvm::Twine &about, llvm::StringRef node,
                         llvm::StringRef text);

} // namespace fovea::cli

#endif // FOVEA_COMPILER_COMMANDLINE_FAILURE_H
