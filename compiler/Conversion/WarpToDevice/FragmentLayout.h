//===- FragmentLayout.h - which thread holds what of a fragment -----------===//
//
// The tables of mma.sync m16n8k16 and m16n8k8 (PTX ISA, section on warp level matrix instructions),
// as index arithmetic.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_CONVERSION_WARPTODEVICE_FRAGMENTLAYOUT_H
#define FOVEA_COMPILER_CONVERSION_WARPTODEVICE_FRAGMENTLAYOUT_H

#include "dialects/FoveaWarp/FoveaWarpDialect.h"

#include "mlir/Transforms/DialectConversion.h"

namespace fovea {

/// A constant and sums of indices.
mlir::Value constantIndex(mlir::OpBuilder &builder, mlir::Location loc, int64_t value);
mlir::Value plus(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value base, int64_t offset);

/// Rows of a sum's registers of one thread: register i of tile (m, n) is that of row 16 m +
/// `row` + 8 (i / 2), column 8 n + `column` + i mod 2.
class SumPlaces {
public:
  SumPlaces(mlir::OpBuilder &builder, mlir::Location loc);

  /// Row of half `half` of tile row `tile`, column of the first or second element of a tile.
  mlir::Value rowOf(int64_t tile, int64_t half);
  mlir::Value columnOf(int64_t tile, int64_t element);

private:
  mlir::OpBuilder &builder;
  mlir::Location loc;
  mlir::Value row, column;
};

/// Number of tiles of a sum along its rows and columns.
inline int64_t tileRows(warp::FragmentType type) { return type.getShape()[0] / warp::kTileRows; }
inline int64_t tileColumns(warp::FragmentType type) {
  return type.getShape()[1] / warp::kTileColumns;
}

/// Elements of an operand in 16 bytes, the row of a matrix that ldmatrix loads; two of them are the
/// depth of a product.
inline int64_t rowElements(warp::FragmentType type) {
  return type.getElementType().isTF32() ? 4 : 8;
}
inline int64_t tileDepth(warp::FragmentType type) { return 2 * rowElements(type); }

/// Patterns for products, regions and reductions, and for what goes to memory and comes from it.
void populateFragmentArithmetic(const mlir::TypeConverter &converter,
                                mlir::RewritePatternSet &patterns);
void populateFragmentMemory(const mlir::TypeConverter &converter,
                            mlir::RewritePatternSet &patterns);

} // namespace fovea

#endif // FOVEA_COMPILER_CONVERSION_WARPTODEVICE_FRAGMENTLAYOUT_H
