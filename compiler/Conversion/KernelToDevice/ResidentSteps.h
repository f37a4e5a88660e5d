//===- ResidentSteps.h - launches within a kernel of many steps -----------===//
//
// What becomes of the launches of a loop whose steps the blocks of one grid run: each block takes
// the blocks of a launch in turns, as many as there are.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_CONVERSION_KERNELTODEVICE_RESIDENTSTEPS_H
#define FOVEA_COMPILER_CONVERSION_KERNELTODEVICE_RESIDENTSTEPS_H

#include "dialects/FoveaKernel/FoveaKernelDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"

namespace fovea {

/// The kernel of a launch, and its grid.
mlir::func::FuncOp kernelOf(kernel::LaunchOp launch);
kernel::GridOp gridOf(mlir::func::FuncOp kernel);

/// True when the threads of a block of the kernel wait for each other or share memory.
bool needsWholeBlock(mlir::func::FuncOp kernel);

/// Bytes of the block's memory that a kernel uses.
int64_t sharedBytesOf(mlir::func::FuncOp kernel);

/// The buffer `given` to a launch as its kernel sees it.
mlir::Value asSeen(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value given,
                   mlir::Type seen);

/// Blocks of a grid of `threads` threads that the launches of `loop` can use at most, computed at
/// `builder` from what `mapping` says of values in front of the loop.
mlir::Value blocksOfUse(mlir::OpBuilder &builder, mlir::scf::ForOp loop, int64_t threads,
                        mlir::IRMapping &mapping);

/// Writes the kernels' bodies in place of the launches in `loop`, which all blocks of `grid` run;
/// blocks meet behind each launch, but where one block alone has worked and goes on. They meet as
/// well behind what decides by the cell `end`, unless that is null.
void inlineLaunches(mlir::scf::ForOp loop, kernel::GridOp grid, mlir::Value end);

} // namespace fovea

#endif // FOVEA_COMPILER_CONVERSION_KERNELTODEVICE_RESIDENTSTEPS_H
