//===- LaneRows.h - rows that the lanes of a warp read --------------------===//
//
// Rows of an operand go to registers 16 bytes a lane at a time: some lanes share a row, and a warp
// reads several rows with one instruction. Registers hold words until elements are needed.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_CUDA_LANEROWS_H
#define FOVEA_COMPILER_TARGETS_CUDA_LANEROWS_H

#include "compiler/Targets/Loops/Nest.h"

namespace fovea::cuda {

/// Elements of an operand that 16 bytes hold.
int64_t elementsOfPiece(mlir::Value operand);

/// How `lanes` lanes share a row of `columns` elements, a multiple of a piece: piece c of lane l is
/// piece c * lanes + l of the row.
class LaneRows {
public:
  using Value = mlir::Value;
  using Words = llvm::SmallVector<Value>;
  /// Indices of the operand's element in a column of the row that is read.
  using Place = llvm::function_ref<llvm::SmallVector<Value>(Value column)>;

  LaneRows(loops::Nest &nest, Value operand, int64_t columns, int64_t lanes, Value lane);

  /// Pieces of a lane, elements of a piece, and 32-bit words of all pieces of a lane.
  int64_t pieces, elements;
  int64_t words() const { return pieces * 4; }

  /// First column of a piece; that of the row's last piece where the row ends before.
  Value column(int64_t piece) const;
  /// i1: whether the row has a piece; null where all lanes have it.
  Value exists(int64_t piece) const;

  /// The pieces of this lane as vectors of words. They lie at multiples of 16 bytes when `aligned`.
  llvm::SmallVector<Value> load(Place place, bool aligned) const;
  /// A piece of zeros.
  Value none() const;
  /// The words of pieces. Where a branch gives either of two loads they are taken behind it: else
  /// LLVM makes loads of single words of both, and one of these.
  Words unpack(mlir::ValueRange loaded) const;
  /// Elements of a lane's words as f32.
  llvm::SmallVector<Value> widen(mlir::ValueRange words) const;

private:
  /// A piece that lies anywhere, from its first element on. All elements have one address, from
  /// which they differ by constants: LLVM would keep a part of each address for the whole loop.
  Value gathered(llvm::ArrayRef<Value> at) const;

  loops::Nest &nest;
  mlir::OpBuilder &b;
  Value operand, lane;
  mlir::Type element;
  int64_t columns, lanes;
};

} // namespace fovea::cuda

#endif // FOVEA_COMPILER_TARGETS_CUDA_LANEROWS_H
