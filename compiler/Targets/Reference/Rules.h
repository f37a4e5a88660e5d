//===- Rules.h - the table of rules ---------------------------------------===//
//
// Finds the rule of an operation.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_REFERENCE_RULES_H
#define FOVEA_COMPILER_TARGETS_REFERENCE_RULES_H

#include "compiler/Targets/Reference/Execution.h"

namespace fovea::reference {

/// The rule of an operation that is neither a terminator nor a scalar rule; null when unknown.
Rule findRule(mlir::Operation *op);
/// The rule that applies the steps of a scalar operation, on scalars or element by element.
mlir::LogicalResult runScalar(OpRun &run);
/// True for the terminators of the regions that rules run.
bool isKnownTerminator(mlir::Operation *op);

} // namespace fovea::reference

#endif // FOVEA_COMPILER_TARGETS_REFERENCE_RULES_H
