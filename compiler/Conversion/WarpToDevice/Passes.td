//===- Passes.td - from warps to their threads ---------------*- tablegen -*-===//
//
// The pass that gives each thread its part of fragments.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_WARP_TO_DEVICE_PASSES
#define FOVEA_WARP_TO_DEVICE_PASSES

include "mlir/Pass/PassBase.td"

def DistributeFragments : Pass<"fovea-distribute-fragments", "::mlir::gpu::GPUModuleOp"> {
  let summary = "Turn fragments into the registers of each thread";
  let description = [{
    Needs fragments that live in straight code and in `scf` operations. Each becomes the scalars
    that a thread holds of it, also where loops and conditions carry it; operations on fragments
    become `fovea_warp` operations on these, shuffles and scalar code. Tokens of copies vanish.
    Fails when an operation that it does not know takes or makes a fragment.
  }];
  let statistics = [Statistic<"numProducts", "products", "products of a warp that were made">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::gpu::GPUDialect",
    "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect",
    "::fovea::warp::FoveaWarpDialect"];
}

#endif // FOVEA_WARP_TO_DEVICE_PASSES
