//===- ContractTask.h - what the schedules of contractions share ----------===//
//
// Views of the operands as matrices, groups of lanes of the columns, and the epilogue on one row of
// sums.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_CPU_CONTRACTTASK_H
#define FOVEA_COMPILER_TARGETS_CPU_CONTRACTTASK_H

#include "compiler/Targets/CPU/Capabilities.h"
#include "compiler/Targets/CPU/Forms.h"
#include "compiler/Targets/Loops/LaneRegion.h"
#include "compiler/Targets/Loops/ProductDims.h"

#include "dialects/FoveaKernel/FoveaKernelDialect.h"

namespace fovea::cpu {

using namespace fovea::loops;

/// Why a contraction cannot be summed along lanes of its output, whatever its elements.
Refusal refuseLanes(ContractOp op, const std::optional<ProductDims> &dims, const Capabilities &cpu);

/// Why it cannot be with sums in f32.
Refusal refuseFloatLanes(ContractOp op, const std::optional<ProductDims> &dims,
                         const Capabilities &cpu);

/// Base of the schedules of one contraction by register products.
class ContractTask {
protected:
  ContractTask(ContractOp op, Nest &nest, const Capabilities &cpu);

  static llvm::SmallVector<mlir::Value> pick(llvm::ArrayRef<mlir::Value> values,
                                             llvm::ArrayRef<unsigned> places);

  /// The task loop: body(position, first row, rows) for blocks of at most `rowsPerTask` rows and of
  /// `columnsPerTask` columns, of which the position has the first.
  void
  overTasks(int64_t rowsPerTask, int64_t columnsPerTask,
            llvm::function_ref<void(llvm::ArrayRef<mlir::Value>, mlir::Value, mlir::Value)> body);

  /// Distance in the rows operand between consecutive summed elements, when there is one.
  mlir::Value kStride();

  /// Elements by which `map` moves in `buffer` when a dimension grows by one; none when it varies.
  mlir::Value stepAlong(mlir::Value buffer, mlir::AffineMap map, unsigned dim);

  /// Element number in an operand at `position`, with all summed dimensions at 0.
  mlir::Value offsetAt(mlir::Value buffer, mlir::AffineMap map,
                       llvm::ArrayRef<mlir::Value> position);

  /// The rows operand of the task as [rows, depth], from summed element `k0` on.
  mlir::Value rowsView(llvm::ArrayRef<mlir::Value> position, mlir::Value k0);

  /// Rows `first` .. first + rows of the task's rows operand in `memory`, as f32 [rows, depth], for
  /// elements of another type and for maps without one distance along the depth. `depth` is the
  /// first summed element and how many of them. Gives `memory`.
  mlir::Value copyRows(llvm::ArrayRef<mlir::Value> position, mlir::Value first, int64_t rows,
                       const RowRange &depth, mlir::Value memory);

  /// `position` with the summed dimensions at element `k` of the depth.
  llvm::SmallVector<mlir::Value> atDepth(llvm::ArrayRef<mlir::Value> position, mlir::Value k);

  /// Lane group number `vector` of the task's panel; masked where columns end.
  LaneGroup groupAt(llvm::ArrayRef<mlir::Value> position, int64_t vector);

  /// The sums that a row starts with, and what becomes of those that it ends with.
  using Init = llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value)>;
  using Finish = llvm::function_ref<void(mlir::Value, mlir::ValueRange)>;

  /// The regions of a register product; without `init`, rows start with zeros.
  void writeRegions(kernel::ProductOp product, Init init, Finish finishRow);

  /// body(first, length) for the depth in blocks of at most `block` summed elements.
  void overBlocks(int64_t block, llvm::function_ref<void(mlir::Value, mlir::Value)> body);

  /// Partial sums of a row in `memory`; zeros in the first block of the depth, where `k0` is 0.
  llvm::SmallVector<mlir::Value> loadSums(mlir::Value memory, mlir::Value row, mlir::Value k0);
  void storeSums(mlir::Value memory, mlir::Value row, mlir::ValueRange values);

  /// The epilogue on one row of sums.
  void finish(llvm::ArrayRef<mlir::Value> position, mlir::Value row, mlir::ValueRange sums);

  ContractOp op;
  Nest &nest;
  const Capabilities &cpu;
  ProductDims dims;
  /// Of every dimension, and of all summed ones together.
  llvm::SmallVector<mlir::Value> extent;
  mlir::Value depth;
  /// A vector of sums.
  mlir::VectorType sums;
  /// Columns of a panel.
  int64_t width = 0;
};

} // namespace fovea::cpu

#endif // FOVEA_COMPILER_TARGETS_CPU_CONTRACTTASK_H
