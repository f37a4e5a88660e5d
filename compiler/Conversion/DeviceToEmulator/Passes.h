//===- Passes.h - device code for the emulator ----------------------------===//
//
// Declares the pass that makes of kernels functions of the host, one call a thread.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_CONVERSION_DEVICETOEMULATOR_PASSES_H
#define FOVEA_COMPILER_CONVERSION_DEVICETOEMULATOR_PASSES_H

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace fovea {

#define GEN_PASS_DECL
#include "compiler/Conversion/DeviceToEmulator/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "compiler/Conversion/DeviceToEmulator/Passes.h.inc"

} // namespace fovea

#endif // FOVEA_COMPILER_CONVERSION_DEVICETOEMULATOR_PASSES_H
