//===- Optimizer.h - LLVM's optimizer as targets run it -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_OPTIMIZER_H
#define FOVEA_COMPILER_TARGETS_OPTIMIZER_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/IR/PassManager.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Target/TargetMachine.h"

namespace fovea {

/// Runs the default passes of -O3 on a module, of -O0 for level 0, and those that `last` adds.
void runOptimizer(llvm::Module &module, llvm::TargetMachine &machine,
                  const llvm::PipelineTuningOptions &tuning, unsigned level,
                  llvm::function_ref<void(llvm::ModulePassManager &)> last = nullptr);

} // namespace fovea

#endif // FOVEA_COMPILER_TARGETS_OPTIMIZER_H
