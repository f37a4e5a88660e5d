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

std::string cli::didYouMean(llvm::StringRef word, llvm::ArrayRef<std::string> known) {
  std::string best;
  unsigned least = 1 + word.size() / 3;
  for (const std::string &name : known) {
    unsigned distance = word.edit_distance(name, /*AllowReplacements=*/true, least);
    if (distance > least || (distance == least && !best.empty()))
      continue;
    least = distance;
    best = name;
  }
  return best.empty() ? "" : ", did you mean '" + best + "'?";
}
