//===- MaskIntervals.h - what a mask keeps of a block ---------------------===//
//
// Evaluates a mask region on intervals of positions, so that a kernel leaves out blocks of which
// nothing is kept, and masks nothing in blocks that are kept whole.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_LOOPS_MASKINTERVALS_H
#define FOVEA_COMPILER_TARGETS_LOOPS_MASKINTERVALS_H

#include "compiler/Targets/Loops/MaskReads.h"

#include "llvm/ADT/DenseMap.h"

namespace fovea::loops {

/// The keys that a head may keep, of `keys` in all: its part where fovea-split-keys made parts, of
/// which the mask then keeps no other.
Positions keysOf(AttentionOp op, Nest &nest, mlir::Value head, mlir::Value keys);

/// True when the mask of `op` says for some block of positions, without looking at each pair, that
/// nothing or everything is kept: when it compares positions and what queries or keys alone pick,
/// or does not depend on them.
bool judgesBlocks(AttentionOp op);

/// A batch, a head and their queries (at least one), of which a kernel computes one block.
struct QueryBlock {
  mlir::Value batch, head;
  Positions queries;
};

/// Keys of a block: [first, masked) and [whole, end) are kept by all queries, and none before and
/// behind. Where none is kept, end is at most first.
struct Segments {
  mlir::Value first, masked, whole, end;
};

/// What is known of values of a mask region over a block of pairs.
struct MaskKnowledge {
  llvm::DenseMap<mlir::Value, Interval> integers;
  llvm::DenseMap<mlir::Value, Kept> conditions;
};

/// Judges the mask for one block of queries. What does not depend on keys is computed when it is
/// made, before any loop over keys. Masks are conjunctions, disjunctions, negations and selections
/// of comparisons between index arithmetic of positions, constants, and integers and bits that
/// MaskReads.h reads; whatever else they read counts as unknown.
class BlockMask {
public:
  /// `readers` read what queries or keys pick.
  BlockMask(AttentionOp op, Nest &nest, const QueryBlock &block, const Readers &readers);

  /// `keys` without those, in blocks of `block` from the first on, before and behind all keys that
  /// a comparison of the key's position leaves.
  Positions within(const Positions &keys, int64_t block);

  /// What the mask keeps of the pairs of the block's queries and `keys` (not empty).
  Kept keptOf(const Positions &keys);

  /// Cuts `keys`, `parts` times `part` of them (the last may be fewer), at borders of parts.
  Segments cut(const Positions &keys, int64_t part, int64_t parts);

private:
  AttentionOp op;
  Nest &nest;
  QueryBlock block;
  Readers readers;
  /// What holds for all keys.
  MaskKnowledge known;
};

} // namespace fovea::loops

#endif // FOVEA_COMPILER_TARGETS_LOOPS_MASKINTERVALS_H
