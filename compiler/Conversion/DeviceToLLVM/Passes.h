//===- Passes.h - what both lowerings of device code share ----------------===//
//
// Declares the passes on kernels of a device that do not depend on where the code will run.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_CONVERSION_DEVICETOLLVM_PASSES_H
#define FOVEA_COMPILER_CONVERSION_DEVICETOLLVM_PASSES_H

#include "dialects/FoveaWarp/FoveaWarpDialect.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace fovea {

/// The table of kernels and its length, as host code finds them.
inline constexpr llvm::StringLiteral kDeviceKernels = "fovea_device_kernels";
inline constexpr llvm::StringLiteral kDeviceKernelCount = "fovea_device_kernel_count";

#define GEN_PASS_DECL
#include "compiler/Conversion/DeviceToLLVM/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "compiler/Conversion/DeviceToLLVM/Passes.h.inc"

} // namespace fovea

#endif // FOVEA_COMPILER_CONVERSION_DEVICETOLLVM_PASSES_H
