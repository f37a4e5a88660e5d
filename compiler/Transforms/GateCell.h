//===- GateCell.h - gates with the operations around them -----------------===//
//
// Grows the cell of a fovea.gates by what reads its results.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TRANSFORMS_GATECELL_H
#define FOVEA_COMPILER_TRANSFORMS_GATECELL_H

#include "dialects/Fovea/FoveaDialect.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace fovea {

/// True for an elementwise operation over [m, n] that writes each element of its outs once.
bool isElementwiseOverUnits(mlir::linalg::GenericOp op);

/// Takes elementwise operations that read results of `op` at their own places into its cell, writes
/// results that are also inserted into a sequence to both places, and drops results and captures
/// that are then without a reader. Gives the operation that replaces `op`.
GatesOp growCell(GatesOp op);

} // namespace fovea

#endif // FOVEA_COMPILER_TRANSFORMS_GATECELL_H
