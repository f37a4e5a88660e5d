//===- ProblemText.cpp - problems as text and JSON ------------------------===//
//
// Plain formatting.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Driver/ProblemText.h"

using namespace fovea;

std::string fovea::format(const Problems &problems) {
  if (problems.empty())
    return "error: the compilation failed without a message";
  std::string text;
  for (const Problem &problem : problems)
    text += (text.empty() ? "" : "\n") + format(problem);
  return text;
}

llvm::json::Array fovea::toJson(const Problems &problems) {
  llvm::json::Array list;
  for (const Problem &problem : problems) {
    auto text = [](const std::string &value) { return llvm::json::fixUTF8(value); };
    list.push_back(llvm::json::Object{{"code", problem.code},
                                      {"file", text(problem.file)},
                                      {"node", text(problem.node)},
                                      {"op", text(problem.op)},
                                      {"opset", problem.opset},
                                      {"what", text(problem.what)},
                                      {"why", text(problem.why)},
                                      {"remedy", text(problem.remedy)}});
  }
  return list;
}

bool fovea::isCompilerBug(const Problem &problem) {
  return llvm::StringRef(problem.code).starts_with("FV09");
}

bool fovea::hasCompilerBug(const Problems &problems) {
  return problems.empty() || llvm::any_of(problems, isCompilerBug);
}
