//===- Passes.td - from fused tensors to kernels -------------*- tablegen -*-===//
//
// Passes between the graph phase and the schedule: destinations, kernels, one planned arena.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_TENSOR_TO_KERNEL_PASSES
#define FOVEA_TENSOR_TO_KERNEL_PASSES

include "mlir/Pass/PassBase.td"

def BindOutputs : Pass<"fovea-bind-outputs", "::mlir::ModuleOp"> {
  let summary = "Write results of entries into buffers of the host";
  let description = [{
    Needs entries over tensors. Every result of an entry is materialized in a
    `fovea_kernel.output`, placed where its sizes are known; the entry then returns nothing.
    Arguments are marked as not writable.
  }];
  let statistics = [Statistic<"numOutputs", "outputs", "results bound to buffers of the host">];
  let dependentDialects = ["::fovea::kernel::FoveaKernelDialect",
    "::mlir::bufferization::BufferizationDialect", "::mlir::memref::MemRefDialect",
    "::mlir::tensor::TensorDialect", "::mlir::arith::ArithDialect"];
}

def HoistOutputs : Pass<"fovea-hoist-outputs", "::mlir::func::FuncOp"> {
  let summary = "Ask for result buffers as early as their sizes are known";
  let description = [{
    Needs bound outputs whose sizes are resolved. Moves each `fovea_kernel.output` whose sizes are
    computed from the arguments' to the start of the entry, so that the computation of the result
    can write into it. Sizes of what an `scf.if` gives are those of both branches where these agree.
    Leaves those whose size depends on data.
  }];
  let statistics = [Statistic<"numHoisted", "hoisted", "requests for result buffers moved up">];
  let dependentDialects = ["::fovea::kernel::FoveaKernelDialect", "::mlir::arith::ArithDialect",
    "::mlir::tensor::TensorDialect"];
}

def CarryInPlace : Pass<"fovea-carry-in-place", "::mlir::func::FuncOp"> {
  let summary = "Write what loops carry into the buffers that carry it";
  let description = [{
    Needs loops over tensors. What an `scf.for` yields for a carried tensor is written into the
    tensor of the iteration's start, unless it was computed there, so that one buffer lasts for the
    whole loop. What lies in the buffer of another carried tensor, or is carried twice, is saved
    first; branches that do not agree on a buffer yield copies. An empty tensor that two operations
    write becomes two. One of a size known at the start that a step writes, but that was made in
    front of the loop, is made in the step. Gives up nothing.
  }];
  let statistics = [
    Statistic<"numEmpties", "empties", "empty tensors made for one operation, or in the step">,
    Statistic<"numWritten", "written", "carried tensors written into their buffer">,
    Statistic<"numSaved", "saved", "carried tensors that another one is made of">];
  let dependentDialects = ["::mlir::bufferization::BufferizationDialect"];
}

def DropDimsByShape : Pass<"fovea-drop-dims-by-shape"> {
  let summary = "Merge dimensions of views whose strides do not tell which are dropped";
  let description = [{
    Needs views as bufferization makes them of slices: the shape tells which dimensions of size 1
    are dropped, the first that fit. A `memref.subview` is read by its strides, which do not tell
    where they are dynamic: where the two differ, it becomes one that keeps all dimensions, and a
    `memref.collapse_shape`.
  }];
  let statistics = [Statistic<"numTakenApart", "taken-apart", "views taken apart">];
  let dependentDialects = ["::mlir::memref::MemRefDialect"];
}

def SizeFromSources : Pass<"fovea-size-from-sources"> {
  let summary = "Read sizes of merged dimensions off what was merged";
  let description = [{
    Needs bufferized entries. A `memref.dim` of a `memref.collapse_shape` becomes the product of the
    sizes that the dimension was merged from, in front of the view, so that `fovea-plan-arena` sees
    which sizes are those of the entry's arguments. Dimensions whose number only the run knows
    stay.
  }];
  let statistics = [Statistic<"numRead", "read", "sizes of views read off their sources">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect"];
}

def ExchangeCarried : Pass<"fovea-exchange-carried", "::mlir::func::FuncOp"> {
  let summary = "Let two buffers take turns instead of copying one to the other";
  let description = [{
    Needs bufferized entries. Where a step of an `scf.for` ends with a copy of a buffer that it has
    made to one that outlives the loop, both perhaps reshaped alike, the loop carries both and
    exchanges them after every step; one copy behind the loop is left. Gives up when the loop uses
    either buffer behind the copy, or the outer one through another view.
  }];
  let statistics = [Statistic<"numExchanged", "exchanged", "copies of steps saved">];
  let dependentDialects = ["::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect"];
}

def FormWavefronts : Pass<"fovea-form-wavefronts", "::mlir::func::FuncOp"> {
  let summary = "Let stacked recurrences run at the same time";
  let description = [{
    Needs bufferized entries. A loop, and the loop behind it that needs, in each step, what the
    first has made in the same step, straight or through products of all steps row by row, are cut
    into chunks of steps: a loop over waves has a `fovea_kernel.sections`, in which each loop runs
    the chunk behind that of the loop before it, its products first. More such loops join.
    Gives up when loops share anything but rows of the same step (so when one goes backwards), on
    steps with the work of a team or unknown work, on sequences of less than four chunks, and on
    anything between the loops that is neither such a product nor independent of them.
  }];
  let statistics = [Statistic<"numFormed", "formed", "groups of loops cut into chunks">];
  let dependentDialects = ["::fovea::kernel::FoveaKernelDialect", "::mlir::arith::ArithDialect",
    "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect"];
}

def FormSections : Pass<"fovea-form-sections", "::mlir::func::FuncOp"> {
  let summary = "Let loops run at the same time that share nothing";
  let description = [{
    Needs bufferized entries. Loops of equally many steps that follow each other become the regions
    of one `fovea_kernel.sections` when none writes memory that another one reads or writes; what
    lies between them and touches none of that comes before the first. Slices of one buffer are
    apart when their static offsets along one dimension say so. Gives up on loops that give values,
    and on operations whose effects are not known; leaves loops within loops.
  }];
  let statistics = [Statistic<"numFormed", "formed", "groups of loops that may run together">];
  let dependentDialects = ["::fovea::kernel::FoveaKernelDialect"];
}

def GroupRows : Pass<"fovea-group-rows", "::mlir::func::FuncOp"> {
  let summary = "Let computations of a step that need the same rows run together";
  let description = [{
    Needs bufferized entries. In loops, computations over loops and by rows (linalg.generic and
    linalg.fill, norms, softmax, copies) that follow each other become one `fovea_kernel.rows` when
    they have equally many rows in their first dimension and need of each other's buffers the same
    row only: threads then meet behind all of them, not behind each. Gives up on regions that load
    from buffers themselves or check indices, on maps that permute dimensions, on reductions of what
    has rows alone, and on rows that are few and long, which each computation shares out better by
    itself.
  }];
  let statistics = [Statistic<"numGroups", "groups", "groups of computations formed">];
  let dependentDialects = ["::fovea::kernel::FoveaKernelDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::memref::MemRefDialect", "::mlir::arith::ArithDialect"];
}

def FormKernels : Pass<"fovea-form-kernels", "::mlir::ModuleOp"> {
  let summary = "Outline computations on buffers into kernels";
  let description = [{
    Needs bufferized entries. Every computation (fovea and linalg operations, copies, groups
    of such by rows) becomes a `fovea_kernel.launch` of a kernel function; kernels that are equal
    but for their name are made once. An argument that a kernel writes and that may overlap another
    marks the kernel with `fovea_kernel.may_alias`.
  }];
  let statistics = [Statistic<"numLaunches", "launches", "computations outlined">,
    Statistic<"numKernels", "kernels", "distinct kernels">];
  let dependentDialects = ["::fovea::kernel::FoveaKernelDialect", "::mlir::func::FuncDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::memref::MemRefDialect"];
}

def OutlineSections : Pass<"fovea-outline-sections", "::mlir::ModuleOp"> {
  let summary = "Make one kernel of loops that may run at the same time";
  let description = [{
    Needs scheduled kernels. A `fovea_kernel.sections` whose sections launch kernels and else
    compute only sizes and views becomes a kernel with the attribute `fovea_kernel.sectioned`, of
    one task for each section, which runs all tasks of its launches itself. Where a step has work
    for a team of threads, the entry chooses: with no more threads than sections that kernel, with
    more the sections one after the other. Sections with anything else always run like that.
    Each group has a record in the ledger.
  }];
  let statistics = [Statistic<"numOutlined", "outlined", "groups of loops that became a kernel">];
  let dependentDialects = ["::fovea::kernel::FoveaKernelDialect", "::mlir::func::FuncDialect",
    "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect"];
}

def FormTeams : Pass<"fovea-form-teams", "::mlir::ModuleOp"> {
  let summary = "Make one kernel of a loop that launches kernels";
  let description = [{
    Needs scheduled kernels. An outermost `scf.for` of an entry whose steps launch kernels and else
    compute only sizes and views, and perhaps whether to go on (`fovea.proceed_if`), becomes a
    kernel with the attribute `fovea_kernel.team`: each of its threads runs the loop, and every
    launch is a phase in which they share the tasks. What is read from memory may serve that
    decision alone. The last argument is the number of shares: the threads of the run, or one where
    a step has little work.
    Each such loop has a record in the ledger; one that is left to the host says why.
  }];
  let statistics = [Statistic<"numTeams", "teams", "loops that became one kernel">];
  let dependentDialects = ["::fovea::kernel::FoveaKernelDialect", "::mlir::func::FuncDialect",
    "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect"];
}

def PlanArena : Pass<"fovea-plan-arena", "::mlir::ModuleOp"> {
  let summary = "Place all buffers of an entry in one arena";
  let description = [{
    Needs outlined entries. Buffers whose lives do not overlap share a slot; a slot's size is the
    largest of its buffers', computed from the sizes of the arguments alone by a function
    `<entry>.layout` that both the entry and its plan call. Buffers whose size depends on data
    become `fovea_kernel.allocate`.
  }];
  let statistics = [Statistic<"numBuffers", "buffers", "buffers placed in the arena">,
    Statistic<"numSlots", "slots", "slots of the arena">,
    Statistic<"numAllocated", "allocated", "buffers whose size depends on data">];
  let dependentDialects = ["::fovea::kernel::FoveaKernelDialect", "::mlir::func::FuncDialect",
    "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect"];
}

def CountWork : Pass<"fovea-count-work", "::mlir::ModuleOp"> {
  let summary = "Write the operations and the weights' bytes of kernels at their launches";
  let description = [{
    Needs entries with a planned arena and kernels that are not scheduled yet. A launch of a
    contraction gets `fovea.flops`, 2 for each multiply-add of its iteration space; attention the
    same for scores and weighted sum over all keys, those that a mask excludes included. Launches
    in loops count for all their trips; those under a condition get `fovea.conditional` as well.
    Leaves launches whose sizes depend on data. Any launch gets `fovea.weight_bytes`, the bytes of
    the weights that it reads from end to end, once whatever the loops.
  }];
  let statistics = [Statistic<"numCounted", "counted", "launches with a formula">];
}

#endif // FOVEA_TENSOR_TO_KERNEL_PASSES
