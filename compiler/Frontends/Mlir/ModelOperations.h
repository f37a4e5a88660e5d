//===- ModelOperations.h - what a module in text may consist of -----------===//
//
// The operations, types and constants that a model may have before any phase has run.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_FRONTENDS_MLIR_MODELOPERATIONS_H
#define FOVEA_COMPILER_FRONTENDS_MLIR_MODELOPERATIONS_H

#include "mlir/IR/BuiltinOps.h"

namespace fovea {

/// Emits an error for every operation, value type, constant and function that no target takes.
mlir::LogicalResult checkModelOperations(mlir::ModuleOp module);

} // namespace fovea

#endif // FOVEA_COMPILER_FRONTENDS_MLIR_MODELOPERATIONS_H
