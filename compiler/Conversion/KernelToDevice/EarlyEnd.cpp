//===- EarlyEnd.cpp - steps that a cell ends ------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/KernelToDevice/EarlyEnd.h"

#include "compiler/Conversion/KernelToDevice/ResidentSteps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace fovea;

bool fovea::isUnder(kernel::LaunchOp launch, Value cell) {
  return llvm::any_of(llvm::zip_equal(launch.getConditions(), launch.getExpected()),
                      [&](auto pair) { return std::get<0>(pair) == cell && std::get<1>(pair); });
}

/// True for the element of `buffer` as it was.
static bool isLoadOf(Value value, Value buffer) {
  auto load = value.getDefiningOp<memref::LoadOp>();
  return load && load.getMemRef() == buffer;
}

/// True for `old and x` in the cell itself, and for `old + (old and x)` elsewhere: stores that
/// change nothing where the cell is false.
static bool leavesAlone(memref::StoreOp store, BlockArgument cell) {
  auto isNext = [&](Value value) {
    auto next = value.getDefiningOp<arith::AndIOp>();
    return next && (isLoadOf(next.getLhs(), cell) || isLoadOf(next.getRhs(), cell));
  };
  if (store.getMemRef() == cell)
    return isNext(store.getValueToStore());
  auto sum = store.getValueToStore().getDefiningOp<arith::AddIOp>();
  auto one = sum ? sum.getRhs().getDefiningOp<arith::ExtUIOp>() : arith::ExtUIOp();
  return one && isLoadOf(sum.getLhs(), store.getMemRef()) && isNext(one.getIn());
}

/// True when the kernel of a launch, not under `cell`, leaves everything as it is where that is
/// false.
static bool keepsEnd(kernel::LaunchOp launch, Value cell) {
  func::FuncOp kernel = kernelOf(launch);
  BlockArgument argument;
  for (auto [given, taken] : llvm::zip_equal(launch.getArgs(), kernel.getArguments())) {
    if (given == cell && argument)
      return false;
    if (given == cell)
      argument = taken;
  }
  if (!argument)
    return false;
  return !kernel
              .walk([&](Operation *op) {
                if (auto store = dyn_cast<memref::StoreOp>(op))
                  return leavesAlone(store, argument) ? WalkResult::advance()
                                                      : WalkResult::interrupt();
                bool harmless = isa<func::FuncOp, func::ReturnOp, memref::LoadOp>(op) ||
                                op->hasTrait<OpTrait::HasRecursiveMemoryEffects>() ||
                                isMemoryEffectFree(op);
                return harmless ? WalkResult::advance() : WalkResult::interrupt();
              })
              .wasInterrupted();
}

Value fovea::endOf(scf::ForOp loop) {
  SmallVector<kernel::LaunchOp> launches;
  loop.walk([&](kernel::LaunchOp launch) { launches.push_back(launch); });
  bool nested = llvm::any_of(
      launches, [&](kernel::LaunchOp launch) { return launch->getBlock() != loop.getBody(); });
  if (nested)
    return {};
  for (Value cell : launches.back().getConditions()) {
    if (!isUnder(launches.back(), cell) || !loop.isDefinedOutsideOfLoop(cell))
      continue;
    SmallVector<kernel::LaunchOp> others;
    llvm::copy_if(launches, std::back_inserter(others),
                  [&](kernel::LaunchOp launch) { return !isUnder(launch, cell); });
    if (others.size() == 1 && keepsEnd(others.front(), cell))
      return cell;
  }
  return {};
}

void fovea::endEarly(scf::ForOp steps, Value cell) {
  Location loc = steps.getLoc();
  OpBuilder builder(steps);
  auto inits = llvm::to_vector_of<Value>(steps.getInitArgs());
  inits.push_back(arith::ConstantIntOp::create(builder, loc, 1, 1));
  auto ending = scf::ForOp::create(builder, loc, steps.getLowerBound(), steps.getUpperBound(),
                                   steps.getStep(), inits);
  ValueRange carried = ending.getRegionIterArgs();
  builder.setInsertionPointToStart(ending.getBody());
  auto goesOn = scf::IfOp::create(builder, loc, carried.getTypes(), carried.back(),
                                  /*withElseRegion=*/true);
  scf::YieldOp::create(builder, loc, goesOn.getResults());
  Block *from = steps.getBody(), *then = goesOn.thenBlock();
  auto next = llvm::to_vector_of<Value>(steps.getYieldedValues());
  steps.getInductionVar().replaceAllUsesWith(ending.getInductionVar());
  for (auto [old, now] : llvm::zip(steps.getRegionIterArgs(), carried)) {
    old.replaceAllUsesWith(now);
    llvm::replace(next, Value(old), now);
  }
  then->getOperations().splice(then->begin(), from->getOperations(), from->begin(),
                               std::prev(from->end()));
  kernel::MeetOp last;
  for (auto meet : then->getOps<kernel::MeetOp>())
    last = meet;
  builder.setInsertionPoint(last);
  next.push_back(memref::LoadOp::create(builder, loc, cell, ValueRange()));
  builder.setInsertionPointToEnd(then);
  scf::YieldOp::create(builder, loc, next);
  builder.setInsertionPointToEnd(goesOn.elseBlock());
  SmallVector<Value> left(carried);
  scf::YieldOp::create(builder, loc, left);
  steps.replaceAllUsesWith(ending.getResults().drop_back());
  steps.erase();
}
