//===- NestingScan.h - depth of MLIR text before it is parsed -------------===//
//
// MLIR's parser, and what walks types and attributes after it, are recursive and end a process on
// text that nests some thousand levels deep. This scan finds such text without recursion.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_FRONTENDS_MLIR_NESTINGSCAN_H
#define FOVEA_COMPILER_FRONTENDS_MLIR_NESTINGSCAN_H

#include "compiler/Frontends/Mlir/TextCursor.h"

#include <optional>

namespace fovea {

/// What the parser and the passes behind it take without running out of stack.
inline constexpr unsigned kMaxNesting = 500;

/// Looks for the first place whose depth exceeds `limit`. Levels are open brackets of all kinds ( [
/// { <, operators of the affine expression at hand (an expression of n operators is a tree of depth
/// n), and the depth of an alias that stands there. Strings and comments are skipped. Text that is
/// no MLIR may be refused or not; the parser has the last word on it.
std::optional<TextPlace> findDeepNesting(llvm::StringRef text, unsigned limit);

} // namespace fovea

#endif // FOVEA_COMPILER_FRONTENDS_MLIR_NESTINGSCAN_H
