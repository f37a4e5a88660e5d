//===- KnownPasses.h - passes that a pipeline in text can name ------------===//
//
// One list for the driver and the tools.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_DRIVER_KNOWNPASSES_H
#define FOVEA_COMPILER_DRIVER_KNOWNPASSES_H

namespace fovea {

/// Registers Fovea's passes and the phases as pipelines, in the process. Not thread-safe, as MLIR's
/// registry is not.
void registerFoveaPasses();

/// The same for MLIR's own: the general ones, conversions, and those of the dialects that a
/// compilation has (Dialects.h).
void registerUpstreamPasses();

} // namespace fovea

#endif // FOVEA_COMPILER_DRIVER_KNOWNPASSES_H
