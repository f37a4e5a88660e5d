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

def ExpandDivisions : Pass<"fovea-expand-divisions", "::mlir::gpu::GPUModuleOp"> {
  let summary = "Write divisions and square roots as arithmetic without calls";
  let description = [{
    Needs kernels on scalars. `arith.divf` and `math.sqrt` of f32 and f64, which LLVM makes calls of
    for some operands, become approximations of the hardware (`fovea_warp.approx`) that fused
    multiply-adds correct, the same for a GPU and the emulator. Quotients and roots are rounded
    correctly where they are normal numbers; below, quotients are rounded twice and lie within 0.75
    units of the last place. Zeros, infinities and NaN are those of IEEE 754. f16 and bf16 go by way
    of f32. Where `fovea.regular_divisor` says that the divisor is in [1, inf] and the dividend a
    constant, it takes the product with a reciprocal within 1 unit of the last place, which is 0
    for divisors from 2^126 on. Gives up on vectors and other float types: these operations stay.
  }];
  let statistics = [Statistic<"numExpanded", "expanded", "operations written as arithmetic">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
    "::fovea::warp::FoveaWarpDialect"];
}

def DivideIntegers : Pass<"fovea-divide-integers", "::mlir::gpu::GPUModuleOp"> {
  let summary = "Divide 64-bit integers without calls";
  let description = [{
    Needs structured control flow. Quotients of `index` and i64 by what is no constant, which are
    calls in machine code, are computed in 32 bits where both operands have no more, and else by a
    loop of 64 subtractions. Remainders are made from quotients, so that a division and a remainder
    of the same operands are one. Leaves divisions by constants and of other types as they are.
  }];
  let statistics = [Statistic<"numDivided", "divided", "divisions written as arithmetic">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::scf::SCFDialect"];
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
