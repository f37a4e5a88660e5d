//===- Dialects.h - the dialects a compilation needs ----------------------===//
//
// One list for the driver, its tests and the tools.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_DRIVER_DIALECTS_H
#define FOVEA_COMPILER_DRIVER_DIALECTS_H

namespace mlir {
class DialectRegistry;
}

namespace fovea {

/// Adds the dialects of every phase and the interfaces that the passes rely on.
void addDialects(mlir::DialectRegistry &registry);

} // namespace fovea

#endif // FOVEA_COMPILER_DRIVER_DIALECTS_H
