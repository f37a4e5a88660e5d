//===- Passes.h - kernels to code of a device -----------------------------===//
//
// Declares the passes that separate a device's kernels from the host code that launches them.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_CONVERSION_KERNELTODEVICE_PASSES_H
#define FOVEA_COMPILER_CONVERSION_KERNELTODEVICE_PASSES_H

#include "dialects/FoveaKernel/FoveaKernelDialect.h"
#include "dialects/FoveaWarp/FoveaWarpDialect.h"

#include "mlir/Pass/Pass.h"

namespace fovea {

/// Module of a device's kernels.
inline constexpr llvm::StringLiteral kDeviceModule = "device";

/// Argument of an entry: host code reads its elements, alone ("host") or beside kernels ("both").
inline constexpr llvm::StringLiteral kReadByAttr = "fovea.read_by";
inline constexpr llvm::StringLiteral kReadByHost = "host";
inline constexpr llvm::StringLiteral kReadByBoth = "both";

/// On an argument of a kernel, a cell of the device's memory: the number of the argument whose
/// elements start as many further as it holds.
inline constexpr llvm::StringLiteral kShiftsAttr = "fovea_kernel.shifts";

/// On a branch: its condition says that data is as required, and fails with a fault.
inline constexpr llvm::StringLiteral kCheckedAttr = "fovea_kernel.checked";

#define GEN_PASS_DECL
#include "compiler/Conversion/KernelToDevice/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "compiler/Conversion/KernelToDevice/Passes.h.inc"

} // namespace fovea

#endif // FOVEA_COMPILER_CONVERSION_KERNELTODEVICE_PASSES_H
