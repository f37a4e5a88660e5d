//===- Passes.td - device code for NVIDIA GPUs ---------------*- tablegen -*-===//
//
// The pass that ends in the LLVM and NVVM dialects.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_DEVICE_TO_NVVM_PASSES
#define FOVEA_DEVICE_TO_NVVM_PASSES

include "mlir/Pass/PassBase.td"

def DeviceToNVVM : Pass<"fovea-device-to-nvvm", "::mlir::gpu::GPUModuleOp"> {
  let summary = "Convert kernels to the LLVM and NVVM dialects";
  let description = [{
    Needs kernels whose shared memory is placed, without structured control flow and fragments. Each
    `gpu.func` becomes an `llvm.func` of the same name and parameters. All shared memory is one
    dynamic buffer, `@fovea_shared`, whose size the launch gives. Atomic operations are relaxed, at
    the device's scope. Fails on any operation that has no form for NVVM.
  }];
  let statistics = [Statistic<"numKernels", "kernels", "kernels converted">];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::NVVM::NVVMDialect"];
}

#endif // FOVEA_DEVICE_TO_NVVM_PASSES
