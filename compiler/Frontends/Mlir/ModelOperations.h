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

/// Emits an error for the first operation that names a floating-point type other than f16, bf16,
/// f32 and f64: code can be made of no other, and of a module that was stopped at a later phase
/// nothing else has been checked.
mlir::LogicalResult checkFloatTypes(mlir::ModuleOp module);

} // namespace fovea

#endif // FOVEA_COMPILER_FRONTENDS_MLIR_MODELOPERATIONS_H
