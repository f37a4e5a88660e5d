//===- CheckLoops.h - loops that require something of data ----------------===//
//
// What kernels take for granted of data, loops of host code require element by element: lengths,
// pages of a table. On a device such a loop is a kernel, and no kernel behind it may start where a
// requirement has failed.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_CONVERSION_KERNELTODEVICE_CHECKLOOPS_H
#define FOVEA_COMPILER_CONVERSION_KERNELTODEVICE_CHECKLOOPS_H

#include "compiler/Conversion/KernelToDevice/LoopsOfScalars.h"

namespace fovea {

/// Gives an entry whose loops of scalars require something a cell that says whether all has held so
/// far. Such a loop does nothing more once something has failed, and what follows it, in later
/// steps of loops around it and behind those too, goes into branches that read the cell.
void stopAtFailures(mlir::func::FuncOp entry);

} // namespace fovea

#endif // FOVEA_COMPILER_CONVERSION_KERNELTODEVICE_CHECKLOOPS_H
