//===- ProductUnits.h - register products by kinds of instructions --------===//
//
// Products by dots and by tiles have an emitter each; what all emitters do alike stands here.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_CONVERSION_KERNELTOVECTOR_PRODUCTUNITS_H
#define FOVEA_COMPILER_CONVERSION_KERNELTOVECTOR_PRODUCTUNITS_H

#include "dialects/FoveaKernel/FoveaKernelDialect.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

namespace fovea {

/// Steps of the depth in one turn of the loop over it, which read the panel's next `rowBytes` each.
int64_t stepsOfTurn(kernel::ProductOp op, int64_t rowBytes);

/// Keeps LLVM from unrolling the loop over the depth where its turn has the bytes that it should.
void keepTurn(mlir::scf::ForOp loop, kernel::ProductOp op);

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
