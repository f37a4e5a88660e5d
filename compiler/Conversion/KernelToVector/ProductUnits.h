//===- ProductUnits.h - register products by kinds of instructions --------===//
//
// Products by dots and by tiles have an emitter each; what all emitters do alike stands here.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_CONVERSION_KERNELTOVECTOR_PRODUCTUNITS_H
#define FOVEA_COMPILER_CONVERSION_KERNELTOVECTOR_PRODUCTUNITS_H

#include "dialects/FoveaKernel/FoveaKernelDialect.h"

namespace fovea {

/// Most steps of the depth in one turn of the loop: what counts and moves pointers competes with
/// the multiply-adds for ports.
inline constexpr int64_t kUnroll = 4;
/// Broadcasts in one turn, at most: LLVM moves them up until registers run out.
inline constexpr int64_t kBroadcasts = 32;

/// Inlines a single-block region; the values it yields.
llvm::SmallVector<mlir::Value> inlineRegion(mlir::OpBuilder &builder, mlir::Region &region,
                                            mlir::ValueRange arguments);

/// A product's rows as indices of its left operand.
llvm::SmallVector<mlir::Value> rowsOf(mlir::OpBuilder &builder, kernel::ProductOp op);

/// The sums that a product of vectors of `type` begins with, row by row: of its init region, or 0.
llvm::SmallVector<mlir::Value> initialSums(mlir::OpBuilder &builder, kernel::ProductOp op,
                                           mlir::VectorType type, llvm::ArrayRef<mlir::Value> rows);

/// Ends a product with its sums: the finish region on each row; uses get what the last one carries.
void finishRows(mlir::OpBuilder &builder, kernel::ProductOp op, llvm::ArrayRef<mlir::Value> sums,
                llvm::ArrayRef<mlir::Value> rows);

/// Emit the product in front of itself and replace its results. Fail, with an error on it, where no
/// processor has such an instruction.
llvm::LogicalResult emitDots(mlir::OpBuilder &builder, kernel::ProductOp op);
llvm::LogicalResult emitTiles(mlir::OpBuilder &builder, kernel::ProductOp op);

} // namespace fovea

#endif // FOVEA_COMPILER_CONVERSION_KERNELTOVECTOR_PRODUCTUNITS_H
