//===- Emit.h - from the LLVM dialect to a shared object ------------------===//
//
// Translation to LLVM IR, optimization for the CPU, object code and the link.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_CPU_EMIT_H
#define FOVEA_COMPILER_TARGETS_CPU_EMIT_H

#include "compiler/Targets/CPU/Capabilities.h"
#include "compiler/Targets/Target.h"

namespace fovea::cpu {

/// Compiles a module of the LLVM dialect. The shared object exports fovea_run_* and fovea_plan_*
/// and imports memcpy, memset, memmove alone. Thread-safe.
llvm::Expected<Emission> emit(mlir::ModuleOp module, const Capabilities &cpu,
                              const EmissionOptions &options);

} // namespace fovea::cpu

#endif // FOVEA_COMPILER_TARGETS_CPU_EMIT_H
