//===- MaskReads.h - what a mask region reads, over a block ---------------===//
//
// A capture, or an element of a table, that queries or keys select: bounds of it over some of them.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_LOOPS_MASKREADS_H
#define FOVEA_COMPILER_TARGETS_LOOPS_MASKREADS_H

#include "compiler/Targets/Loops/ScalarLoops.h"

#include "dialects/Fovea/FoveaDialect.h"

namespace fovea::loops {

/// Values of an index, inclusive.
struct Interval {
  mlir::Value least, most;
};

/// Positions [first, end).
struct Positions {
  mlir::Value first, end;
};

/// Two i1: false when a block is known to have no kept pair, and true when it is known to have no
/// other. Either may be wrong on the safe side.
struct Kept {
  mlir::Value some, all;
};

/// What picks the element that is read: the batch and the head alone, or a query or a key, too.
enum class Picked { ByHead, ByQuery, ByKey };

/// An integer or a bit that a mask region reads.
struct MaskRead {
  mlir::Value buffer;
  /// From (b, h, i, j, d, e) to the element.
  mlir::AffineMap map;
  Picked picked;
};

/// What gives a value of the mask region of `op`: nothing unless it is a capture of an integer or
/// an element of such a table, at positions as they are, and not picked by query and key both.
std::optional<MaskRead> maskReadOf(AttentionOp op, mlir::Value scalar);

/// Who reads: a thread `vector` elements at a time, or one at a time the lanes of a warp, all of
/// which want the same and have it then.
struct Readers {
  int64_t vector = 1;
  RowLanes warp = {};
};

/// Bounds of the integers that `positions` (of queries or keys, at least one) pick; `at` are the
/// values of (b, h, i, j, d, e) otherwise.
Interval integersOf(Nest &nest, const MaskRead &read, llvm::ArrayRef<mlir::Value> at,
                    const Positions &positions, const Readers &readers);

/// The same for bits.
Kept bitsOf(Nest &nest, const MaskRead &read, llvm::ArrayRef<mlir::Value> at,
            const Positions &positions, const Readers &readers);

} // namespace fovea::loops

#endif // FOVEA_COMPILER_TARGETS_LOOPS_MASKREADS_H
