//===- RowCopies.h - rows of operands to the memory of a block -----------===//
//
// Rows of an operand go to shared memory 16 bytes at a time, without registers where
// they lie at multiples of 16 bytes. Rows that do not exist are 0.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_CUDA_ROWCOPIES_H
#define FOVEA_COMPILER_TARGETS_CUDA_ROWCOPIES_H

#include "compiler/Targets/CUDA/Fragments.h"
#include "compiler/Targets/Loops/Forms.h"

namespace fovea::cuda {

/// Where the rows come from: operand[at(row, column)].
struct RowSource {
  mlir::Value operand;
  /// Indices of an element, of a row that exists.
  std::function<llvm::SmallVector<mlir::Value>(mlir::Value row, mlir::Value column)> at;
  int64_t columns;
};

/// Why rows of `operand`, whose elements are dimension `dim` of `map` and run alone along a result
/// of it, cannot be copied so.
loops::Refusal refuseRows(mlir::Value operand, mlir::AffineMap map, unsigned dim);

/// i1: whether all rows of the operands lie at multiples of 16 bytes.
mlir::Value areAligned(loops::Nest &nest, llvm::ArrayRef<mlir::Value> operands);

/// Begins to copy `count` rows from `first` on, of which those before `end` exist (one does), to
/// `to`[`stage`..., 0..count); all threads of a block of `threads` take part. The chain of copies
/// behind `begun`.
mlir::Value copyRows(loops::Nest &nest, const RowSource &from, mlir::Value first, mlir::Value end,
                     int64_t count, const SharedRows &to, llvm::ArrayRef<mlir::Value> stage,
                     mlir::Value thread, int64_t threads, mlir::Value begun);

/// The same, element by element, for rows that lie anywhere. Done when the threads meet at a
/// barrier.
void copyElements(loops::Nest &nest, const RowSource &from, mlir::Value first, mlir::Value end,
                  int64_t count, const SharedRows &to, llvm::ArrayRef<mlir::Value> stage,
                  mlir::Value thread, int64_t threads);

} // namespace fovea::cuda

#endif // FOVEA_COMPILER_TARGETS_CUDA_ROWCOPIES_H
