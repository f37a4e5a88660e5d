//===- CPU.cpp - the CPU's order of passes --------------------------------===//
//
// One function per phase.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Pipelines/CPU.h"

#include "compiler/Conversion/KernelToLLVM/Passes.h"
#include "compiler/Conversion/KernelToVector/Passes.h"
#include "compiler/Conversion/MathToArith/MathToArith.h"
#include "compiler/Conversion/TensorToKernel/Passes.h"
#include "compiler/Targets/CPU/Passes.h"
#include "compiler/Transforms/Passes.h"

#include "mlir/Conversion/AffineToStandard/AffineToStandard.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace fovea;

static void addCleanup(OpPassManager &manager) {
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
}

static void addGraph(OpPassManager &manager, const cpu::Capabilities &cpu,
                     const PhaseOptions &options) {
  manager.addNestedPass<func::FuncOp>(createCountWhile());
  // Canonicalization takes for granted that extents agree.
  manager.addNestedPass<func::FuncOp>(createRequireExtents());
  manager.addNestedPass<func::FuncOp>(createSkipEmptyResults());
  addCleanup(manager);
  auto &function = manager.nest<func::FuncOp>();
  function.addPass(createConvertElementwiseToLinalgPass());
  function.addPass(createRaiseAttention());
  function.addPass(createMaterializeLengths());
  function.addPass(createMaterializeMods());
  function.addPass(createFoldQueryGroups());
  function.addPass(createSplitKeys());
  function.addPass(createExpandRecurrence());
  function.addPass(createReadLastStep());
  function.addPass(createLowerRnn());
  function.addPass(createExpandRope());
  addCleanup(function);
  manager.addPass(createFoldWeightViews());
  manager.addPass(createFuseGates());
  auto &fusion = manager.nest<func::FuncOp>();
  fusion.addPass(createCollapseContract());
  fusion.addPass(createFuseEpilogue());
  fusion.addPass(createFuseElementwise());
  // Sizes of 0 that fusion has shown: views of nothing do not all verify.
  fusion.addPass(createSkipEmptyResults());
  fusion.addPass(createDecomposeTensorOps());
  fusion.addPass(createChannelsLast(ChannelsLastOptions{cpu.lanes}));
  fusion.addPass(createSinkTransposes());
  addCleanup(manager);
  manager.addPass(createFoldWeightViews());
  if (options.recurrentWeights == RecurrentWeights::I8)
    manager.addPass(createRoundRecurrentWeights(
        RoundRecurrentWeightsOptions{cpu.lanes, llvm::to_vector(cpu.rows)}));
  manager.addPass(
      createPackWeights(PackWeightsOptions{cpu.lanes, cpu.registers, llvm::to_vector(cpu.rows)}));
  manager.addNestedPass<func::FuncOp>(createGatherLoops());
}

/// Tensors to buffers: every result has its destination, inputs are never written.
static void addBuffers(OpPassManager &manager) {
  manager.addPass(createBindOutputs());
  manager.addPass(memref::createResolveRankedShapeTypeResultDimsPass());
  addCleanup(manager);
  manager.addNestedPass<func::FuncOp>(createHoistOutputs());
  manager.addNestedPass<func::FuncOp>(createCarryInPlace());
  manager.addPass(bufferization::createEmptyTensorEliminationPass());
  bufferization::OneShotBufferizePassOptions bufferize;
  bufferize.bufferizeFunctionBoundaries = true;
  bufferize.functionBoundaryTypeConversion = bufferization::LayoutMapOption::IdentityLayoutMap;
  bufferize.unknownTypeConversion = bufferization::LayoutMapOption::IdentityLayoutMap;
  manager.addPass(bufferization::createOneShotBufferizePass(bufferize));
  manager.addPass(createDropDimsByShape());
  manager.addPass(memref::createResolveRankedShapeTypeResultDimsPass());
  addCleanup(manager);
}

static void addSchedule(OpPassManager &manager, const cpu::Capabilities &cpu) {
  addBuffers(manager);
  manager.addNestedPass<func::FuncOp>(createFormWavefronts());
  manager.addNestedPass<func::FuncOp>(createFormSections());
  manager.addNestedPass<func::FuncOp>(createExchangeCarried());
  manager.addPass(createFormKernels());
  addCleanup(manager);
  manager.addPass(createPlanArena());
  manager.addPass(createCountWork());
  manager.addPass(createScheduleKernels(
      ScheduleKernelsOptions{cpu.lanes, cpu.registers, llvm::to_vector(cpu.rows)}));
  addCleanup(manager);
  manager.addPass(createOutlineSections());
  manager.addPass(createFormTeams());
  addCleanup(manager);
}

static void addKernel(OpPassManager &manager, const cpu::Capabilities &cpu) {
  manager.addPass(createLowerProduct(LowerProductOptions{cpu.laneOperands}));
  manager.addPass(createMathToArith());
  addCleanup(manager);
}

static void addLlvm(OpPassManager &manager) {
  manager.addPass(createOutlineTasks());
  manager.addPass(createLowerEntry());
  manager.addPass(memref::createExpandStridedMetadataPass());
  manager.addPass(createLowerAffinePass());
  manager.addPass(arith::createArithExpandOpsPass({/*includeBf16=*/true}));
  addCleanup(manager);
  manager.addPass(createSCFToControlFlowPass());
  manager.addPass(createLeaveLoops());
  manager.addPass(createKernelToLLVM());
  manager.addPass(createReconcileUnrealizedCastsPass());
  addCleanup(manager);
}

void fovea::addCpuPhase(OpPassManager &manager, Phase phase, const cpu::Capabilities &cpu,
                        const PhaseOptions &options) {
  switch (phase) {
  case Phase::Import:
    return;
  case Phase::Graph:
    return addGraph(manager, cpu, options);
  case Phase::Schedule:
    return addSchedule(manager, cpu);
  case Phase::Kernel:
    return addKernel(manager, cpu);
  case Phase::Llvm:
    return addLlvm(manager);
  }
}

void fovea::registerCpuPipelines() {
  for (Phase phase : {Phase::Graph, Phase::Schedule, Phase::Kernel, Phase::Llvm})
    registerPassPipeline(
        ("fovea-cpu-" + nameOf(phase)).str(),
        ("Run the CPU's passes that lead to the phase " + nameOf(phase)).str(),
        [phase](OpPassManager &manager, StringRef, function_ref<LogicalResult(const Twine &)>) {
          addCpuPhase(manager, phase, cpu::Capabilities(), PhaseOptions());
          return success();
        },
        [](function_ref<void(const mlir::detail::PassOptions &)>) {});
}
