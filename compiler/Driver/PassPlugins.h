//===- PassPlugins.h - passes from shared libraries -----------------------===//
//
// MLIR's registry of passes belongs to the process and is not guarded; this is the one place that
// uses it. Compilations on several threads may load and parse at the same time.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_DRIVER_PASSPLUGINS_H
#define FOVEA_COMPILER_DRIVER_PASSPLUGINS_H

#include "compiler/Base/Problem.h"

#include "mlir/Pass/PassManager.h"
#include "llvm/Support/Error.h"

namespace fovea {

/// A library that has registered its passes. It stays loaded for as long as the process runs.
struct PassLibrary {
  /// As it was given.
  std::string file;
  /// What it calls itself.
  std::string name;
  /// Where it lies in memory.
  const void *base = nullptr;

  /// The pass is of this library's code.
  bool owns(const mlir::Pass &pass) const;
};

/// Loads a library with mlirGetPassPluginInfo (mlir/Tools/Plugins/PassPlugin.h) and registers its
/// passes, unless the process has done so before. Runs code of the library.
std::optional<Problem> loadPassPlugin(llvm::StringRef file, PassLibrary &plugin);

/// A pipeline on a module: "builtin.module(a,b{x=1})", or the list of passes alone. It may name
/// passes of Fovea, of MLIR (KnownPasses.h) and of the plug-ins that the process has loaded.
llvm::Expected<mlir::OpPassManager> parsePipeline(llvm::StringRef text);

} // namespace fovea

#endif // FOVEA_COMPILER_DRIVER_PASSPLUGINS_H
