//===- TargetRegistry.h - the targets of this build -----------------------===//
//
// The one list of targets. Everything above finds them here, by name.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_DRIVER_TARGETREGISTRY_H
#define FOVEA_COMPILER_DRIVER_TARGETREGISTRY_H

#include "compiler/Targets/Target.h"

#include "llvm/Support/JSON.h"

namespace fovea {

/// All targets, the default first. They live as long as the process.
llvm::ArrayRef<const Target *> allTargets();

/// The target of a name, or null. Also those that allTargets() leaves out: levels of a CPU with
/// rows of products, "x86-64-v4+amx-bf16"; a GPU of one architecture, "cuda:sm_90".
/// With `emulate` the one that runs the kernels of the target of that name on this processor, null
/// when none does.
const Target *findTarget(llvm::StringRef name, bool emulate = false);

/// FV0320 when there is no target of this name, FV0310 when its kernels cannot be emulated and
/// should be.
std::optional<Problem> checkTarget(llvm::StringRef name, bool emulate = false);

/// FV0322 when the target makes no artefacts.
std::optional<Problem> checkMakesArtifacts(const Target &target);

/// A list of objects with the strings name, summary, device and memory ("host" or "device"), the
/// booleans streams, artifacts and available, and the names of the phases.
llvm::json::Array describeTargets();

/// The CPU's rows of products, a list of objects: name and elements, the features that they need
/// beyond a level, whether a test has executed them (proven), whether the target host takes them.
llvm::json::Array describeProducts();

/// Features by which the CPU's levels and rows of products differ, by LLVM's names.
std::vector<std::string> targetFeatures();

} // namespace fovea

#endif // FOVEA_COMPILER_DRIVER_TARGETREGISTRY_H
