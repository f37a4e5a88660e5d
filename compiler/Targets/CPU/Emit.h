//===- Emit.h - from the LLVM dialect to a shared object ------------------===//
//
// Translation to LLVM IR, optimization for the CPU, object code and the link.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_CPU_EMIT_H
#define FOVEA_COMPILER_TARGETS_CPU_EMIT_H

#include "compiler/Targets/CPU/Capabilities.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"

namespace fovea::cpu {

/// What emission leaves; texts only when asked for.
struct Emitted {
  llvm::SmallVector<char, 0> sharedObject;
  llvm::SmallVector<char, 0> object;
  std::string llvmIr, assembly;
  std::string triple;
};

struct EmitOptions {
  unsigned optimization = 3;
  bool keepIr = false, keepAssembly = false;
  /// Instrument loads and stores for AddressSanitizer.
  bool addressSanitizer = false;
};

/// Compiles a module of the LLVM dialect. The shared object exports fovea_run_* and fovea_plan_*
/// and imports memcpy, memset, memmove alone. Thread-safe.
llvm::Expected<Emitted> emit(mlir::ModuleOp module, const Capabilities &cpu,
                             const EmitOptions &options);

} // namespace fovea::cpu

#endif // FOVEA_COMPILER_TARGETS_CPU_EMIT_H
