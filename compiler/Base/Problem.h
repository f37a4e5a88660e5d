//===- Problem.h - what is wrong with an input, for its author ------------===//
//
// One record per complaint about a user's input, and its fixed layout as text. Frontends and the
// driver collect these instead of stopping at the first.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_BASE_PROBLEM_H
#define FOVEA_COMPILER_BASE_PROBLEM_H

#include <cstdint>
#include <string>
#include <vector>

namespace fovea {

/// A complaint about an input: what, where, why and what to do.
struct Problem {
  /// Stable code "FVnnnn": 00xx files and formats, 01xx operators and attributes, 02xx shapes and
  /// types, 03xx options, 04xx demands on fusion and schedules, 09xx errors of the compiler itself.
  std::string code;
  /// File the input came from.
  std::string file;
  /// Node in the model, its operator and opset; empty and 0 when it is not about a node.
  std::string node;
  std::string op;
  int64_t opset = 0;
  std::string what;
  /// Optional lines: the reason, and a remedy.
  std::string why;
  std::string remedy;
};

using Problems = std::vector<Problem>;

/// The text of a problem:
///   file: node 'n' (Op-13): error[FV0101]: what
///     why: ...
///     try: ...
std::string format(const Problem &problem);

} // namespace fovea

#endif // FOVEA_COMPILER_BASE_PROBLEM_H
