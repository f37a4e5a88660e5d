//===- Passes.h - device code for NVIDIA GPUs -----------------------------===//
//
// Declares the pass that ends in the LLVM and NVVM dialects.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_CONVERSION_DEVICETONVVM_PASSES_H
#define FOVEA_COMPILER_CONVERSION_DEVICETONVVM_PASSES_H

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Pass/Pass.h"

namespace fovea {

#define GEN_PASS_DECL
#include "compiler/Conversion/DeviceToNVVM/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "compiler/Conversion/DeviceToNVVM/Passes.h.inc"

} // namespace fovea

#endif // FOVEA_COMPILER_CONVERSION_DEVICETONVVM_PASSES_H
