//===- Passes.td - schedules of CUDA devices -----------------*- tablegen -*-===//
//
// The passes of targets for NVIDIA's GPUs: the schedule of every kernel.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_CUDA_PASSES
#define FOVEA_CUDA_PASSES

include "mlir/Pass/PassBase.td"

def SplitDepth : Pass<"fovea-split-depth", "::mlir::func::FuncOp"> {
  let summary = "Sum parts of a product's depth by themselves and add them";
  let description = [{
    Runs behind the fusion of epilogues. Where a product has a depth of at least `many-elements` and
    fewer blocks than `tasks`, it becomes one whose result has N parts of the depth as a first
    dimension, in f32, and an elementwise operation that adds them in their order and has the
    epilogue. N is a power of two that gives `tasks` blocks, or parts of `part-elements` elements;
    at most 16, and parts are multiples of 32.
    Gives up on sizes that the run decides, more than 64 rows, sums that are not of f32, several
    summed dimensions, operands in which the depth is no dimension of its own, and schedules.
  }];
  let options = [
    Option<"tasks", "tasks", "int64_t", "256", "blocks that run at the same time">,
    Option<"manyElements", "many-elements", "int64_t", "4096", "depth from which on to split">,
    Option<"partElements", "part-elements", "int64_t", "512", "least depth of a part">];
  let statistics = [Statistic<"numSplit", "split", "products with their depth in parts">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect"];
}

def ScheduleBlocks : Pass<"fovea-schedule-cuda", "::mlir::ModuleOp"> {
  let summary = "Schedule every kernel as blocks of threads";
  let description = [{
    Needs formed kernels. For each, the first form of an ordered list that applies and follows the
    operation's schedule, if it has one; the forms passed over and their reasons are kept in the
    kernel's attribute `fovea.ledger`. An operation whose schedule no form follows is refused.
    Operands of f32 are rounded, to tf32 for tensor cores, with `tf32` alone.
  }];
  let options = [Option<"tf32", "tf32", "bool", /*default=*/"false",
    "Let tile_product round operands of f32 to tf32.">];
  let statistics = [Statistic<"numScheduled", "scheduled", "kernels scheduled">];
  let dependentDialects = ["::fovea::kernel::FoveaKernelDialect", "::mlir::arith::ArithDialect",
    "::mlir::affine::AffineDialect", "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect", "::mlir::gpu::GPUDialect",
    "::fovea::warp::FoveaWarpDialect"];
}

def RefuseHostMath : Pass<"fovea-refuse-host-math", "::mlir::ModuleOp"> {
  let summary = "Refuse kernels that call the host's functions of f64";
  let description = [{
    Needs scheduled kernels behind `fovea-expand-host-math`. What that has left are functions of the
    host, which code of a GPU cannot call: the first kernel with one is refused, with the name of
    the function. Other kernels stay as they are.
  }];
  let statistics = [Statistic<"numKernels", "kernels", "kernels without calls of the host">];
}

#endif // FOVEA_CUDA_PASSES
