//===- TileAttention.h - attention in tiles of a block's warps ------------===//
//
// The parts of the form: what a block keeps and where, and the steps on one tile of keys.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_CUDA_TILEATTENTION_H
#define FOVEA_COMPILER_TARGETS_CUDA_TILEATTENTION_H

#include "compiler/Targets/CUDA/AttentionBlock.h"
#include "compiler/Targets/CUDA/RowCopies.h"

namespace fovea::cuda {

/// Queries of a block: kRows of each warp.
inline constexpr int64_t kQueries = kWarps * kRows;

/// One tile of keys: where it lies, and which of it there is.
struct KeyTile {
  /// Number of its first key; stage of the ring of tiles.
  mlir::Value first, stage;
  /// i1: whether each query of the block keeps each key of the tile, all of which exist.
  mlir::Value whole;
  /// Behind the last key.
  mlir::Value end;
};

/// A block's work on one tile: scores, weights and weighted sums of its warps' rows, as fragments.
class TileSteps : protected AttentionBlock {
protected:
  using Values = Fragments::Values;

  /// `tileKeys` keys in a tile, kPiece / 2 or a multiple of kPiece.
  TileSteps(AttentionOp op, Nest &nest, int64_t tileKeys);

  /// The block's shared memory.
  void placeShared();
  /// Registers of the queries, where they fit.
  void loadQueries();

  /// Whether scores stay as the product gives them, and are scaled in the exponential.
  bool scalesLate() { return inLog2() && scale() > 0; }
  /// Whether a tile may have keys that some row excludes, or that do not exist.
  bool mayExclude();

  /// Scores of a tile in pieces of keys; -inf where a key is excluded.
  Values scoresOf(const KeyTile &tile);
  /// exp(score - maximum) in pieces, by a row with `shiftOf` of the maxima.
  Values weightsOf(mlir::ValueRange scores, Value shift);
  /// What is added to a score, or subtracted from it, before the exponential.
  Value shiftOf(Value maximum);
  /// exp(before - after) of two maxima, by the shift of that after.
  Value rescaleOf(Value before, Value shift);
  /// The largest of all pieces of each row, or their sum.
  Value reduced(warp::RowReduction kind, mlir::ValueRange pieces);
  /// Prob region of weights; 0 where a key is excluded.
  Values probabilities(const KeyTile &tile, mlir::ValueRange scores, mlir::ValueRange weights);
  /// sums + weights * values, in pieces of channels. Where a row excludes a key, no infinity and no
  /// NaN of its value gets into the row.
  Values addValues(const KeyTile &tile, mlir::ValueRange weights, Values sums);

  Value queryOf(Value row) { return nest.add(firstOfWarp, row); }

  int64_t tileKeys;
  Fragments fragments;
  std::optional<SharedRows> queries, keys, values;
  Value thread, number, firstQuery, firstOfWarp;

private:
  llvm::SmallVector<Value> pairAt(const KeyTile &tile, const Piece &piece, Value row, Value column);
  Values changed(const KeyTile &tile, mlir::ValueRange scores, bool excludes);
  Value hasNonFinite(const KeyTile &tile);
  Value hasNonFinite(const KeyTile &tile, llvm::ArrayRef<Piece> pieces);
  Values addNonFinite(const KeyTile &tile, mlir::ValueRange weights, Values sums);
  Value marked(const KeyTile &tile, const Piece &piece, Value weight);
  Value addKey(const KeyTile &tile, Value key, Value place, Value first, Value sum);
  void clearNonFinite(const KeyTile &tile);
  /// i1: whether x, an f32, is no number or infinite.
  Value isNonFinite(Value x);
  /// An element of the tile's values, widened.
  Value valueAt(const KeyTile &tile, Value key, Value channel);
  /// Whether the queries stay in registers. A mask needs registers, too.
  bool keepsQueries() { return depth <= (op.getMask().empty() ? 128 : 64); }
  /// Whether weights that are spilled have memory of their own.
  bool hasOwnSpill() { return tileKeys < kPiece; }
  /// Indices of an element of the weights that are spilled, or of its row alone.
  llvm::SmallVector<Value> spilledAt(const KeyTile &tile, Value line, Value column);

  llvm::SmallVector<Value> queryPieces;
  /// Weights of a piece of keys as rows, for who reads them one by one.
  std::optional<SharedRows> spill;
};

} // namespace fovea::cuda

#endif // FOVEA_COMPILER_TARGETS_CUDA_TILEATTENTION_H
