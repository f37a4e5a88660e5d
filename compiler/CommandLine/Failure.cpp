//===- Failure.cpp - why a command ends -----------------------------------===//
//
// Makes errors of texts and problems.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/CommandLine/Failure.h"

#include "compiler/Driver/ProblemText.h"

using namespace fovea;
using namespace fovea::cli;

char Failure::ID = 0;

llvm::Error cli::failure(Exit exit, const llvm::Twine &text) {
  return llvm::make_error<Failure>(exit, ("error: " + text).str());
}

llvm::Error cli::failure(Exit exit, const llvm::Twine &text, const llvm::Twine &remedy) {
  return llvm::make_error<Failure>(exit, ("error: " + text + "\n  try: " + remedy).str());
}

llvm::Error cli::failure(const Problems &problems) {
  return llvm::make_error<Failure>(hasCompilerBug(problems) ? kBug : kInput, format(problems),
                                   problems);
}

llvm::Error cli::failure(Exit exit, const llvm::Twine &about, llvm::Error error) {
  return failure(exit, about + ": " + llvm::toString(std::move(error)));
}

llvm::Error cli::failureOfRun(Exit exit, const llvm::Twine &about, llvm::StringRef node,
                              llvm::StringRef text) {
  bool named = node.empty() || text.contains(node);
  return failure(exit, about + ": " + (named ? "" : "node '" + node.str() + "': ") + text);
}
