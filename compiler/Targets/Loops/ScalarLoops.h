//===- ScalarLoops.h - structured operations as scalar loops --------------===//
//
// Extents, loads and bodies of linalg operations for schedules whose innermost loop LLVM
// vectorizes.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_LOOPS_SCALARLOOPS_H
#define FOVEA_COMPILER_TARGETS_LOOPS_SCALARLOOPS_H

#include "compiler/Targets/Loops/Nest.h"

#include "dialects/Fovea/FoveaDialect.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace fovea::loops {

/// Extents of all iteration dimensions of a structured operation on buffers.
llvm::SmallVector<mlir::Value> extentsOf(Nest &nest, mlir::linalg::LinalgOp op);

/// Tasks over `rows` rows of `work` elements each: body(row) for every row, and begin() once before
/// the rows of a task. In a grid each thread has one row. Where `nest` has a share of rows, of
/// which each is one or several of `rows`: those of the share, in the task that there is.
void parallelRows(Nest &nest, mlir::Value rows, mlir::Value work, Nest::Body body,
                  llvm::function_ref<void()> begin = nullptr);

/// Tasks over `rows` rows of `work` elements each, not in a grid: body(rows of the task).
void parallelShares(Nest &nest, mlir::Value rows, mlir::Value work,
                    llvm::function_ref<void(const RowShare &)> body);

/// The lanes that share a row: one on the CPU, in a grid those of a warp.
struct RowLanes {
  /// This lane, and how many there are.
  mlir::Value lane;
  int64_t count = 1;

  /// What all lanes have, joined by `join` in the same order in each of them.
  mlir::Value combine(Nest &nest, mlir::Value value,
                      llvm::function_ref<mlir::Value(mlir::Value, mlir::Value)> join) const;
};

/// As parallelRows, but in a grid each warp has one row.
void parallelSharedRows(Nest &nest, mlir::Value rows, mlir::Value work,
                        llvm::function_ref<void(mlir::Value, const RowLanes &)> body);

/// Nested loops over [0, extents[i]); body gets the indices. Lanes take turns in the innermost one.
void nestedLoops(Nest &nest, llvm::ArrayRef<mlir::Value> extents,
                 llvm::function_ref<void(llvm::ArrayRef<mlir::Value>)> body,
                 const RowLanes &lanes = {});

/// Clones the operation's body at `position`, with `carried` for the destinations' elements (those
/// not given are loaded); the values yielded. Sums may be reassociated when `reassociate`.
llvm::SmallVector<mlir::Value> cloneBody(Nest &nest, mlir::linalg::LinalgOp op,
                                         llvm::ArrayRef<mlir::Value> position,
                                         mlir::ValueRange carried, bool reassociate);

/// Stores the yielded values into the destinations at `position`.
void storeResults(Nest &nest, mlir::linalg::LinalgOp op, llvm::ArrayRef<mlir::Value> position,
                  mlir::ValueRange values);

/// Of a contraction, operand and position that bear a dimension as a result of its own: the
/// extent's source.
std::pair<mlir::Value, unsigned> bearerOf(ContractOp op, unsigned dim);

/// Extents of all iteration dimensions of a contraction.
llvm::SmallVector<mlir::Value> extentsOf(Nest &nest, ContractOp op);

/// Lets LLVM reorder (reassoc) and fuse (contract) a floating-point operation.
void relax(mlir::Operation *op, bool reassociate);

/// sum + x * y, which LLVM may fuse and, when `reassociate`, reorder.
mlir::Value addProduct(Nest &nest, mlir::Value sum, mlir::Value x, mlir::Value y,
                       bool reassociate = false);

/// Element of a buffer of floats as f32.
mlir::Value loadWide(Nest &nest, mlir::Value buffer, llvm::ArrayRef<mlir::Value> at);

/// A float as one of type `wanted`: itself, extended or rounded.
mlir::Value resized(Nest &nest, mlir::Value value, mlir::Type wanted);

/// Asks for the first `columns` elements of a row of a matrix, or of `count` rows from `first` on;
/// rows need not exist.
void prefetchRow(Nest &nest, mlir::Value matrix, mlir::Value row, int64_t columns);
void prefetchRows(Nest &nest, mlir::Value matrix, mlir::Value first, int64_t count,
                  int64_t columns);

/// Asks for one of `parts` about equal parts of the same, in their order.
void prefetchPart(Nest &nest, mlir::Value matrix, mlir::Value first, int64_t rows, int64_t columns,
                  mlir::Value number, int64_t parts);

} // namespace fovea::loops

#endif // FOVEA_COMPILER_TARGETS_LOOPS_SCALARLOOPS_H
