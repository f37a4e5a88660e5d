//===- BringConstants.cpp - constant buffers within kernels ---------------===//
//
// Constants lie in the code; that of kernels is not where the host's is.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/KernelToDevice/KernelVariants.h"
#include "compiler/Conversion/KernelToDevice/Passes.h"

namespace fovea {
#define GEN_PASS_DEF_BRINGCONSTANTS
#include "compiler/Conversion/KernelToDevice/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

namespace {

struct BringConstants : fovea::impl::BringConstantsBase<BringConstants> {
  void runOnOperation() override {
    KernelVariants variants(getOperation());
    SmallVector<kernel::LaunchOp> launches;
    getOperation().walk([&](kernel::LaunchOp launch) { launches.push_back(launch); });
    for (kernel::LaunchOp launch : launches)
      if (llvm::any_of(launch.getArgs(), isConstant))
        bring(launch, variants);
    variants.eraseLeft();
  }

private:
  static bool isConstant(Value value) {
    return value.getDefiningOp<memref::GetGlobalOp>() != nullptr;
  }

  void bring(kernel::LaunchOp launch, KernelVariants &variants) {
    std::string key;
    SmallVector<Value> others;
    for (auto [index, argument] : llvm::enumerate(launch.getArgs())) {
      if (auto global = argument.getDefiningOp<memref::GetGlobalOp>())
        key += std::to_string(index) + global.getName().str() + " ";
      else
        others.push_back(argument);
    }
    variants.choose(launch, key, [&](func::FuncOp kernel) {
      for (unsigned index = launch.getArgs().size(); index-- > 0;)
        if (auto global = launch.getArgs()[index].getDefiningOp<memref::GetGlobalOp>())
          fill(kernel, index, global);
    });
    launch.getArgsMutable().assign(others);
  }

  /// Replaces argument `index` by the constants.
  void fill(func::FuncOp kernel, unsigned index, memref::GetGlobalOp global) {
    OpBuilder builder = OpBuilder::atBlockBegin(&kernel.front());
    BlockArgument argument = kernel.getArgument(index);
    Value own = builder.clone(*global)->getResult(0);
    if (own.getType() != argument.getType())
      own = memref::CastOp::create(builder, kernel.getLoc(), argument.getType(), own);
    argument.replaceAllUsesWith(own);
    (void)kernel.eraseArgument(index);
    ++numBrought;
  }
};

} // namespace
