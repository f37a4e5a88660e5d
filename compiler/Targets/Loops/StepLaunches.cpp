//===- StepLaunches.cpp - launches and the steps that make them -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/Loops/StepLaunches.h"

using namespace mlir;
using namespace fovea;

void loops::forLaunches(ModuleOp module,
                        function_ref<void(kernel::LaunchOp launch, scf::ForOp steps)> see) {
  module.walk([&](kernel::LaunchOp launch) {
    auto steps = launch->getParentOfType<scf::ForOp>();
    while (auto around = steps ? steps->getParentOfType<scf::ForOp>() : scf::ForOp())
      steps = around;
    see(launch, steps);
  });
}
