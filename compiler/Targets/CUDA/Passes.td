//===- Passes.td - schedules of CUDA devices -----------------*- tablegen -*-===//
//
// The passes of targets for NVIDIA's GPUs: the schedule of every kernel.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_CUDA_PASSES
#define FOVEA_CUDA_PASSES

include "mlir/Pass/PassBase.td"

def ScheduleBlocks : Pass<"fovea-schedule-cuda", "::mlir::ModuleOp"> {
  let summary = "Schedule every kernel as blocks of threads";
  let description = [{
    Needs formed kernels. For each, the first form of an ordered list that applies and follows the
    operation's schedule, if it has one; the forms passed over and their reasons are kept in the
    kernel's attribute `fovea.ledger`. An operation whose schedule no form follows is refused.
  }];
  let statistics = [Statistic<"numScheduled", "scheduled", "kernels scheduled">];
  let dependentDialects = ["::fovea::kernel::FoveaKernelDialect", "::mlir::arith::ArithDialect",
    "::mlir::affine::AffineDialect", "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect", "::mlir::gpu::GPUDialect",
    "::fovea::warp::FoveaWarpDialect"];
}

#endif // FOVEA_CUDA_PASSES
