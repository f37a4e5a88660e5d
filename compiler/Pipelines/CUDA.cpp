//===- CUDA.cpp - the order of passes of CUDA devices ---------------------===//
//
// One function per phase.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Pipelines/CUDA.h"

#include "compiler/Conversion/KernelToDevice/Passes.h"
#include "compiler/Conversion/KernelToLLVM/Passes.h"
#include "compiler/Conversion/MathToArith/MathToArith.h"
#include "compiler/Conversion/TensorToKernel/Passes.h"
#include "compiler/Pipelines/DeviceCode.h"
#include "compiler/Pipelines/Shared.h"
#include "compiler/Targets/CPU/Passes.h"
#include "compiler/Targets/CUDA/Passes.h"
#include "compiler/Transforms/Passes.h"

#include "mlir/Conversion/AffineToStandard/AffineToStandard.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace fovea;

/// Blocks that run at the same time: two on each of the 132 multiprocessors of an H100 or H200, of
/// which powers of two leave few idle. An emulated device has none to fill, and takes as many as a
/// device has with the option device-blocks.
static constexpr int64_t kBlocks = 256, kEmulatedBlocks = 8;
/// Keys from which on a head's are split, and least keys of a part: one group of each of the four
/// warps of a block.
static constexpr int64_t kManyKeys = 512, kPartKeys = 64;
/// What attention to few queries takes: heads of any known size. Blocks that read the same keys for
/// a head each run at the same time, so that there are no turns.
static const SpecializeFewQueriesOptions kSomeQueries = {/*headStep=*/1, /*inTurns=*/false};

static void addGraph(OpPassManager &manager, cuda::Execution execution,
                     const PhaseOptions &options) {
  int64_t own = execution == cuda::Execution::Device ? kBlocks : kEmulatedBlocks;
  int64_t blocks = options.deviceBlocks > 0 ? options.deviceBlocks : own;
  addFusion(manager, kSomeQueries,
            SplitKeysOptions{blocks, kManyKeys, kPartKeys, /*unknownSizes=*/true});
  manager.addNestedPass<func::FuncOp>(createSplitDepth(SplitDepthOptions{blocks}));
  addCleanup(manager);
  manager.addPass(createFoldWeightViews());
  // Without a row of dots no weight is rounded, and the ledger says why.
  if (options.recurrentWeights == RecurrentWeights::I8)
    manager.addPass(createRoundRecurrentWeights());
}

/// Gives each kernel its form.
static void addForms(OpPassManager &manager, Products products) {
  manager.addPass(createScheduleBlocks(ScheduleBlocksOptions{products == Products::Tf32}));
  addCleanup(manager);
  manager.addPass(createFormResidentGrids());
  addCleanup(manager);
}

static void addSchedule(OpPassManager &manager, const PhaseOptions &options) {
  manager.addNestedPass<func::FuncOp>(createSizeOnHost());
  addCleanup(manager);
  addBuffers(manager);
  manager.addNestedPass<func::FuncOp>(createDecideOnDevice());
  manager.addNestedPass<func::FuncOp>(createExchangeCarried());
  manager.addPass(createFormKernels());
  manager.addPass(createFormLoopKernels());
  manager.addPass(createPredicateLaunches());
  addCleanup(manager);
  manager.addPass(createPlanArena());
  manager.addPass(createCountWork());
  addForms(manager, options.products);
}

static void addKernel(OpPassManager &manager, cuda::Execution execution) {
  manager.addPass(createMathToArith());
  manager.addPass(createExpandHostMath());
  if (execution == cuda::Execution::Device)
    manager.addPass(createRefuseHostMath());
  addCleanup(manager);
}

/// Takes kernels out of host code.
static void addOutlining(OpPassManager &manager) {
  manager.addNestedPass<func::FuncOp>(createShiftViews());
  manager.addPass(createFoldConditions());
  manager.addPass(createBringConstants());
  manager.addPass(createOutlineBlocks());
}

static void addLlvm(OpPassManager &manager, cuda::Execution execution) {
  addOutlining(manager);
  manager.addPass(createLowerEntry());
  auto &host = manager.nest<func::FuncOp>();
  host.addPass(memref::createExpandStridedMetadataPass());
  host.addPass(createLowerAffinePass());
  host.addPass(arith::createArithExpandOpsPass());
  addCleanup(host);
  host.addPass(createSCFToControlFlowPass());
  addDeviceCode(manager, execution == cuda::Execution::Emulated);
  manager.addPass(createKernelToLLVM());
  manager.addPass(createReconcileUnrealizedCastsPass());
  addCleanup(manager);
}

void fovea::addKernelsAlone(OpPassManager &manager, Products products) {
  addForms(manager, products);
  addKernel(manager, cuda::Execution::Device);
  addOutlining(manager);
}

void fovea::addCudaPhase(OpPassManager &manager, Phase phase, cuda::Execution execution,
                         const PhaseOptions &options) {
  switch (phase) {
  case Phase::Import:
    return;
  case Phase::Graph:
    return addGraph(manager, execution, options);
  case Phase::Schedule:
    return addSchedule(manager, options);
  case Phase::Kernel:
    return addKernel(manager, execution);
  case Phase::Llvm:
    return addLlvm(manager, execution);
  }
}

static void registerPhase(Phase phase, cuda::Execution execution, StringRef name, StringRef what) {
  registerPassPipeline(
      ("fovea-" + name + "-" + nameOf(phase)).str(),
      ("Run the passes of " + what + " that lead to the phase " + nameOf(phase)).str(),
      [phase, execution](OpPassManager &manager, StringRef,
                         function_ref<LogicalResult(const Twine &)>) {
        addCudaPhase(manager, phase, execution, PhaseOptions());
        return success();
      },
      [](function_ref<void(const mlir::detail::PassOptions &)>) {});
}

void fovea::registerCudaPipelines() {
  for (Phase phase : {Phase::Graph, Phase::Schedule, Phase::Kernel, Phase::Llvm}) {
    registerPhase(phase, cuda::Execution::Device, "cuda", "CUDA devices");
    registerPhase(phase, cuda::Execution::Emulated, cuda::kEmulatedName, "emulated CUDA devices");
  }
}
