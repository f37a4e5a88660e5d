//===- CarriedCells.cpp - scalars that loops carry, in cells --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/KernelToDevice/CarriedCells.h"

#include "compiler/Conversion/KernelToDevice/LoopsOfScalars.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace fovea;

void fovea::carryInCells(scf::ForOp &loop, const llvm::BitVector &chosen) {
  Location loc = loop.getLoc();
  OpBuilder front(loop), begin = OpBuilder::atBlockBegin(loop.getBody());
  OpBuilder end(loop.getBody()->getTerminator()), behind(loop);
  behind.setInsertionPointAfter(loop);
  SmallVector<Value> inits, yields, results(loop.getNumResults());
  SmallVector<BlockArgument> left;
  for (auto [number, argument] : llvm::enumerate(loop.getRegionIterArgs())) {
    Value init = loop.getInitArgs()[number], yielded = loop.getYieldedValues()[number];
    if (!chosen[number]) {
      inits.push_back(init);
      left.push_back(argument);
      continue;
    }
    Value cell = makeCell(front, loc, init.getType());
    memref::StoreOp::create(front, loc, init, cell, ValueRange());
    Value carried = memref::LoadOp::create(begin, loc, cell, ValueRange());
    Value next = yielded == argument ? carried : yielded;
    argument.replaceAllUsesWith(carried);
    memref::StoreOp::create(end, loc, next, cell, ValueRange());
    results[number] = memref::LoadOp::create(behind, loc, cell, ValueRange());
  }
  // As they are when no carried argument is left among them.
  for (unsigned number = 0; number < results.size(); ++number)
    if (!chosen[number])
      yields.push_back(loop.getYieldedValues()[number]);
  auto plain = scf::ForOp::create(front, loc, loop.getLowerBound(), loop.getUpperBound(),
                                  loop.getStep(), inits);
  Block *from = loop.getBody(), *to = plain.getBody();
  if (!to->empty())
    to->getTerminator()->erase();
  loop.getInductionVar().replaceAllUsesWith(plain.getInductionVar());
  for (auto [before, after] : llvm::zip_equal(left, plain.getRegionIterArgs())) {
    before.replaceAllUsesWith(after);
    for (Value &yielded : yields)
      yielded = yielded == before ? Value(after) : yielded;
  }
  to->getOperations().splice(to->end(), from->getOperations());
  to->getTerminator()->setOperands(yields);
  unsigned next = 0;
  for (Value &result : results)
    result = result ? result : plain.getResult(next++);
  loop.replaceAllUsesWith(results);
  loop.erase();
  loop = plain;
}

/// True within a loop that becomes one kernel.
static bool isWithinLoopOfScalars(Operation *op) {
  for (Operation *around = op->getParentOp(); around; around = around->getParentOp())
    if (auto loop = dyn_cast<scf::ForOp>(around); loop && isLoopOfScalars(loop))
      return true;
  return false;
}

bool fovea::carryDeviceScalars(func::FuncOp entry, DeviceScalars &scalars) {
  bool any = false;
  // What one loop carries may come from what another one does.
  for (bool changed = true; changed; any |= changed) {
    changed = false;
    SmallVector<scf::ForOp> loops;
    entry.walk<WalkOrder::PreOrder>([&](scf::ForOp loop) { loops.push_back(loop); });
    for (scf::ForOp loop : loops) {
      llvm::BitVector chosen(loop.getNumResults());
      for (unsigned number = 0; number < loop.getNumResults(); ++number)
        chosen[number] = scalars.isOnDevice(loop.getInitArgs()[number]) ||
                         scalars.isOnDevice(loop.getYieldedValues()[number]);
      if (chosen.none() || isWithinLoopOfScalars(loop))
        continue;
      carryInCells(loop, chosen);
      changed = true;
    }
  }
  return any;
}
