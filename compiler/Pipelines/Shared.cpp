//===- Shared.cpp - what all targets' orders of passes have in common -----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Pipelines/Shared.h"

#include "compiler/Conversion/TensorToKernel/Passes.h"
#include "compiler/Transforms/Passes.h"

#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace fovea;

void fovea::addCleanup(OpPassManager &manager) {
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
}

void fovea::addFusion(OpPassManager &manager, const SpecializeFewQueriesOptions &queries,
                      const SplitKeysOptions &keys, const FuseGatesOptions &gates) {
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
  function.addPass(createSpecializeFewQueries(queries));
  function.addPass(createFoldQueryGroups());
  function.addPass(createSplitKeys(keys));
  function.addPass(createExpandRecurrence());
  function.addPass(createReadLastStep());
  function.addPass(createHoistStepProducts());
  function.addPass(createLowerRnn());
  function.addPass(createExpandRope());
  addCleanup(function);
  manager.addPass(createFoldWeightViews());
  manager.addPass(createFuseGates(gates));
  auto &fusion = manager.nest<func::FuncOp>();
  fusion.addPass(createCollapseContract());
  fusion.addPass(createFuseEpilogue());
  fusion.addPass(createFuseElementwise());
  // Sizes of 0 that fusion has shown: views of nothing do not all verify.
  fusion.addPass(createSkipEmptyResults());
  fusion.addPass(createDecomposeTensorOps());
}

void fovea::addBuffers(OpPassManager &manager) {
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
  manager.addPass(createSizeFromSources());
  manager.addPass(memref::createResolveRankedShapeTypeResultDimsPass());
  addCleanup(manager);
}
