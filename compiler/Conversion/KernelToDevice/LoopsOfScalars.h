//===- LoopsOfScalars.h - loops over single elements ----------------------===//
//
// Loops in which nothing but scalars is computed, which one thread of the device runs through.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_CONVERSION_KERNELTODEVICE_LOOPSOFSCALARS_H
#define FOVEA_COMPILER_CONVERSION_KERNELTODEVICE_LOOPSOFSCALARS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace fovea {

/// True for a loop without results that does nothing but read elements of buffers, the device's,
/// compute with them, require something of them and write them.
bool isLoopOfScalars(mlir::scf::ForOp loop);

/// Calls `take` with each outermost one of an entry.
void walkLoopsOfScalars(mlir::func::FuncOp entry, llvm::function_ref<void(mlir::scf::ForOp)> take);

} // namespace fovea

#endif // FOVEA_COMPILER_CONVERSION_KERNELTODEVICE_LOOPSOFSCALARS_H
