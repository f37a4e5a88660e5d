//===- CPU.h - the CPU's order of passes ----------------------------------===//
//
// What the CPU's targets run, and the same as pipelines of fovea-opt.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_PIPELINES_CPU_H
#define FOVEA_COMPILER_PIPELINES_CPU_H

#include "compiler/Base/Phases.h"
#include "compiler/Targets/CPU/Capabilities.h"
#include "compiler/Targets/Target.h"

#include "mlir/Pass/PassManager.h"

namespace fovea {

/// Adds the passes that lead to `phase` from the one before.
void addCpuPhase(mlir::OpPassManager &manager, Phase phase, const cpu::Capabilities &cpu,
                 const PhaseOptions &options);

/// Registers the phases as pipelines `fovea-cpu-graph` ... `fovea-cpu-llvm`.
void registerCpuPipelines();

} // namespace fovea

#endif // FOVEA_COMPILER_PIPELINES_CPU_H
