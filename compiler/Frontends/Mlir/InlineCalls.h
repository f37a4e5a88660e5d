//===- InlineCalls.h - a module of entries without calls ------------------===//
//
// Targets take entries that call nothing: functions are a means of writing modules.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_FRONTENDS_MLIR_INLINECALLS_H
#define FOVEA_COMPILER_FRONTENDS_MLIR_INLINECALLS_H

#include "mlir/IR/BuiltinOps.h"

namespace fovea {

/// Puts the bodies of functions in the place of calls, and removes all functions but the entries.
/// Takes a module whose functions have bodies of one block. Emits an error, and changes nothing,
/// when functions call one another in a circle, or when the entries would become too large or nest
/// too deep.
mlir::LogicalResult inlineCalls(mlir::ModuleOp module);

} // namespace fovea

#endif // FOVEA_COMPILER_FRONTENDS_MLIR_INLINECALLS_H
