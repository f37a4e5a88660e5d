//===- AttentionNotes.h - what passes leave on attention ------------------===//
//
// Attributes that passes at tensor level leave for schedules and for the ledger, besides the number
// of parts (kKeyPartsAttr). They take away what they find of them.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TRANSFORMS_ATTENTIONNOTES_H
#define FOVEA_COMPILER_TRANSFORMS_ATTENTIONNOTES_H

#include "llvm/ADT/StringRef.h"

namespace fovea {

/// fovea-split-keys: least keys of a part (i64), 1 without.
inline constexpr llvm::StringLiteral kPartKeysAttr = "fovea.part_keys";

/// fovea-specialize-few-queries: the numbers of queries with which the run takes an attention
/// (string).
inline constexpr llvm::StringLiteral kQueriesAttr = "fovea.queries";
/// Of attention that few queries take, too: why they have none of their own (string).
inline constexpr llvm::StringLiteral kNotForFewAttr = "fovea.not_for_few_queries";

} // namespace fovea

#endif // FOVEA_COMPILER_TRANSFORMS_ATTENTIONNOTES_H
