//===- KeptMemory.cpp - what blocks keep from step to step ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/KernelToDevice/KeptMemory.h"

#include "compiler/Conversion/KernelToLLVM/ArgumentBlock.h"

#include "dialects/FoveaWarp/FoveaWarpDialect.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;
using namespace fovea;

/// Marks a launch whose blocks keep what they have.
static constexpr llvm::StringLiteral kKeptAttr = "fovea_kernel.kept";

kernel::KeepOp fovea::keepOf(func::FuncOp kernel) {
  kernel::KeepOp found;
  kernel.walk([&](kernel::KeepOp keep) { found = keep; });
  return found;
}

//===----------------------------------------------------------------------===//
// What may be kept
//===----------------------------------------------------------------------===//

/// Adds the buffers that `value` may be a view of; of one that steps hand on, all that they do.
static void addRoots(Value value, llvm::SetVector<Value> &roots) {
  while (auto view = value.getDefiningOp<ViewLikeOpInterface>())
    value = view.getViewSource();
  if (!roots.insert(value))
    return;
  auto add = [&](ValueRange values) {
    for (Value other : values)
      if (isa<MemRefType>(other.getType()))
        addRoots(other, roots);
  };
  auto argument = dyn_cast<BlockArgument>(value);
  Operation *source = argument ? argument.getOwner()->getParentOp() : value.getDefiningOp();
  if (auto loop = dyn_cast<scf::ForOp>(source)) {
    add(loop.getInitArgs());
    add(loop.getYieldedValues());
  }
  if (auto branch = dyn_cast<scf::IfOp>(source)) {
    add(branch.thenYield().getOperands());
    add(branch.elseYield().getOperands());
  }
}

/// True for a buffer of a kernel that is read where its elements are, and nothing else.
static bool isOnlyRead(BlockArgument argument) {
  return llvm::all_of(argument.getUsers(), [](Operation *user) {
    return isa<memref::LoadOp, memref::DimOp, vector::LoadOp, kernel::KeepOp>(user);
  });
}

/// Buffers that launches of the loop may write.
static llvm::SetVector<Value> writtenIn(scf::ForOp loop) {
  llvm::SetVector<Value> roots;
  loop.walk([&](kernel::LaunchOp launch) {
    for (auto [argument, given] :
         llvm::zip_equal(kernelOf(launch).getArguments(), launch.getArgs()))
      if (isa<MemRefType>(given.getType()) && !isOnlyRead(argument))
        addRoots(given, roots);
  });
  return roots;
}

/// True when the value of a launched kernel is the same in every step.
static bool isSame(Value value, kernel::LaunchOp launch, scf::ForOp loop) {
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    if (argument.getOwner() != &kernelOf(launch).front())
      return isa<kernel::GridOp>(argument.getOwner()->getParentOp());
    return loop.isDefinedOutsideOfLoop(launch.getArgs()[argument.getArgNumber()]);
  }
  Operation *op = value.getDefiningOp();
  if (isa<warp::SharedOp>(op))
    return isa<kernel::GridOp>(op->getParentOp());
  return op->getNumRegions() == 0 && isMemoryEffectFree(op) &&
         llvm::all_of(op->getOperands(),
                      [&](Value operand) { return isSame(operand, launch, loop); });
}

static bool mayKeep(kernel::LaunchOp launch, scf::ForOp loop,
                    const llvm::SetVector<Value> &written) {
  func::FuncOp kernel = kernelOf(launch);
  kernel::KeepOp keep = keepOf(kernel);
  if (!keep || !isSame(gridOf(kernel).getBlocks(), launch, loop))
    return false;
  llvm::SetVector<Value> used;
  getUsedValuesDefinedAbove(keep.getBody(), used);
  if (!llvm::all_of(used, [&](Value value) { return isSame(value, launch, loop); }))
    return false;
  return llvm::all_of(keep.getFrom(), [&](Value buffer) {
    auto argument = dyn_cast<BlockArgument>(buffer);
    if (!argument || argument.getOwner() != &kernel.front())
      return false;
    llvm::SetVector<Value> roots;
    addRoots(launch.getArgs()[argument.getArgNumber()], roots);
    return llvm::none_of(roots, [&](Value root) { return written.contains(root); });
  });
}

int64_t fovea::markKept(scf::ForOp loop) {
  int64_t marked = 0;
  llvm::SetVector<Value> written = writtenIn(loop);
  loop.walk([&](kernel::LaunchOp launch) {
    if (!mayKeep(launch, loop, written))
      return;
    launch->setAttr(kKeptAttr, UnitAttr::get(loop.getContext()));
    ++marked;
  });
  return marked;
}

bool fovea::isKept(kernel::LaunchOp launch) { return launch->hasAttr(kKeptAttr); }

//===----------------------------------------------------------------------===//
// Filling
//===----------------------------------------------------------------------===//

Value fovea::fillOnce(OpBuilder &front, kernel::LaunchOp launch, kernel::GridOp grid,
                      const IRMapping &shared) {
  Location loc = launch.getLoc();
  func::FuncOp kernel = kernelOf(launch);
  kernel::GridOp launched = gridOf(kernel);
  IRMapping mapping(shared);
  for (auto [argument, given] : llvm::zip_equal(kernel.getArguments(), launch.getArgs()))
    if (given.getParentRegion()->isAncestor(&grid.getBody()))
      mapping.map(argument, asSeen(front, loc, given, argument.getType()));
  Value blocks = cloneComputation(front, launched.getBlocks(), mapping);
  Value there = gpu::GridDimOp::create(front, loc, gpu::Dimension::x);
  Value enough = arith::CmpIOp::create(front, loc, arith::CmpIPredicate::ule, blocks, there);
  Value used =
      arith::CmpIOp::create(front, loc, arith::CmpIPredicate::ult, grid.getBlockId(), blocks);
  Value fills = arith::AndIOp::create(front, loc, enough, used);
  mapping.map(launched.getBlockId(), grid.getBlockId());
  mapping.map(launched.getThreadId(), grid.getThreadId());
  kernel::KeepOp keep = keepOf(kernel);
  llvm::SetVector<Value> outside;
  getUsedValuesDefinedAbove(keep.getBody(), outside);
  scf::IfOp::create(front, loc, fills, [&](OpBuilder &inner, Location) {
    for (Value value : outside)
      cloneComputation(inner, value, mapping);
    for (Operation &op : keep.getBody().front().without_terminator())
      inner.clone(op, mapping);
    scf::YieldOp::create(inner, loc);
  });
  gpu::BarrierOp::create(front, loc);
  return enough;
}
