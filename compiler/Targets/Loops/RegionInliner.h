//===- RegionInliner.h - scalar regions at one element --------------------===//
//
// What finishes a sum, on scalars: epilogues of contractions and cells of gates.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_LOOPS_REGIONINLINER_H
#define FOVEA_COMPILER_TARGETS_LOOPS_REGIONINLINER_H

#include "compiler/Targets/Loops/Nest.h"

#include "dialects/Fovea/FoveaDialect.h"

namespace fovea::loops {

/// Runs the epilogue on the sum of the element at `position` (of all iteration dimensions) and
/// stores what it gives.
void finishElement(Nest &nest, ContractOp op, llvm::ArrayRef<mlir::Value> position,
                   mlir::Value sum);

/// Runs the cell on the sums of the unit at `place` (row and unit) and stores what it gives.
void finishUnit(Nest &nest, GatesOp op, llvm::ArrayRef<mlir::Value> place, mlir::ValueRange sums);

} // namespace fovea::loops

#endif // FOVEA_COMPILER_TARGETS_LOOPS_REGIONINLINER_H
