//===- Passes.td - kernels to code of a device ---------------*- tablegen -*-===//
//
// The passes that separate a device's kernels from the host code that launches them.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_KERNEL_TO_DEVICE_PASSES
#define FOVEA_KERNEL_TO_DEVICE_PASSES

include "mlir/Pass/PassBase.td"

def SizeOnHost : Pass<"fovea-size-on-host", "::mlir::func::FuncOp"> {
  let summary = "Compute on the host what it must know in front of a launch";
  let description = [{
    Needs entries at the level of tensors. Elements that the host can compute, from extents,
    constants and inputs of at most 64 elements, become host code: those computed from no input
    always, those of inputs where sizes, strides, bounds of loops or branches of unlike sizes depend
    on them, and then all that are read of these inputs. Computations on tensors are repeated for
    the one element, at constant indices. Each such input gets the attribute `fovea.read_by`, "host"
    or, where kernels read it as well, "both". Leaves alone what branches, loops and large inputs
    give.
  }];
  let statistics = [Statistic<"numElements", "elements", "elements that the host computes">,
    Statistic<"numInputs", "inputs", "inputs that the host reads">];
  let dependentDialects = ["::fovea::kernel::FoveaKernelDialect", "::mlir::memref::MemRefDialect",
    "::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect"];
}

def DecideOnDevice : Pass<"fovea-decide-on-device", "::mlir::func::FuncOp"> {
  let summary = "Keep conditions that data decides in the device's memory";
  let description = [{
    Needs bufferized entries. Scalars computed from elements of tensors become cells, buffers
    without dimensions that a computation fills; branches, requirements and computations read them
    there. A loop that ends early runs all of its steps, the rest of each under a condition that
    stays false behind the end; what a branch gives is written into a buffer in front of it; stores
    of host code become computations. Views at offsets that data decides start where a cell says,
    and never outside of their buffers. Leaves loops of scalars to fovea-form-loop-kernels.
    A loop that requires something of data ends in a cell that says whether all holds, and what
    follows runs under it: nothing may rely on what has failed.
    Scalars that loops carry become cells where data decides them. Refuses sizes and other bounds
    that data decides, buffers that a loop carries which ends early, and loops without a bound.
  }];
  let statistics = [Statistic<"numCells", "cells", "scalars kept in the device's memory">,
    Statistic<"numLoops", "loops", "loops that end early made to run through">,
    Statistic<"numBranches", "branches", "branches that a cell decides">,
    Statistic<"numViews", "views", "views that start where a cell says">];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::memref::MemRefDialect",
    "::mlir::arith::ArithDialect", "::mlir::scf::SCFDialect"];
}

def FormLoopKernels : Pass<"fovea-form-loop-kernels", "::mlir::ModuleOp"> {
  let summary = "Run loops of scalars within kernels";
  let description = [{
    Needs decided conditions. A loop of host code that reads and writes elements of buffers, and
    does nothing but compute scalars besides, becomes the launch of a kernel in which one thread
    runs through it. An extent that an index of data is checked against is required to be above 0 in
    front of the launch. Leaves alone loops with results, and those that launch, allocate or end
    early.
  }];
  let statistics = [Statistic<"numLoops", "loops", "loops that one thread of the device runs">];
  let dependentDialects = ["::fovea::kernel::FoveaKernelDialect", "::fovea::FoveaDialect",
    "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect", "::mlir::arith::ArithDialect"];
}

def ShiftViews : Pass<"fovea-shift-views", "::mlir::func::FuncOp"> {
  let summary = "Let kernels find where their buffers start";
  let description = [{
    Needs scheduled kernels. Of an argument that a cell, another argument, shifts
    (`fovea_kernel.shifts`), all but the sizes are taken from a buffer that starts as many elements
    further as the cell holds. Never gives up.
  }];
  let statistics = [Statistic<"numShifted", "shifted", "arguments that start where a cell says">];
  let dependentDialects = ["::fovea::kernel::FoveaKernelDialect", "::mlir::memref::MemRefDialect",
    "::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect"];
}

def PredicateLaunches : Pass<"fovea-predicate-launches", "::mlir::ModuleOp"> {
  let summary = "Launch kernels of all branches, under conditions in the device's memory";
  let description = [{
    Needs formed kernels and decided conditions. What stands in a branch of an `scf.if` that reads a
    cell moves in front of it; launches get the cell as a condition. Requirements under conditions,
    or of what a cell holds, become launches of a kernel that records the fault. A launch with an
    element of a buffer becomes one of a kernel that reads it itself; a buffer that starts where a
    cell says is passed from offset 0, with the cell. Never gives up.
  }];
  let statistics = [Statistic<"numPredicated", "predicated", "launches under a condition">];
  let dependentDialects = ["::fovea::kernel::FoveaKernelDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::arith::ArithDialect"];
}

def FormResidentGrids : Pass<"fovea-form-resident-grids", "::mlir::ModuleOp"> {
  let summary = "Make one kernel of a loop that launches kernels";
  let description = [{
    Needs kernels scheduled as grids. An outermost `scf.for` of an entry whose steps launch kernels
    and else compute only sizes and views becomes a kernel whose blocks all run at the same time:
    each runs the loop, takes the blocks of every launch in turns with the others, and meets them
    behind it (`fovea_kernel.meet`). Launches of one block each that follow each other need no
    meeting in between. What a kernel keeps (`fovea_kernel.keep`) is filled once, in front of the
    steps, where it is the same in each and there are as many blocks as the launch has; else each
    step fills it again. Where a cell ends the loop, steps behind the end are left out.
    Each such loop has a record in the ledger. One is left to the host, and says why, when the host
    has more to do in it, when kernels whose threads wait for each other have blocks of different
    sizes, or when the kernels' memory of the block is more than 99 KiB together.
  }];
  let statistics = [Statistic<"numFormed", "formed", "loops that became one kernel">,
    Statistic<"numKept", "kept", "launches whose blocks keep what is the same in every step">,
    Statistic<"numEnding", "ending", "loops that a cell ends before their last step">];
  let dependentDialects = ["::fovea::kernel::FoveaKernelDialect", "::mlir::func::FuncDialect",
    "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect", "::mlir::gpu::GPUDialect",
    "::mlir::scf::SCFDialect"];
}

def FoldConditions : Pass<"fovea-fold-conditions", "::mlir::ModuleOp"> {
  let summary = "Let kernels look at their launches' conditions";
  let description = [{
    Needs kernels scheduled as grids. A launch under conditions becomes one of a kernel that reads
    them first and does nothing unless all are as expected; launches of one kernel with equally many
    conditions of the same values share it.
  }];
  let statistics = [Statistic<"numKernels", "kernels", "kernels that look at conditions">];
  let dependentDialects = ["::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
    "::mlir::arith::ArithDialect"];
}

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
    declaration of `@fovea_math_f64`, which each lowering of device code binds. Launches compute the
    number of blocks on the host, pack the block and call the host's `launch`. Fails where host code
    looks at what kernels have computed, which lies in the device's memory.
  }];
  let statistics = [Statistic<"numKernels", "kernels", "kernels outlined for the device">];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::func::FuncDialect",
    "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect", "::mlir::gpu::GPUDialect",
    "::mlir::scf::SCFDialect", "::fovea::kernel::FoveaKernelDialect",
    "::fovea::warp::FoveaWarpDialect"];
}

#endif // FOVEA_KERNEL_TO_DEVICE_PASSES
