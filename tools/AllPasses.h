//===- AllPasses.h - everything that the developers' tools register -------===//
//
// All dialects and passes, of Fovea and upstream.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_TOOLS_ALLPASSES_H
#define FOVEA_TOOLS_ALLPASSES_H

#include "compiler/Driver/Dialects.h"
#include "compiler/Driver/KnownPasses.h"

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"

namespace fovea {

/// Adds all dialects to `registry`, and all passes and pipelines to the process.
inline void registerEverything(mlir::DialectRegistry &registry) {
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  mlir::registerAllPasses();
  addDialects(registry);
  registerFoveaPasses();
}

} // namespace fovea

#endif // FOVEA_TOOLS_ALLPASSES_H
