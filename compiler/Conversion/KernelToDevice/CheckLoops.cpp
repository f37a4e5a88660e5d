//===- CheckLoops.cpp - loops that require something of data --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/KernelToDevice/CheckLoops.h"

#include "compiler/Conversion/KernelToDevice/DeviceScalars.h"
#include "compiler/Conversion/KernelToDevice/Passes.h"

#include "dialects/Fovea/FoveaDialect.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace fovea;

/// Puts what stands from `first` to the end of its block under the condition.
static scf::IfOp putUnder(OpBuilder &builder, Location loc, Value condition,
                          Block::iterator first) {
  Block *block = builder.getInsertionBlock();
  auto branch = scf::IfOp::create(builder, loc, condition, /*withElseRegion=*/false);
  Block *then = branch.thenBlock();
  then->getOperations().splice(then->begin(), block->getOperations(), first,
                               std::prev(block->end()));
  return branch;
}

/// The cell is false behind a requirement that has failed, and the rest of its block is left out.
static void stopAt(RequireOp require, Value cell) {
  OpBuilder builder(require->getContext());
  builder.setInsertionPointAfter(require);
  auto rest = std::next(require->getIterator());
  Location loc = require.getLoc();
  Value before = memref::LoadOp::create(builder, loc, cell, ValueRange());
  Value holds = arith::AndIOp::create(builder, loc, before, require.getCondition());
  memref::StoreOp::create(builder, loc, holds, cell, ValueRange());
  putUnder(builder, loc, require.getCondition(), rest);
}

void fovea::stopAtFailures(func::FuncOp entry, function_ref<void(scf::IfOp)> take) {
  SmallVector<scf::ForOp> loops;
  walkLoopsOfScalars(entry, [&](scf::ForOp loop) {
    if (loop->walk([](RequireOp) { return WalkResult::interrupt(); }).wasInterrupted())
      loops.push_back(loop);
  });
  if (loops.empty())
    return;
  OpBuilder builder = OpBuilder::atBlockBegin(&entry.front());
  Location loc = entry.getLoc();
  Value cell = makeCell(builder, loc, builder.getI1Type());
  fillCells(builder, loc, cell, [&](OpBuilder &inner, ValueRange) {
    return SmallVector<Value>{arith::ConstantIntOp::create(inner, loc, 1, 1)};
  });
  for (scf::ForOp loop : loops) {
    SmallVector<RequireOp> required;
    loop->walk([&](RequireOp require) { required.push_back(require); });
    for (RequireOp require : llvm::reverse(required))
      stopAt(require, cell);
    builder.setInsertionPointToStart(loop.getBody());
    auto first = builder.getInsertionPoint();
    Value holds = memref::LoadOp::create(builder, loc, cell, ValueRange());
    putUnder(builder, loc, holds, first);
    if (loop->getBlock()->getTerminator()->getNumOperands() != 0)
      continue;
    builder.setInsertionPointAfter(loop);
    auto rest = builder.getInsertionPoint();
    holds = memref::LoadOp::create(builder, loc, cell, ValueRange());
    scf::IfOp branch = putUnder(builder, loc, holds, rest);
    branch->setAttr(kCheckedAttr, builder.getUnitAttr());
    take(branch);
  }
}
