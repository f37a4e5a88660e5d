//===- Phases.h - the named phases ----------------------------------------===//
//
// A compilation can stop after any phase, and go on from the module that it left. Their passes are
// put in order in compiler/Pipelines.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_BASE_PHASES_H
#define FOVEA_COMPILER_BASE_PHASES_H

#include "mlir/IR/BuiltinOps.h"

#include <optional>

namespace fovea {

/// What a module has behind it. Each phase leaves a module that the next one takes. A target goes
/// through some of them (Target::phases), in this order.
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

/// The attributes of a module that say the last phase behind it, and what was run behind phases: a
/// list of dictionaries with `after`, `pipeline`, `ran` (`pass`, `runs`, and `plugin` for a
/// plug-in's) and `remarks`.
inline constexpr llvm::StringLiteral kPhaseAttr = "fovea.phase",
                                     kUserPassesAttr = "fovea.user_passes";

/// "import", "graph", "schedule", "kernel", "llvm".
llvm::StringRef nameOf(Phase phase);
std::optional<Phase> phaseNamed(llvm::StringRef name);

/// The last phase that a module has behind it: the attribute `fovea.phase`, import without it;
/// nothing when that names no phase, which no module behind a frontend has.
std::optional<Phase> phaseOf(mlir::ModuleOp module);
void setPhase(mlir::ModuleOp module, Phase phase);

} // namespace fovea

#endif // FOVEA_COMPILER_BASE_PHASES_H
