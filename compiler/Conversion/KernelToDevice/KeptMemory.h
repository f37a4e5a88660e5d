//===- KeptMemory.h - what blocks keep from step to step ------------------===//
//
// Kernels of a loop's launches may fill memory of the block with what is the same in each step
// (`fovea_kernel.keep`): then blocks that stay fill it once.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_CONVERSION_KERNELTODEVICE_KEPTMEMORY_H
#define FOVEA_COMPILER_CONVERSION_KERNELTODEVICE_KEPTMEMORY_H

#include "compiler/Conversion/KernelToDevice/ResidentSteps.h"

namespace fovea {

/// What a kernel keeps; null for nothing.
kernel::KeepOp keepOf(mlir::func::FuncOp kernel);

/// Marks the launches of `loop` whose blocks keep what is the same in every step: nothing hangs on
/// the step, and no launch of the loop writes what is kept. How many there are.
int64_t markKept(mlir::scf::ForOp loop);

/// True for a launch that is marked.
bool isKept(kernel::LaunchOp launch);

/// Fills the memory of each block of `grid` at `front`, once for the marked `launch`, if there are
/// as many blocks as that has: then the i1 that it gives is true. `shared` says where the kernel's
/// memory of the block is.
mlir::Value fillOnce(mlir::OpBuilder &front, kernel::LaunchOp launch, kernel::GridOp grid,
                     const mlir::IRMapping &shared);

} // namespace fovea

#endif // FOVEA_COMPILER_CONVERSION_KERNELTODEVICE_KEPTMEMORY_H
