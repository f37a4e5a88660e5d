//===- RowCopies.h - rows of operands to the memory of a block -----------===//
//
// Rows of an operand go to shared memory 16 bytes at a time, without registers where
// they lie at multiples of 16 bytes. Rows that do not exist are 0.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_CUDA_ROWCOPIES_H
#define FOVEA_COMPILER_TARGETS_CUDA_ROWCOPIES_H

#include "compiler/Targets/CUDA/Forms.h"
#include "compiler/Targets/CUDA/Fragments.h"
#include "compiler/Targets/Loops/AttentionKeys.h"

namespace fovea::cuda {

/// Where the rows come from: operand[at(row, column)].
struct RowSource {
  mlir::Value operand;
  /// Indices of an element, of a row that exists.
  std::function<llvm::SmallVector<mlir::Value>(mlir::Value row, mlir::Value column)> at;
  int64_t columns;
  /// Columns from here on do not exist and are 0; null when all do. There is at least one.
  mlir::Value columnsEnd = {};
};

/// Why rows of `operand`, whose elements are dimension `dim` of `map` and run alone along a result
/// of it, cannot be copied even element by element.
loops::Refusal refuseScattered(mlir::Value operand, mlir::AffineMap map, unsigned dim);

/// Why they cannot be copied 16 bytes at a time.
loops::Refusal refuseRows(mlir::Value operand, mlir::AffineMap map, unsigned dim);

/// An operand whose rows have dimension `dim` of `map` as their elements.
struct RowOperand {
  mlir::Value operand;
  mlir::AffineMap map;
  unsigned dim;
};

/// An attention's queries, keys and values.
llvm::SmallVector<RowOperand> rowOperandsOf(AttentionOp op);

/// Why one of them cannot be copied 16 bytes at a time.
loops::Refusal refuseRows(llvm::ArrayRef<RowOperand> operands);

/// i1: whether all rows of the operands lie at multiples of 16 bytes.
mlir::Value areAligned(loops::Nest &nest, llvm::ArrayRef<RowOperand> operands);

/// `count` rows from `first` on, of which those before `end` exist (one does).
struct RowRange {
  mlir::Value first, end;
  int64_t count;
};

/// The kBlockThreads threads of a block, which copy together.
struct Copiers {
  mlir::Value thread;
  /// What areAligned says of the operands.
  mlir::Value aligned;
  /// Whether rows that all exist are copied by code of their own, which is shorter.
  bool wholeApart = false;
};

/// Begins to copy rows to `to`[`stage`..., 0..count): without registers where they are aligned,
/// else element by element. The chain of copies behind `begun`; all are done when it is waited for
/// and the threads have met at a barrier.
mlir::Value copyRows(loops::Nest &nest, const RowSource &from, const RowRange &rows,
                     const SharedRows &to, llvm::ArrayRef<mlir::Value> stage, const Copiers &by,
                     mlir::Value begun);

} // namespace fovea::cuda

#endif // FOVEA_COMPILER_TARGETS_CUDA_ROWCOPIES_H
