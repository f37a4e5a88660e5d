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
#include "compiler/Pipelines/Shared.h"
#include "compiler/Targets/CPU/Passes.h"
#include "compiler/Targets/CPU/WordPanels.h"
#include "compiler/Transforms/Passes.h"

#include "mlir/Conversion/AffineToStandard/AffineToStandard.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace fovea;

static void addGraph(OpPassManager &manager, const cpu::Capabilities &cpu,
                     const PhaseOptions &options) {
  SplitKeysOptions keys;
  keys.unknownSizes = true;
  keys.runKeys = keys.partKeys;
  FuseGatesOptions gates;
  // The weight of a single product is rounded, too; as stored it is read faster by panels of more
  // units.
  gates.single = options.recurrentWeights == RecurrentWeights::I8 &&
                 cpu::rowFor("i8", cpu::RowUnit::Dot, cpu) != nullptr;
  addFusion(manager, SpecializeFewQueriesOptions{cpu.lanes}, keys, gates);
  auto &layout = manager.nest<func::FuncOp>();
  layout.addPass(createChannelsLast(ChannelsLastOptions{cpu.lanes}));
  layout.addPass(createSinkTransposes());
  addCleanup(manager);
  manager.addPass(createFoldWeightViews());
  if (options.recurrentWeights == RecurrentWeights::I8)
    manager.addPass(createRoundRecurrentWeights(
        RoundRecurrentWeightsOptions{cpu.lanes, llvm::to_vector(cpu.rows)}));
  manager.addPass(
      createPackWeights(PackWeightsOptions{cpu.lanes, cpu.registers, llvm::to_vector(cpu.rows)}));
  manager.addNestedPass<func::FuncOp>(createGatherLoops());
}

static void addSchedule(OpPassManager &manager, const cpu::Capabilities &cpu) {
  addBuffers(manager);
  manager.addNestedPass<func::FuncOp>(createFormWavefronts());
  manager.addNestedPass<func::FuncOp>(createFormSections());
  manager.addNestedPass<func::FuncOp>(createExchangeCarried());
  manager.addNestedPass<func::FuncOp>(createGroupRows());
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
  manager.addPass(createSuitVectorizer());
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
