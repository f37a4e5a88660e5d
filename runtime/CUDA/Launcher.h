//===- Launcher.h - launches of one context on a GPU ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_CUDA_LAUNCHER_H
#define FOVEA_RUNTIME_CUDA_LAUNCHER_H

#include "runtime/CUDA/Program.h"
#include "runtime/Core/Launcher.h"

namespace fovea::cuda {

/// A launcher of the program's kernels, with a queue of its own.
fvm::Status makeLauncher(std::shared_ptr<const Program> program,
                         std::unique_ptr<core::Launcher> &launcher);

} // namespace fovea::cuda

#endif // FOVEA_RUNTIME_CUDA_LAUNCHER_H
