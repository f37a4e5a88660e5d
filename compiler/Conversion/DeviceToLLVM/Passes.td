//===- Passes.td - what both lowerings of device code share --*- tablegen -*-===//
//
// The passes on kernels of a device that do not depend on where the code will run.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_DEVICE_TO_LLVM_PASSES
#define FOVEA_DEVICE_TO_LLVM_PASSES

include "mlir/Pass/PassBase.td"

def PlaceShared : Pass<"fovea-place-shared", "::mlir::ModuleOp"> {
  let summary = "Give buffers of the block's memory their places";
  let description = [{
    Needs kernels as the dialect fovea_warp describes them. Each `fovea_warp.shared` gets its offset
    in the memory of the block, in the order in which they stand, and the kernel the attribute
    `fovea_warp.kernel` with what its launch has to know. Fails on kernels that no lowering takes,
    with the reason.
  }];
  let options = [Option<"alignment", "alignment", "int64_t", /*default=*/"128",
    "bytes at whose multiples buffers start">];
  let statistics = [Statistic<"numBuffers", "buffers", "buffers placed">];
}

def DeviceTable : Pass<"fovea-device-table", "::mlir::ModuleOp"> {
  let summary = "Write the table of kernels that host code launches";
  let description = [{
    Needs kernels with the attribute `fovea_warp.kernel`: in a `gpu.module` for a GPU, beside it for
    the emulator. Adds `@fovea_device_kernels` (fovea_device_abi.h), an entry a kernel in the order
    in which they stand, and their number `@fovea_device_kernel_count`. Entries for a GPU have null
    for `emulated` and `sites`. Never gives up; without kernels the table is empty.
  }];
  let statistics = [Statistic<"numKernels", "kernels", "kernels in the table">];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

#endif // FOVEA_DEVICE_TO_LLVM_PASSES
