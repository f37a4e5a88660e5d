//===- FoldConditions.cpp - kernels that look at conditions ---------------===//
//
// A kernel of a branch that is not taken ends at once.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/KernelToDevice/KernelVariants.h"
#include "compiler/Conversion/KernelToDevice/Passes.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

namespace fovea {
#define GEN_PASS_DEF_FOLDCONDITIONS
#include "compiler/Conversion/KernelToDevice/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

namespace {

struct FoldConditions : fovea::impl::FoldConditionsBase<FoldConditions> {
  void runOnOperation() override {
    KernelVariants variants(getOperation());
    SmallVector<kernel::LaunchOp> launches;
    getOperation().walk([&](kernel::LaunchOp launch) {
      if (!launch.getConditions().empty())
        launches.push_back(launch);
    });
    for (kernel::LaunchOp launch : launches) {
      std::string key;
      for (bool expected : launch.getExpected())
        key += expected ? '1' : '0';
      variants.choose(launch, key, [&](func::FuncOp kernel) {
        guard(kernel, launch.getExpected());
        ++numKernels;
      });
      SmallVector<Value> arguments = llvm::to_vector(launch.getArgs());
      llvm::append_range(arguments, launch.getConditions());
      launch.getConditionsMutable().clear();
      launch.setExpected({});
      launch.getArgsMutable().assign(arguments);
    }
    variants.eraseLeft();
  }

private:
  /// Sizes behind a condition are right only where it holds: there may be less than no elements.
  static void launchNothingBelowZero(func::FuncOp kernel, kernel::GridOp grid) {
    OpBuilder builder(grid);
    Location loc = kernel.getLoc();
    Value zero, right;
    for (BlockArgument argument : kernel.getArguments()) {
      auto type = dyn_cast<MemRefType>(argument.getType());
      for (int64_t dim = 0; type && dim < type.getRank(); ++dim) {
        if (!type.isDynamicDim(dim))
          continue;
        if (!zero)
          zero = arith::ConstantIndexOp::create(builder, loc, 0);
        Value size = memref::DimOp::create(builder, loc, argument, dim);
        Value is = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sge, size, zero);
        right = right ? arith::AndIOp::create(builder, loc, right, is).getResult() : is;
      }
    }
    if (right)
      grid.getBlocksMutable().assign(
          arith::SelectOp::create(builder, loc, right, grid.getBlocks(), zero));
  }

  /// Adds a condition a value expected, and puts the grid's body behind all of them.
  static void guard(func::FuncOp kernel, ArrayRef<bool> expected) {
    Location loc = kernel.getLoc();
    auto grid = *kernel.front().getOps<kernel::GridOp>().begin();
    launchNothingBelowZero(kernel, grid);
    Block &body = grid.getBody().front();
    OpBuilder builder = OpBuilder::atBlockBegin(&body);
    auto cell = MemRefType::get({}, builder.getI1Type());
    Value all;
    for (bool value : expected) {
      (void)kernel.insertArgument(kernel.getNumArguments(), cell, {}, loc);
      Value held = memref::LoadOp::create(builder, loc, kernel.getArguments().back(), ValueRange());
      Value wanted = arith::ConstantIntOp::create(builder, loc, value, 1);
      Value is = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, held, wanted);
      all = all ? arith::AndIOp::create(builder, loc, all, is).getResult() : is;
    }
    auto inside = scf::IfOp::create(builder, loc, all, /*withElseRegion=*/false);
    Block *then = inside.thenBlock();
    then->getOperations().splice(then->begin(), body.getOperations(),
                                 std::next(inside->getIterator()), std::prev(body.end()));
  }
};

} // namespace
