//===- Phases.h - the named phases and their passes -----------------------===//
//
// The only place where passes are put in order. A compilation can stop after any phase, and go on
// from the module that it left.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_PIPELINES_PHASES_H
#define FOVEA_COMPILER_PIPELINES_PHASES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"

#include <optional>

namespace fovea {

/// What a module has behind it. Each phase leaves a module that the next one takes.
enum class Phase {
  /// As a frontend made it.
  Import,
  /// Attention raised, recurrences unrolled into loops, epilogues fused, weights packed; tensors.
  Graph,
  /// Kernels scheduled as tasks of loops and register products; buffers in one arena.
  Schedule,
  /// Register products and elementary functions written as vector arithmetic.
  Kernel,
  /// The LLVM dialect.
  Llvm,
};

/// "import", "graph", "schedule", "kernel", "llvm".
llvm::StringRef nameOf(Phase phase);
std::optional<Phase> phaseNamed(llvm::StringRef name);

/// The last phase that a module has behind it (attribute `fovea.phase`; import without it).
Phase phaseOf(mlir::ModuleOp module);
void setPhase(mlir::ModuleOp module, Phase phase);

/// What the CPU's pipeline needs to know of the machine.
struct CpuPipelineOptions {
  int64_t lanes = 16;
  int64_t registers = 32;
};

/// Adds the passes that lead to `phase` from the one before.
void addCpuPhase(mlir::OpPassManager &manager, Phase phase, const CpuPipelineOptions &options);

/// Registers the phases as pipelines `fovea-cpu-graph` ... `fovea-cpu-llvm`.
void registerCpuPipelines();

} // namespace fovea

#endif // FOVEA_COMPILER_PIPELINES_PHASES_H
