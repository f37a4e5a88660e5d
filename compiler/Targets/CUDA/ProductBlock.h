//===- ProductBlock.h - what the forms of products on blocks share --------===//
//
// A block computes a tile of the result: which one, and which of its elements there are.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_CUDA_PRODUCTBLOCK_H
#define FOVEA_COMPILER_TARGETS_CUDA_PRODUCTBLOCK_H

#include "compiler/Targets/Loops/ProductDims.h"
#include "compiler/Targets/Loops/ScalarLoops.h"

namespace fovea::cuda {

using namespace fovea::loops;

/// Base of schedules of contractions whose ProductDims have rows.
class ProductBlock {
protected:
  using Value = mlir::Value;

  ProductBlock(ContractOp op, Nest &nest);

  /// Tiles of `tile` rows and columns, at all points of the dimensions around.
  Value countTiles(Value tile);
  /// The grid: a block of `threads` threads for each tile of `tile` rows and columns. Calls `body`
  /// with the members below set.
  void writeGrid(Value tile, int64_t threads, llvm::function_ref<void()> body);

  /// The epilogue of one element, unless it lies outside of the result.
  void finishAt(Value row, Value column, Value sum);

  /// i1: index < bound, without signs.
  Value below(Value index, Value bound);

  ContractOp op;
  Nest &nest;
  mlir::OpBuilder &b;
  ProductDims dims;
  /// Of all iteration dimensions.
  llvm::SmallVector<Value> extents;
  /// The block's point, 0 in rows, columns and summed dimensions.
  llvm::SmallVector<Value> position;
  /// First row and column of the block's tile; this thread's number in the block.
  Value firstRow, firstColumn, thread;

private:
  llvm::SmallVector<Value> tilesOf(Value tile);
};

} // namespace fovea::cuda

#endif // FOVEA_COMPILER_TARGETS_CUDA_PRODUCTBLOCK_H
