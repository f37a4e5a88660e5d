//===- BringConstants.cpp - constant buffers within kernels ---------------===//
//
// Constants lie in the code; that of kernels is not where the host's is.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/KernelToDevice/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/SymbolTable.h"

namespace fovea {
#define GEN_PASS_DEF_BRINGCONSTANTS
#include "compiler/Conversion/KernelToDevice/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

namespace {

struct BringConstants : fovea::impl::BringConstantsBase<BringConstants> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    SmallVector<kernel::LaunchOp> launches;
    getOperation().walk([&](kernel::LaunchOp launch) { launches.push_back(launch); });
    for (kernel::LaunchOp launch : launches)
      if (llvm::any_of(launch.getArgs(), isConstant))
        bring(launch, symbols);
    // A kernel that every launch has left is no kernel any more.
    for (func::FuncOp kernel : left)
      if (kernel.symbolKnownUseEmpty(getOperation()))
        symbols.erase(kernel);
  }

private:
  static bool isConstant(Value value) {
    return value.getDefiningOp<memref::GetGlobalOp>() != nullptr;
  }

  void bring(kernel::LaunchOp launch, SymbolTable &symbols) {
    auto original = symbols.lookup<func::FuncOp>(launch.getKernel());
    std::string key = launch.getKernel().str();
    SmallVector<Value> others;
    for (auto [index, argument] : llvm::enumerate(launch.getArgs())) {
      if (auto global = argument.getDefiningOp<memref::GetGlobalOp>())
        key += " " + std::to_string(index) + global.getName().str();
      else
        others.push_back(argument);
    }
    func::FuncOp &kernel = made[key];
    if (!kernel) {
      kernel = original.clone();
      for (unsigned index = launch.getArgs().size(); index-- > 0;)
        if (auto global = launch.getArgs()[index].getDefiningOp<memref::GetGlobalOp>())
          fill(kernel, index, global);
      symbols.insert(kernel, std::next(Block::iterator(original)));
      left.insert(original);
    }
    launch.setKernel(kernel.getName());
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

  llvm::StringMap<func::FuncOp> made;
  llvm::SetVector<func::FuncOp> left;
};

} // namespace
