//===- FoveaKernelBase.td - the dialect of kernels -----------*- tablegen -*-===//
//
// The `fovea_kernel` dialect itself.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_KERNEL_BASE
#define FOVEA_KERNEL_BASE

include "mlir/Dialect/LLVMIR/LLVMOpBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def FoveaKernel_Dialect : Dialect {
  let name = "fovea_kernel";
  let cppNamespace = "::fovea::kernel";
  let summary = "tasks, scratch memory and register products";
  let description = [{
    Between the schedule and LLVM. A kernel is a function with the attribute `fovea_kernel.kernel`
    whose arguments are memrefs and scalars; its body, once scheduled, is one
    `fovea_kernel.parallel`, on devices one `fovea_kernel.grid`. `fovea_kernel.launch` runs a kernel
    from host code.

    A kernel with the attribute `fovea_kernel.team` has as many tasks as its last argument says.
    They run at the same time and may launch kernels themselves, all the same ones: such a launch is
    a phase, in which they share its tasks and behind which all of these are done.

    Tasks of a kernel with the attribute `fovea_kernel.sectioned` may launch kernels, too, each its
    own: the task runs all tasks of such a launch itself.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect",
    "::mlir::memref::MemRefDialect", "::mlir::vector::VectorDialect"];
}

class FoveaKernel_Op<string mnemonic, list<Trait> traits = []>
    : Op<FoveaKernel_Dialect, mnemonic, traits>;

#endif // FOVEA_KERNEL_BASE
