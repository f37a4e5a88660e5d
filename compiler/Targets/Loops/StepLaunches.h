//===- StepLaunches.h - launches and the steps that make them -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_LOOPS_STEPLAUNCHES_H
#define FOVEA_COMPILER_TARGETS_LOOPS_STEPLAUNCHES_H

#include "dialects/FoveaKernel/FoveaKernelDialect.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/BuiltinOps.h"

namespace fovea::loops {

/// Calls `see` with each launch of the module's host code and the outermost loop around it, null
/// where there is none.
void forLaunches(mlir::ModuleOp module,
                 llvm::function_ref<void(kernel::LaunchOp launch, mlir::scf::ForOp steps)> see);

} // namespace fovea::loops

#endif // FOVEA_COMPILER_TARGETS_LOOPS_STEPLAUNCHES_H
