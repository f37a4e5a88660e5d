//===- Problem.cpp - text of a problem ------------------------------------===//
//
// Lays out problems for a terminal.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Base/Problem.h"

std::string fovea::format(const Problem &problem) {
  std::string text;
  if (!problem.file.empty())
    text += problem.file + ": ";
  if (!problem.node.empty() || !problem.op.empty()) {
    text += "node '" + problem.node + "'";
    if (!problem.op.empty()) {
      text += " (" + problem.op;
      if (problem.opset > 0)
        text += "-" + std::to_string(problem.opset);
      text += ")";
    }
    text += ": ";
  }
  text += "error[" + problem.code + "]: " + problem.what;
  if (!problem.why.empty())
    text += "\n  why: " + problem.why;
  if (!problem.remedy.empty())
    text += "\n  try: " + problem.remedy;
  return text;
}
