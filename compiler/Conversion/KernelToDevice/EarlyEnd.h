//===- EarlyEnd.h - steps that a cell ends --------------------------------===//
//
// `fovea-decide-on-device` lets a loop run through that data may end: a cell says whether it goes
// on, and behind the end no launch does anything. Blocks that stay on the device need not go
// through these steps.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_CONVERSION_KERNELTODEVICE_EARLYEND_H
#define FOVEA_COMPILER_CONVERSION_KERNELTODEVICE_EARLYEND_H

#include "dialects/FoveaKernel/FoveaKernelDialect.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

namespace fovea {

/// True when a launch does nothing unless `cell` holds true.
bool isUnder(kernel::LaunchOp launch, mlir::Value cell);

/// The cell that ends `loop`: once it is false it stays so, and no launch does anything any more.
/// Null when there is none, or when nothing in a step comes behind the launch that changes it.
mlir::Value endOf(mlir::scf::ForOp loop);

/// Lets the steps of a kernel, in which blocks meet, do nothing once `cell` is false. All blocks
/// read it between the same two meetings of a step, in which nobody writes it.
void endEarly(mlir::scf::ForOp steps, mlir::Value cell);

} // namespace fovea

#endif // FOVEA_COMPILER_CONVERSION_KERNELTODEVICE_EARLYEND_H
