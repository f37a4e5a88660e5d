//===- PredicateLaunches.cpp - launches under conditions ------------------===//
//
// Host code without a branch that data decides: all kernels are launched, and those of the branch
// not taken do nothing.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/KernelToDevice/DeviceViews.h"
#include "compiler/Conversion/KernelToDevice/KernelVariants.h"
#include "compiler/Conversion/KernelToDevice/Passes.h"
#include "compiler/Conversion/TensorToKernel/KernelArguments.h"

#include "dialects/Fovea/FoveaDialect.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

namespace fovea {
#define GEN_PASS_DEF_PREDICATELAUNCHES
#include "compiler/Conversion/KernelToDevice/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

/// The cell that a scalar is read from; null for what the host knows.
static Value cellOf(Value scalar) {
  auto load = scalar.getDefiningOp<memref::LoadOp>();
  return load && loadsFromDevice(load) && load.getMemRefType().getRank() == 0 ? load.getMemRef()
                                                                              : Value();
}

namespace {

struct PredicateLaunches : fovea::impl::PredicateLaunchesBase<PredicateLaunches> {
  void runOnOperation() override {
    for (auto entry : getOperation().getOps<func::FuncOp>()) {
      if (!entry->hasAttr(kEntryAttr))
        continue;
      SmallVector<RequireOp> required;
      entry.walk([&](RequireOp require) {
        if (isForDevice(require))
          required.push_back(require);
      });
      llvm::for_each(required, [&](RequireOp require) { launchRequirement(require); });
      KernelVariants variants(getOperation());
      entry.walk([&](kernel::LaunchOp launch) {
        passCells(launch, variants);
        passDistances(launch, variants);
      });
      variants.eraseLeft();
      // Inner branches come first.
      SmallVector<scf::IfOp> branches;
      entry.walk([&](scf::IfOp branch) {
        if (cellOf(branch.getCondition()))
          branches.push_back(branch);
      });
      llvm::for_each(branches, [&](scf::IfOp branch) { flatten(branch); });
    }
  }

private:
  /// True for a requirement that the host cannot judge, or does not know to be needed.
  static bool isForDevice(RequireOp require) {
    if (cellOf(require.getCondition()) || cellOf(require.getValue()) || cellOf(require.getLimit()))
      return true;
    for (Operation *around = require->getParentOp(); around; around = around->getParentOp())
      if (auto branch = dyn_cast<scf::IfOp>(around);
          branch && !branch->hasAttr(kCheckedAttr) && cellOf(branch.getCondition()))
        return true;
    return false;
  }

  /// A kernel of one thread that takes condition, value and limit.
  func::FuncOp requirementKernel(RequireOp require) {
    std::string key = require.getNode().str() + "\n" + stringifyFault(require.getFault()).str();
    func::FuncOp &kernel = requirements[key];
    if (kernel)
      return kernel;
    OpBuilder builder(&getContext());
    Location loc = require.getLoc();
    Type index = builder.getIndexType();
    SmallVector<Type> types{builder.getI1Type(), index, index};
    kernel = makeKernel(loc, "require", types);
    SymbolTable(getOperation()).insert(kernel);
    builder.setInsertionPointToStart(&kernel.front());
    Value one = arith::ConstantIndexOp::create(builder, loc, 1);
    auto grid = kernel::GridOp::create(builder, loc, one, /*threads=*/32);
    Block *block = builder.createBlock(&grid.getBody(), {}, {index, index}, {loc, loc});
    Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
    Value first =
        arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, block->getArgument(1), zero);
    scf::IfOp::create(builder, loc, first, [&](OpBuilder &inner, Location) {
      RequireOp::create(inner, loc, kernel.getArgument(0), kernel.getArgument(1),
                        kernel.getArgument(2), require.getFault(), require.getNodeAttr());
      scf::YieldOp::create(inner, loc);
    });
    kernel::YieldOp::create(builder, loc);
    return kernel;
  }

  void launchRequirement(RequireOp require) {
    OpBuilder builder(require);
    func::FuncOp kernel = requirementKernel(require);
    kernel::LaunchOp::create(
        builder, require.getLoc(), kernel.getName(),
        ValueRange{require.getCondition(), require.getValue(), require.getLimit()});
    require.erase();
  }

  /// Arguments that are elements of cells become the cells.
  static void passCells(kernel::LaunchOp launch, KernelVariants &variants) {
    std::string key;
    for (auto [index, argument] : llvm::enumerate(launch.getArgs()))
      if (cellOf(argument))
        key += std::to_string(index) + " ";
    if (key.empty())
      return;
    variants.choose(launch, key, [&](func::FuncOp kernel) {
      for (auto [index, argument] : llvm::enumerate(launch.getArgs()))
        if (Value cell = cellOf(argument))
          readArgument(kernel, index, cast<MemRefType>(cell.getType()));
    });
    for (OpOperand &operand : launch.getArgsMutable())
      if (Value cell = cellOf(operand.get()))
        operand.set(cell);
  }

  static void readArgument(func::FuncOp kernel, unsigned index, MemRefType type) {
    OpBuilder builder = OpBuilder::atBlockBegin(&kernel.front());
    BlockArgument argument = kernel.getArgument(index);
    SmallVector<Operation *> users(argument.user_begin(), argument.user_end());
    argument.setType(type);
    auto value =
        memref::LoadOp::create(builder, kernel.getLoc(), argument, ValueRange()).getResult();
    for (Operation *user : users)
      user->replaceUsesOfWith(argument, value);
    SmallVector<Type> types = llvm::to_vector(kernel.getArgumentTypes());
    types[index] = type;
    kernel.setFunctionType(builder.getFunctionType(types, {}));
  }

  /// Views that start where cells say are passed as if they started at their buffers' start, with
  /// the cells behind all arguments.
  static void passDistances(kernel::LaunchOp launch, KernelVariants &variants) {
    std::string key = "from";
    SmallVector<Value> cells;
    SmallVector<int64_t> numbers;
    for (OpOperand &operand : launch.getArgsMutable()) {
      Value cell;
      Value view = startAtBuffer(operand.get(), launch, cell);
      if (!cell)
        continue;
      operand.set(view);
      cells.push_back(cell);
      numbers.push_back(operand.getOperandNumber());
      key += " " + std::to_string(numbers.back());
    }
    if (cells.empty())
      return;
    variants.choose(launch, key, [&](func::FuncOp kernel) {
      Builder builder(kernel.getContext());
      for (auto [cell, number] : llvm::zip_equal(cells, numbers)) {
        auto shifts = builder.getNamedAttr(kShiftsAttr, builder.getIndexAttr(number));
        (void)kernel.insertArgument(kernel.getNumArguments(), cell.getType(),
                                    builder.getDictionaryAttr(shifts), kernel.getLoc());
      }
    });
    launch.getArgsMutable().append(cells);
  }

  /// Repeats the views behind one that starts where a cell says, which then starts at 0; gives the
  /// cell. Other values are given back as they are.
  static Value startAtBuffer(Value value, Operation *before, Value &cell) {
    auto view = value.getDefiningOp<ViewLikeOpInterface>();
    if (!view)
      return value;
    OpBuilder builder(before);
    IRMapping mapping;
    if ((cell = distanceOf(value))) {
      auto placed = cast<memref::ReinterpretCastOp>(view.getOperation());
      mapping.map(placed.getOffsets().front(),
                  arith::ConstantIndexOp::create(builder, value.getLoc(), 0).getResult());
    } else {
      Value source = startAtBuffer(view.getViewSource(), before, cell);
      if (!cell)
        return value;
      mapping.map(view.getViewSource(), source);
    }
    return builder.clone(*view, mapping)->getResult(0);
  }

  void flatten(scf::IfOp branch) {
    Value cell = cellOf(branch.getCondition());
    for (bool taken : {true, false}) {
      Block *block = taken ? branch.thenBlock() : branch.elseBlock();
      if (!block)
        continue;
      block->walk([&](kernel::LaunchOp launch) {
        if (taken && llvm::is_contained(launch.getConditions(), cell) &&
            branch->hasAttr(kCheckedAttr))
          return;
        SmallVector<bool> expected(launch.getExpected());
        expected.push_back(taken);
        launch.getConditionsMutable().append(cell);
        launch.setExpected(expected);
        numPredicated += launch.getConditions().size() == 1;
      });
      branch->getBlock()->getOperations().splice(branch->getIterator(), block->getOperations(),
                                                 block->begin(), std::prev(block->end()));
    }
    branch.erase();
  }

  llvm::StringMap<func::FuncOp> requirements;
};

} // namespace
