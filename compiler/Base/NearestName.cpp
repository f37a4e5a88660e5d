//===- NearestName.cpp - what a misspelt name may have meant --------------===//
//
// By edit distance, in relation to the length of what was typed.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Base/NearestName.h"

std::string fovea::didYouMean(llvm::StringRef word, llvm::ArrayRef<std::string> known) {
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
