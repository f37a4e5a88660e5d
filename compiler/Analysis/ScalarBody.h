//===- ScalarBody.h - bodies that compute scalars elementwise -------------===//
//
// What a block of scalar operations (the body of linalg.generic, an epilogue, a score region) may
// hold, what it takes from outside, and how it is copied into another region.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_ANALYSIS_SCALARBODY_H
#define FOVEA_COMPILER_ANALYSIS_SCALARBODY_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"

namespace fovea {

/// True when every operation but the terminator is a constant or elementwise on scalars: what the
/// regions of fovea.contract and fovea.attention accept. linalg.index and tensor.extract are not.
bool isScalarBody(mlir::Block &block);
/// True for a constant, and for an elementwise operation, that gives no tensor or vector.
bool isScalarOperation(mlir::Operation &op);

/// True when an element costs about as much as a load: at most two operations besides constants and
/// casts, none of them a division or a function of math.
bool isCheapBody(mlir::Block &block);

/// Values of outer regions used in the block, constants left out, each once in order of use.
llvm::SmallVector<mlir::Value> scalarsFromOutside(mlir::Block &block);

/// Copies all operations but the terminator to the insertion point; outer constants are copied
/// too. Gives what the terminator yields. `mapping` holds the block's arguments and other outer
/// values.
llvm::SmallVector<mlir::Value> cloneScalarBody(mlir::OpBuilder &builder, mlir::Block &block,
                                               mlir::IRMapping &mapping);

} // namespace fovea

#endif // FOVEA_COMPILER_ANALYSIS_SCALARBODY_H
