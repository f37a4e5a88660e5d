//===- LoopSteps.h - steps of counted loops -------------------------------===//
//
// What is known of how often loops run.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_ANALYSIS_LOOPSTEPS_H
#define FOVEA_COMPILER_ANALYSIS_LOOPSTEPS_H

#include "mlir/Dialect/SCF/IR/SCF.h"

namespace fovea {

/// True for loops known to have the same bounds and step.
bool takeSameSteps(mlir::scf::ForOp left, mlir::scf::ForOp right);

} // namespace fovea

#endif // FOVEA_COMPILER_ANALYSIS_LOOPSTEPS_H
