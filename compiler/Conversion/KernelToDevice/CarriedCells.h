//===- CarriedCells.h - scalars that loops carry, in cells ----------------===//
//
// What a loop carries from step to step is a value of host code; where data decides it, it lives in
// a cell of the device's memory instead.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_CONVERSION_KERNELTODEVICE_CARRIEDCELLS_H
#define FOVEA_COMPILER_CONVERSION_KERNELTODEVICE_CARRIEDCELLS_H

#include "compiler/Conversion/KernelToDevice/DeviceScalars.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace fovea {

/// Replaces the chosen ones of what a loop carries, by number, which are scalars, by cells: stores
/// in front of the loop and at the end of its body, loads where the body begins and behind the
/// loop. The loop is another one afterwards.
void carryInCells(mlir::scf::ForOp &loop, const llvm::BitVector &chosen);

/// Does so for all scalars of an entry's loops that come from the device; false when there were
/// none.
bool carryDeviceScalars(mlir::func::FuncOp entry, DeviceScalars &scalars);

} // namespace fovea

#endif // FOVEA_COMPILER_CONVERSION_KERNELTODEVICE_CARRIEDCELLS_H
