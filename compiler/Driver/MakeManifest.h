//===- MakeManifest.h - what the artefact says of itself ------------------===//
//
// Reads the manifest off a lowered module.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_DRIVER_MAKEMANIFEST_H
#define FOVEA_COMPILER_DRIVER_MAKEMANIFEST_H

#include "compiler/Driver/Compile.h"

namespace fovea {

/// The manifest as JSON. Empty with a problem when the module's interface has no place in it.
std::string makeManifest(mlir::ModuleOp module, const fvm::Target &machine, int64_t threads,
                         Problems &problems);

} // namespace fovea

#endif // FOVEA_COMPILER_DRIVER_MAKEMANIFEST_H
