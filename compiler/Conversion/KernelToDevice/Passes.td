//===- Passes.td - kernels to code of a device ---------------*- tablegen -*-===//
//
// The passes that separate a device's kernels from the host code that launches them.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_KERNEL_TO_DEVICE_PASSES
#define FOVEA_KERNEL_TO_DEVICE_PASSES

include "mlir/Pass/PassBase.td"

def BringConstants : Pass<"fovea-bring-constants", "::mlir::ModuleOp"> {
  let summary = "Keep constant buffers of launches in the kernels";
  let description = [{
    Needs scheduled kernels. A launch with a buffer of constants (`memref.get_global`), which lies
    in the host's memory, becomes a launch of a kernel that gets the constants itself; launches of
    one kernel with the same constants share it. Gives up on constants behind views.
  }];
  let statistics = [Statistic<"numBrought", "brought", "constants that kernels get themselves">];
  let dependentDialects = ["::mlir::memref::MemRefDialect", "::mlir::func::FuncDialect"];
}

def OutlineBlocks : Pass<"fovea-outline-blocks", "::mlir::ModuleOp"> {
  let summary = "Give kernels of a device the calling convention of fovea_device_abi.h";
  let description = [{
    Needs kernels whose body is one `fovea_kernel.grid`. Each becomes a `gpu.func` in the
    `gpu.module` @device, whose parameters are the words of the argument block and the fault record.
    Checked indices record their faults there and go on with 0. Constants come along, as does the
    declaration of `@fovea_math_f64`, which each lowering of device code binds. Launches compute the number of
    blocks on the host, pack the block and call the host's `launch`. Fails where host code looks at
    what kernels have computed, which lies in the device's memory.
  }];
  let statistics = [Statistic<"numKernels", "kernels", "kernels outlined for the device">];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::func::FuncDialect",
    "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect", "::mlir::gpu::GPUDialect",
    "::mlir::scf::SCFDialect", "::fovea::kernel::FoveaKernelDialect",
    "::fovea::warp::FoveaWarpDialect"];
}

#endif // FOVEA_KERNEL_TO_DEVICE_PASSES
