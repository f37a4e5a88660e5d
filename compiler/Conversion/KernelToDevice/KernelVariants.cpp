//===- KernelVariants.cpp - kernels changed for some of their launches ----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/KernelToDevice/KernelVariants.h"

using namespace mlir;
using namespace fovea;

void KernelVariants::choose(kernel::LaunchOp launch, StringRef key,
                            function_ref<void(func::FuncOp)> change) {
  func::FuncOp &kernel = made[(launch.getKernel() + " " + key).str()];
  if (!kernel) {
    auto original = symbols.lookup<func::FuncOp>(launch.getKernel());
    kernel = original.clone();
    change(kernel);
    symbols.insert(kernel, std::next(Block::iterator(original)));
    left.insert(original);
  }
  launch.setKernel(kernel.getName());
}

void KernelVariants::eraseLeft() {
  for (func::FuncOp kernel : left)
    if (kernel.symbolKnownUseEmpty(module))
      symbols.erase(kernel);
  left.clear();
}
