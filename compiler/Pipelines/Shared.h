//===- Shared.h - what all targets' orders of passes have in common -------===//
//
// Parts of phases.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_PIPELINES_SHARED_H
#define FOVEA_COMPILER_PIPELINES_SHARED_H

#include "compiler/Transforms/Passes.h"

#include "mlir/Pass/PassManager.h"

namespace fovea {

void addCleanup(mlir::OpPassManager &manager);

/// The start of the graph phase: raises, expands and fuses. Few queries that the run counts are
/// attended to by themselves as the target says, keys are split and gates found as it wants them.
/// What follows is layout, which is the target's.
void addFusion(mlir::OpPassManager &manager, const SpecializeFewQueriesOptions &queries,
               const SplitKeysOptions &keys, const FuseGatesOptions &gates = {});

/// Tensors to buffers: every result has its destination, inputs are never written.
void addBuffers(mlir::OpPassManager &manager);

} // namespace fovea

#endif // FOVEA_COMPILER_PIPELINES_SHARED_H
