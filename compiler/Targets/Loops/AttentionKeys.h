//===- AttentionKeys.h - where an attention's keys lie --------------------===//
//
// What every schedule of attention asks of its operands' maps.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_LOOPS_ATTENTIONKEYS_H
#define FOVEA_COMPILER_TARGETS_LOOPS_ATTENTIONKEYS_H

#include "compiler/Targets/Loops/Nest.h"

#include "dialects/Fovea/FoveaDialect.h"

namespace fovea::loops {

/// Place of an iteration dimension among a map's results; of keys in pages, that of a page's rows.
unsigned placeOf(mlir::AffineMap map, unsigned dim);

/// Number, in the maps of key and value, of key `key` of a batch: with pages, of the row of the
/// pool that the table says. An entry that is no page, which excluded keys may have, is one.
mlir::Value placeOfKey(AttentionOp op, Nest &nest, mlir::Value batch, mlir::Value key);

/// All keys of an attention.
mlir::Value countKeys(AttentionOp op, Nest &nest);

} // namespace fovea::loops

#endif // FOVEA_COMPILER_TARGETS_LOOPS_ATTENTIONKEYS_H
