//===- DeviceCode.cpp - the order of passes on kernels of a device --------===//
//
// One list for both ends: they differ in the last conversion alone.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Pipelines/DeviceCode.h"

#include "compiler/Conversion/DeviceToEmulator/Passes.h"
#include "compiler/Conversion/DeviceToLLVM/Passes.h"
#include "compiler/Conversion/DeviceToNVVM/Passes.h"
#include "compiler/Conversion/WarpToDevice/Passes.h"

#include "mlir/Conversion/AffineToStandard/AffineToStandard.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace fovea;

void fovea::addDeviceCode(OpPassManager &manager, bool emulated) {
  manager.addNestedPass<gpu::GPUModuleOp>(createDistributeFragments());
  manager.addPass(createPlaceShared());
  auto &device = manager.nest<gpu::GPUModuleOp>();
  device.addPass(createExpandDivisions());
  device.addPass(memref::createExpandStridedMetadataPass());
  device.addPass(createLowerAffinePass());
  device.addPass(createDivideIntegers());
  device.addPass(createCanonicalizerPass());
  device.addPass(createCSEPass());
  device.addPass(createSCFToControlFlowPass());
  if (emulated)
    manager.addPass(createDeviceToEmulator());
  else
    manager.addNestedPass<gpu::GPUModuleOp>(createDeviceToNVVM());
  manager.addPass(createDeviceTable());
}

void fovea::registerDeviceCodePipelines() {
  for (bool emulated : {false, true})
    registerPassPipeline(
        emulated ? "fovea-device-emulator" : "fovea-device-nvvm",
        emulated ? "Run the passes that lead from kernels of a device to code for the emulator"
                 : "Run the passes that lead from kernels of a device to code for a GPU",
        [emulated](OpPassManager &manager, StringRef, function_ref<LogicalResult(const Twine &)>) {
          addDeviceCode(manager, emulated);
          return success();
        },
        [](function_ref<void(const mlir::detail::PassOptions &)>) {});
}
