//===- MaskIntervals.h - what a mask keeps of a block ---------------------===//
//
// Evaluates a mask region on intervals of positions, so that a kernel leaves out blocks of which
// nothing is kept, and masks nothing in blocks that are kept whole.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_CPU_MASKINTERVALS_H
#define FOVEA_COMPILER_TARGETS_CPU_MASKINTERVALS_H

#include "compiler/Targets/CPU/Nest.h"

#include "dialects/Fovea/FoveaDialect.h"

namespace fovea::cpu {

/// Positions [first, end).
struct Positions {
  mlir::Value first, end;
};

/// The keys that a head may keep, of `keys` in all: its part where fovea-split-keys made parts, of
/// which the mask then keeps no other.
Positions keysOf(AttentionOp op, Nest &nest, mlir::Value head, mlir::Value keys);

/// Two i1: false when a block is known to have no kept pair, and true when it is known to have no
/// other. Either may be wrong on the safe side.
struct Kept {
  mlir::Value some, all;
};

/// True when the mask of `op` says for some block of positions, without looking at each pair, that
/// nothing or everything is kept: when it compares positions, or does not depend on them.
bool judgesBlocks(AttentionOp op);

/// A batch, a head and their queries, of which a kernel computes one block.
struct QueryBlock {
  mlir::Value batch, head;
  Positions queries;
};

/// What the mask keeps of the pairs of a block's queries and `keys` (neither empty). Emits scalar
/// operations only. Masks are conjunctions, disjunctions, negations and selections of comparisons
/// between index arithmetic of positions, constants and captures that neither query nor key
/// select; whatever else they read counts as unknown.
Kept keptOf(AttentionOp op, Nest &nest, const QueryBlock &block, const Positions &keys);

/// `keys`, `parts` times `part` of them, without the parts at both ends of which nothing is kept.
/// The range is empty or reversed when that is all of them.
Positions trim(AttentionOp op, Nest &nest, const QueryBlock &block, const Positions &keys,
               int64_t part, int64_t parts);

} // namespace fovea::cpu

#endif // FOVEA_COMPILER_TARGETS_CPU_MASKINTERVALS_H
