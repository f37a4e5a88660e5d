//===- DimensionLists.h - lists of dimensions before they are parsed ------===//
//
// MLIR's parser of linalg operations says what is wrong with `permutation = [...]` and with
// `dimensions = [...]`, goes on without a value, and ends the process. This scan finds such lists.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_FRONTENDS_MLIR_DIMENSIONLISTS_H
#define FOVEA_COMPILER_FRONTENDS_MLIR_DIMENSIONLISTS_H

#include "compiler/Frontends/Mlir/TextCursor.h"

#include <optional>

namespace fovea {

/// Where a list of dimensions behind the operands of an operation stops being a list of integers;
/// nothing when all are such. Strings and comments are skipped.
std::optional<TextPlace> findBrokenDimensions(llvm::StringRef text);

} // namespace fovea

#endif // FOVEA_COMPILER_FRONTENDS_MLIR_DIMENSIONLISTS_H
