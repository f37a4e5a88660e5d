//===- Fragments.h - arithmetic on fragments in schedules -----------------===//
//
// A thin layer over fovea_warp: types of fragments, maps with bodies as functions, products.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_CUDA_FRAGMENTS_H
#define FOVEA_COMPILER_TARGETS_CUDA_FRAGMENTS_H

#include "compiler/Targets/Loops/Nest.h"

#include "dialects/FoveaWarp/FoveaWarpDialect.h"

namespace fovea::cuda {

/// Rows of a fragment here, and most columns and depth of one: what is multiplied at a time.
inline constexpr int64_t kRows = 16, kPiece = 32;

/// [first, first + size) of columns of which at most kPiece are in one fragment.
struct Piece {
  int64_t first, size;
};

/// `columns`, a multiple of 16, in pieces.
llvm::SmallVector<Piece> piecesOf(int64_t columns);

/// Rows of `columns` elements in the memory of a block: a power of two of bytes, or a multiple of
/// 128, so that a swizzle keeps the eight rows that are loaded at once in different banks.
struct SharedRows {
  SharedRows(loops::Nest &nest, mlir::Type element, llvm::ArrayRef<int64_t> rows, int64_t columns);

  mlir::Value buffer;
  int64_t swizzle;

  /// Where element (row, column) lies: in the dimension of columns.
  mlir::Value columnOf(loops::Nest &nest, mlir::Value row, mlir::Value column) const;
};

/// Fragments of `kRows` rows; operands of products have elements of one type.
class Fragments {
public:
  Fragments(loops::Nest &nest, mlir::Type element)
      : nest(nest), b(nest.builder), element(element) {}

  warp::FragmentType sum(int64_t columns);
  warp::FragmentType row();
  mlir::Value splat(double value, warp::FragmentType type);

  /// `rows` x `columns` of role a from [..., row, column] on.
  mlir::Value loadA(const SharedRows &from, llvm::ArrayRef<mlir::Value> at, int64_t columns);
  /// depth x columns of role b; with `transposed` memory has a row for each column.
  mlir::Value loadB(const SharedRows &from, llvm::ArrayRef<mlir::Value> at, int64_t depth,
                    int64_t columns, bool transposed);
  mlir::Value convert(mlir::Value sum);
  mlir::Value multiply(mlir::Value a, mlir::Value b, mlir::Value sum);
  mlir::Value reduce(warp::RowReduction kind, mlir::Value sum);

  using Values = llvm::SmallVector<mlir::Value>;
  /// body(row, column, elements): fragments of the first input's type from what it gives.
  Values map(mlir::ValueRange inputs,
             llvm::function_ref<Values(mlir::Value, mlir::Value, mlir::ValueRange)> body);
  mlir::Value mapOne(mlir::ValueRange inputs,
                     llvm::function_ref<mlir::Value(mlir::Value, mlir::Value, mlir::ValueRange)>);

private:
  loops::Nest &nest;
  mlir::OpBuilder &b;
  mlir::Type element;
};

} // namespace fovea::cuda

#endif // FOVEA_COMPILER_TARGETS_CUDA_FRAGMENTS_H
