//===- Passes.td - kernels and entries to LLVM ---------------*- tablegen -*-===//
//
// The passes that give kernels and entries the calling conventions of fovea_abi.h.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_KERNEL_TO_LLVM_PASSES
#define FOVEA_KERNEL_TO_LLVM_PASSES

include "mlir/Pass/PassBase.td"

def OutlineTasks : Pass<"fovea-outline-tasks", "::mlir::ModuleOp"> {
  let summary = "Give kernels the calling convention of tasks";
  let description = [{
    Needs kernels whose body is one `fovea_kernel.parallel`. Each becomes `@kernel(args, task,
    scratch)` of fovea_abi.h, which unpacks the argument block and calls `@kernel.body` with one
    pointer per buffer (noalias unless the kernel may alias) and the dynamic sizes. Launches compute
    the number of tasks in the caller, pack the block and call the host's parallel_for.
  }];
  let statistics = [Statistic<"numTasks", "tasks", "kernels outlined as tasks">];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::func::FuncDialect",
    "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect",
    "::fovea::kernel::FoveaKernelDialect"];
}

def LowerEntry : Pass<"fovea-lower-entry", "::mlir::ModuleOp"> {
  let summary = "Give entries the calling convention of fovea_abi.h";
  let description = [{
    Needs planned entries and outlined tasks. `@main` becomes `@fovea_run_main(call)` and
    `@fovea_plan_main(dims)`; arguments, results, arena, weights, run-time checks and double-
    precision functions become reads of the call and calls of its host. Weights get their offsets
    in the weights section (attribute `fovea_kernel.offset`), faults the numbers of their nodes
    (attribute `fovea.nodes` of the module).
  }];
  let statistics = [Statistic<"numEntries", "entries", "entries lowered">];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::func::FuncDialect",
    "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
    "::fovea::kernel::FoveaKernelDialect"];
}

def SuitVectorizer : Pass<"fovea-suit-vectorizer"> {
  let summary = "Shape loops over elements as LLVM's vectorizer takes them";
  let description = [{
    Of innermost loops over scalars that load or store. Those of 9 to 100 steps are marked so that
    LLVM does not unroll them: it would make a chain of scalars before it looks for vectors. Maxima
    and minima that a loop carries become operations of LLVM, which it knows as reductions, while
    the comparisons that arith's expansion makes of them stay scalars.
  }];
  let statistics = [Statistic<"numKept", "kept", "loops not to be unrolled">,
    Statistic<"numMaxima", "maxima", "maxima and minima made LLVM's">];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def LeaveLoops : Pass<"fovea-leave-loops", "::mlir::ModuleOp"> {
  let summary = "Branch out of loops where they end in the middle";
  let description = [{
    Needs loops that are blocks already, as upstream's conversion makes them. Each
    `fovea_kernel.leave_unless` becomes a branch to where its loop ends, whose results are the
    arguments of the block that counts. Never gives up.
  }];
  let statistics = [Statistic<"numEnds", "ends", "branches out of the middle of a loop">];
  let dependentDialects = ["::mlir::cf::ControlFlowDialect"];
}

def KernelToLLVM : Pass<"fovea-kernel-to-llvm", "::mlir::ModuleOp"> {
  let summary = "Convert everything that is left to the LLVM dialect";
  let description = [{
    Needs lowered entries and outlined tasks without structured control flow. Fails on any operation
    that has no LLVM form: the legality check at the end of the pipeline.
  }];
  let statistics = [Statistic<"numFunctions", "functions", "functions converted">];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

#endif // FOVEA_KERNEL_TO_LLVM_PASSES
