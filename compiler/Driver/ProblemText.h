//===- ProblemText.h - problems as text and JSON --------------------------===//
//
// What the C interface and the command line make of a compilation's problems.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_DRIVER_PROBLEMTEXT_H
#define FOVEA_COMPILER_DRIVER_PROBLEMTEXT_H

#include "compiler/Base/Problem.h"

#include "llvm/Support/JSON.h"

namespace fovea {

/// The problems' paragraphs, one after the other, without a line end behind the last; for none,
/// that nothing says why.
std::string format(const Problems &problems);

/// A list of objects with the fields of Problem.
llvm::json::Array toJson(const Problems &problems);

/// True when a problem is the compiler's own fault (09xx).
bool isCompilerBug(const Problem &problem);
/// True when a failure for these problems is: one of them is, or nothing says why.
bool hasCompilerBug(const Problems &problems);

} // namespace fovea

#endif // FOVEA_COMPILER_DRIVER_PROBLEMTEXT_H
