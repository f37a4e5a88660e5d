//===- ProductDims.h - the roles of a contraction's dimensions ------------===//
//
// Which operand goes along the lanes, which dimension strips of rows run over, what is summed, and
// what is left to loops.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_LOOPS_PRODUCTDIMS_H
#define FOVEA_COMPILER_TARGETS_LOOPS_PRODUCTDIMS_H

#include "dialects/Fovea/FoveaDialect.h"

namespace fovea::loops {

/// On a contraction whose columns PackWeights has packed. Maps alone do not tell: an operand that
/// one reads like panels may lie otherwise, and has neither column sums nor zeros behind its ends.
inline constexpr llvm::StringLiteral kPackedAttr = "fovea.packed";

/// On a contraction of which each part of the depth has a result of its own: their number (i64).
inline constexpr llvm::StringLiteral kDepthPartsAttr = "fovea.depth_parts";

/// Roles in `out[m, n] = sum over k of rows[m, k] * columns[k, n]` with further loops around.
struct ProductDims {
  /// Operands: `columns` owns the out map's last dimension.
  mlir::Value rows, columns;
  mlir::AffineMap rowsMap, columnsMap;
  /// The dimension along the lanes, and the one that strips of rows run over (none: one row).
  unsigned n = 0;
  std::optional<unsigned> m;
  /// Summed dimensions, outer first, and parallel ones left to loops.
  llvm::SmallVector<unsigned> k, loops;
  /// Width of the columns' panels when they are packed already, else 0.
  int64_t packedWidth = 0;
  /// Elements of a column that lie side by side in them: words for dots and tiles, or 1.
  int64_t packedGroup = 1;

  /// Number of rows, when it is static.
  std::optional<int64_t> rowCount() const;

  /// Roles of a contraction on tensors or buffers; nothing when no operand owns the last dimension
  /// of the output.
  static std::optional<ProductDims> of(ContractOp op);
};

/// True when elements lie at one distance from each other along a dimension, at least in every
/// group of `lanes` of it that starts at a multiple of them; of no lanes, all along it.
bool movesEvenly(mlir::AffineMap map, unsigned dim, int64_t lanes = 0);

/// True when a dimension is a result of its own and occurs in no other one.
bool runsAlone(mlir::AffineMap map, unsigned dim);

} // namespace fovea::loops

#endif // FOVEA_COMPILER_TARGETS_LOOPS_PRODUCTDIMS_H
