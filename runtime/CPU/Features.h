//===- Features.h - what this CPU can do ----------------------------------===//
//
// Checks the CPU features that an artefact's code uses, by LLVM's names, with
// the operating system's consent where a feature needs it (wide registers).
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_CPU_FEATURES_H
#define FOVEA_RUNTIME_CPU_FEATURES_H

#include "runtime/Artifact/Manifest.h"
#include <span>

namespace fovea::cpu {

/// Names of all features that hasFeature can answer for.
std::vector<std::string_view> knownFeatures();

/// nullopt for an unknown name. Asking for an AMX feature requests its register state from the
/// kernel, for the whole process.
std::optional<bool> hasFeature(std::string_view name);

/// Succeeds when code for `target` can run here. The message names the first thing missing.
fvm::Status checkTarget(const fvm::Target &target);

} // namespace fovea::cpu

#endif // FOVEA_RUNTIME_CPU_FEATURES_H
