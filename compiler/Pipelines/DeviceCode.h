//===- DeviceCode.h - the order of passes on kernels of a device ----------===//
//
// What leads from kernels with fragments to code for a GPU or for the emulator, and the same as
// pipelines of fovea-opt.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_PIPELINES_DEVICECODE_H
#define FOVEA_COMPILER_PIPELINES_DEVICECODE_H

#include "mlir/Pass/PassManager.h"

namespace fovea {

/// Adds the passes, on a module with a `gpu.module`, that end in the LLVM dialect: in the
/// `gpu.module` for a GPU; `emulated`, beside it, for the emulator, which is told of plain loads
/// and stores. The table of kernels is among what they add.
void addDeviceCode(mlir::OpPassManager &manager, bool emulated);

/// Registers the pipelines `fovea-device-nvvm` and `fovea-device-emulator`.
void registerDeviceCodePipelines();

} // namespace fovea

#endif // FOVEA_COMPILER_PIPELINES_DEVICECODE_H
