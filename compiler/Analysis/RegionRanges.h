//===- RegionRanges.h - what integers of a scalar region lie between ------===//
//
// Integer range analysis of the regions that users write (score, mask, probability, epilogue): it
// tells where 32 bits hold what the language computes in 64.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_ANALYSIS_REGIONRANGES_H
#define FOVEA_COMPILER_ANALYSIS_REGIONRANGES_H

#include "mlir/Interfaces/InferIntRangeInterface.h"
#include "llvm/ADT/DenseMap.h"

namespace fovea {

/// Most queries and keys of an attention whose regions see positions. A run with more stops; the
/// sum of a position and an offset of this size fits 32 bits.
inline constexpr int64_t kMaxPositions = int64_t(1) << 30;

/// Ranges of the integers of a region with one block; an index has 64 bits. In a region of
/// fovea.attention, positions lie between 0 and the extents of its operands: static ones, else
/// kMaxPositions for queries and keys. Nothing is known of captures and of what tables hold.
class RegionRanges {
public:
  explicit RegionRanges(mlir::Region &region);

  /// The range of an integer or index of the region, or of a constant outside.
  mlir::ConstantIntRanges of(mlir::Value value) const;

  /// True when all values are in [-2^31 + margin, 2^31 - margin).
  bool fitsWord(mlir::Value value, int64_t margin = 0) const;

  /// True when the operation gives the same on indices of 32 bits as on those of 64: its operands
  /// and results of index type fit, and so does what it computes in between.
  bool fitsWords(mlir::Operation &op) const;

  /// True when a sum, difference or product of 64 bits of operands about which something is known
  /// may wrap around.
  bool mayWrap(mlir::Operation &op) const;

private:
  bool isBetween(mlir::Value value, int64_t least, int64_t most) const;

  llvm::DenseMap<mlir::Value, mlir::ConstantIntRanges> ranges;
};

} // namespace fovea

#endif // FOVEA_COMPILER_ANALYSIS_REGIONRANGES_H
