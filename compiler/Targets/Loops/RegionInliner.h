//===- RegionInliner.h - scalar regions at one element --------------------===//
//
// Regions that users write, on scalars: scores and masks of attention, and what finishes a sum,
// epilogues of contractions and cells of gates.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_LOOPS_REGIONINLINER_H
#define FOVEA_COMPILER_TARGETS_LOOPS_REGIONINLINER_H

#include "compiler/Targets/Loops/Nest.h"

#include "dialects/Fovea/FoveaDialect.h"

namespace fovea::loops {

/// Clones a region of one block at the nest's place; what it yields. Arguments are scalars, and
/// buffers for tables that it picks from; what is not used may be null.
llvm::SmallVector<mlir::Value> inlineRegion(Nest &nest, mlir::Region &region,
                                            mlir::ArrayRef<mlir::Value> arguments);

/// Runs the epilogue on the sum of the element at `position` (of all iteration dimensions) and
/// stores what it gives.
void finishElement(Nest &nest, ContractOp op, llvm::ArrayRef<mlir::Value> position,
                   mlir::Value sum);

/// Runs the cell on the sums of the unit at `place` (row and unit) and stores what it gives.
void finishUnit(Nest &nest, GatesOp op, llvm::ArrayRef<mlir::Value> place, mlir::ValueRange sums);

} // namespace fovea::loops

#endif // FOVEA_COMPILER_TARGETS_LOOPS_REGIONINLINER_H
