//===- AttentionKeys.h - where an attention's keys lie --------------------===//
//
// What every schedule of attention asks of its operands' maps.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_LOOPS_ATTENTIONKEYS_H
#define FOVEA_COMPILER_TARGETS_LOOPS_ATTENTIONKEYS_H

#include "compiler/Targets/Loops/Forms.h"

#include "dialects/Fovea/FoveaDialect.h"

namespace fovea::loops {

/// Place of an iteration dimension among a map's results; of keys in pages, that of a page's rows.
unsigned placeOf(mlir::AffineMap map, unsigned dim);

/// Most elements of a head, in keys and in values, that forms keep beside each other.
inline constexpr int64_t kMaxHeadSize = 1024;

/// Extent of an iteration dimension as one operand has it, possibly dynamic.
int64_t staticExtent(mlir::Value buffer, mlir::AffineMap map, unsigned dim);

/// Why no form takes an attention that computes in f32 with heads of known size: sugar, f64, head
/// sizes. `inF32` says what is in f32: "scores and sums on the lanes are in f32".
Refusal refuseKnownHeads(AttentionOp op, llvm::StringRef inF32);

/// Extents of all iteration dimensions.
llvm::SmallVector<mlir::Value> extentsOf(AttentionOp op, Nest &nest);

/// Number, in the maps of key and value, of key `key` of a batch: with pages, of the row of the
/// pool that the table says. An entry that is no page, which excluded keys may have, is one.
mlir::Value placeOfKey(AttentionOp op, Nest &nest, mlir::Value batch, mlir::Value key);

/// All keys of an attention.
mlir::Value countKeys(AttentionOp op, Nest &nest);

} // namespace fovea::loops

#endif // FOVEA_COMPILER_TARGETS_LOOPS_ATTENTIONKEYS_H
