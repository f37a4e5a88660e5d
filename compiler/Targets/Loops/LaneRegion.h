//===- LaneRegion.h - scalar regions on vectors of lanes ------------------===//
//
// Inlines what users write as scalar regions (score, mask, probability, epilogue) into a kernel:
// values that vary along the lanes become vectors, the others stay scalars.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_LOOPS_LANEREGION_H
#define FOVEA_COMPILER_TARGETS_LOOPS_LANEREGION_H

#include "compiler/Targets/Loops/Nest.h"

namespace fovea::loops {

/// One group of lanes along one iteration dimension.
struct LaneGroup {
  /// The iteration dimension along the lanes.
  unsigned dim;
  /// Values of all iteration dimensions; at `dim` that of the first lane.
  llvm::SmallVector<mlir::Value> dims;
  int64_t lanes;
  /// vector<lanes x i1> of the lanes that exist; null when all do.
  mlir::Value mask;
};

/// vector<lanes x i32> first, first + 1, ...
mlir::Value laneIndices(Nest &nest, mlir::Value first, int64_t lanes);

/// vector<lanes x i1>: first + lane < bound.
mlir::Value laneMask(Nest &nest, mlir::Value first, mlir::Value bound, int64_t lanes);

/// A scalar (or a vector) as a vector of lanes; an index becomes i32 lanes.
mlir::Value broadcast(Nest &nest, mlir::Value value, int64_t lanes);

/// The elements of `buffer` that `map` names for the lanes of a group: a scalar when they are the
/// same for all lanes, else a vector (0 in lanes that do not exist).
mlir::Value loadLanes(Nest &nest, mlir::Value buffer, mlir::AffineMap map, const LaneGroup &group);

/// Stores a vector (or scalar) of lanes where `map` names them; the map's last result is the lane
/// dimension, which must be contiguous.
void storeLanes(Nest &nest, mlir::Value value, mlir::Value buffer, mlir::AffineMap map,
                const LaneGroup &group);

/// Inlines a single-block region at the nest's place. Arguments are scalars or vectors of lanes;
/// the yielded value likewise.
mlir::Value inlineLanes(Nest &nest, mlir::Region &region, llvm::ArrayRef<mlir::Value> arguments,
                        const LaneGroup &group);

/// The same of a region that yields several values.
llvm::SmallVector<mlir::Value> inlineAllLanes(Nest &nest, mlir::Region &region,
                                              llvm::ArrayRef<mlir::Value> arguments,
                                              const LaneGroup &group);

/// First row, and number of rows.
struct RowRange {
  mlir::Value first, count;
};

/// i1: no value in `columns` columns of some rows of a matrix of floats is NaN or infinite.
mlir::Value allFinite(Nest &nest, mlir::Value matrix, const RowRange &rows, mlir::Value columns,
                      int64_t lanes);

/// Transposes a square of vectors: element (i, j) of the result is element (j, i) of `rows`. Their
/// number equals their lanes, a power of two.
llvm::SmallVector<mlir::Value> transpose(Nest &nest, llvm::ArrayRef<mlir::Value> rows);

} // namespace fovea::loops

#endif // FOVEA_COMPILER_TARGETS_LOOPS_LANEREGION_H
