//===- LaneDots.h - dot products of few rows with many --------------------===//
//
// Where a product has too few columns to fill the lanes, its depth lies along them: rows are read
// as they lie in memory, and a tree of shuffles adds the lanes up.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_CPU_LANEDOTS_H
#define FOVEA_COMPILER_TARGETS_CPU_LANEDOTS_H

#include "compiler/Targets/Loops/Nest.h"

namespace fovea::cpu {

using namespace fovea::loops;

/// Rows of `left` and of `right` whose dot products are added up at a time; `right` is a power of
/// two and left * right at most the number of lanes.
struct DotTile {
  int64_t left, right;
};

/// The tile for `left` rows in all.
DotTile dotTile(int64_t left, int64_t lanes);

/// The rows' order of elements that `laneDots` wants on the left, for `right` of type `element`:
/// that of `right` in registers. Takes and gives the vectors of one row, in f32.
llvm::SmallVector<mlir::Value> inDotOrder(Nest &nest, llvm::ArrayRef<mlir::Value> row,
                                          mlir::Type element);

/// A place between the multiply-adds: number `number` of `parts`, before elements from `element` on
/// of right row `row` of those given, as many as `elements`.
struct DotsPlace {
  mlir::Value number;
  int64_t parts;
  int64_t row;
  mlir::Value element;
  int64_t elements;
};

/// Writes something else at such a place.
using BetweenDots = llvm::function_ref<void(const DotsPlace &place)>;

/// Sums over `depth` elements, a multiple of the lanes, of left[first + r, :] * right[rows[c], :]
/// for r < tile.left and each c: lane r * tile.right + c of the result. `left` is f32 in dot order;
/// both have contiguous rows. `between`, if any, is called for all places in their order, or for
/// one in front of products that are too short to have any.
mlir::Value laneDots(Nest &nest, mlir::Value left, int64_t first, mlir::Value right,
                     llvm::ArrayRef<mlir::Value> rows, const DotTile &tile, int64_t depth,
                     int64_t lanes, BetweenDots between = nullptr);

} // namespace fovea::cpu

#endif // FOVEA_COMPILER_TARGETS_CPU_LANEDOTS_H
