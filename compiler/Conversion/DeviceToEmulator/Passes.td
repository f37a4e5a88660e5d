//===- Passes.td - device code for the emulator --------------*- tablegen -*-===//
//
// The pass that makes of kernels functions of the host.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_DEVICE_TO_EMULATOR_PASSES
#define FOVEA_DEVICE_TO_EMULATOR_PASSES

include "mlir/Pass/PassBase.td"

def DeviceToEmulator : Pass<"fovea-device-to-emulator", "::mlir::ModuleOp"> {
  let summary = "Convert kernels to functions that the emulator runs for each thread";
  let description = [{
    Needs kernels whose shared memory is placed, without structured control flow and fragments. Each
    `gpu.func` becomes a function `@NAME(thread, args)` beside the `gpu.module`, which goes:
    parameters are read from the block of words, everything that threads do together and every
    access to global and shared memory is a call of the thread's fovea_emulator. Operations that can
    break a rule have the number of a site; the attribute `fovea_warp.sites` says what these are and
    where they come from. Atomic operations are relaxed, as on a GPU. Fails on any operation that
    has no form for the emulator.
  }];
  let options = [Option<"checks", "checks", "bool", /*default=*/"true",
    "tell the emulator of plain loads and stores, so that it finds those that break a rule">];
  let statistics = [Statistic<"numKernels", "kernels", "kernels converted">,
    Statistic<"numChecks", "checks", "loads and stores that the emulator is told of">];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

#endif // FOVEA_DEVICE_TO_EMULATOR_PASSES
