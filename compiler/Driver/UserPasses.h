//===- UserPasses.h - pipelines that a user puts behind phases ------------===//
//
// Passes of plug-ins, of Fovea or of MLIR, run at the end of a phase by name.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_DRIVER_USERPASSES_H
#define FOVEA_COMPILER_DRIVER_USERPASSES_H

#include "compiler/Base/Phases.h"
#include "compiler/Driver/PassPlugins.h"

namespace fovea {

/// A pipeline as parsePipeline reads it, to be run when `phase` has left its module.
struct UserPipeline {
  Phase phase;
  std::string text;
};

/// What CompileOptions say of passes.
struct UserPassOptions {
  /// Files of pass plug-ins.
  std::vector<std::string> plugins;
  /// Those of one phase run in this order.
  std::vector<UserPipeline> pipelines;
};

/// The pipelines of one compilation.
class UserPasses {
public:
  /// Loads the plug-ins and reads the pipelines; false with problems.
  bool prepare(const UserPassOptions &options, Problems &problems);

  bool hasAny(Phase phase) const;

  /// Runs what stands behind `phase` and verifies what every pass leaves; false with a problem.
  /// Puts a record into the module.
  bool run(Phase phase, mlir::ModuleOp module, Problems &problems);

  /// What code that is not Fovea's is at work: "pass plug-in 'x.so'", "pipeline 'x' after graph";
  /// empty outside prepare and run. For the report of a crash.
  const std::string &busyWith() const { return busy; }

private:
  struct Parsed {
    UserPipeline given;
    mlir::OpPassManager passes;
  };
  bool runOne(const Parsed &pipeline, mlir::ModuleOp module, Problems &problems);

  std::vector<PassLibrary> libraries;
  std::vector<Parsed> pipelines;
  std::string busy;
};

/// FV0333 for the first pipeline whose phase is not one of `reached`; `why` says why a compilation
/// comes to no other.
std::optional<Problem> checkReached(const UserPassOptions &options, llvm::ArrayRef<Phase> reached,
                                    llvm::StringRef why);

} // namespace fovea

#endif // FOVEA_COMPILER_DRIVER_USERPASSES_H
