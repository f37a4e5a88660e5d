//===- GateSums.h - sums of a recurrent cell's gates on scalars -----------===//
//
// What the forms of gates without registers of vectors share, whoever adds up the products.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_LOOPS_GATESUMS_H
#define FOVEA_COMPILER_TARGETS_LOOPS_GATESUMS_H

#include "compiler/Targets/Loops/Forms.h"
#include "compiler/Targets/Loops/ScalarLoops.h"

namespace fovea::loops {

/// Why products of a state with the weight cannot be taken one by one: the weight is packed, or
/// its products need the state rounded.
Refusal refuseGateSums(GatesOp op);

/// Why such products cannot be read along the weight's memory.
Refusal refuseGateRows(GatesOp op);

/// The sums of all gates of one unit for one row, in f32; `lanes` share the terms, and each of them
/// has the sums.
llvm::SmallVector<mlir::Value> gateSums(Nest &nest, GatesOp op, mlir::Value row, mlir::Value unit,
                                        const RowLanes &lanes);

} // namespace fovea::loops

#endif // FOVEA_COMPILER_TARGETS_LOOPS_GATESUMS_H
