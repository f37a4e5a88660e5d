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

/// Puts operations of a block from `first` to in front of `last` under the condition.
static scf::IfOp putUnder(OpBuilder &builder, Location loc, Value condition, Block::iterator first,
                          Block::iterator last) {
  Block *block = builder.getInsertionBlock();
  auto branch = scf::IfOp::create(builder, loc, condition, /*withElseRegion=*/false);
  Block *then = branch.thenBlock();
  then->getOperations().splice(then->begin(), block->getOperations(), first, last);
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
  Block *block = builder.getInsertionBlock();
  putUnder(builder, loc, require.getCondition(), rest, std::prev(block->end()));
}

namespace {

/// Puts what must not take place behind a failure into branches that read the cell.
class Guards {
public:
  explicit Guards(Value cell) : cell(cell) {}

  /// What follows the loop: in its block, in later steps of the loops around it, behind those.
  void putBehind(scf::ForOp loop) {
    SmallVector<Operation *> around;
    for (Operation *op = loop; !isa<func::FuncOp>(op); op = op->getParentOp())
      around.push_back(op);
    // What is in a branch as a whole needs none of its own.
    for (Operation *op : llvm::reverse(around)) {
      if (!done.insert(op).second)
        continue;
      putUnderCell(op->getBlock(), std::next(op->getIterator()));
      if (op != loop && isa<scf::ForOp>(op))
        putUnderCell(&op->getRegion(0).front(), op->getRegion(0).front().begin());
    }
  }

private:
  /// A block's operations from `first` on; where the block gives something, which has to be there
  /// in any case, each that writes by itself.
  void putUnderCell(Block *block, Block::iterator first) {
    auto last = std::prev(block->end());
    if (first == last)
      return;
    if (last->getNumOperands() == 0)
      return putUnderCell(block, first, last);
    for (Operation &op : llvm::make_early_inc_range(llvm::make_range(first, last))) {
      if (op.getNumResults() == 0)
        putUnderCell(block, op.getIterator(), std::next(op.getIterator()));
      else if (isa<scf::ForOp, scf::IfOp>(op))
        for (Region &region : op.getRegions())
          putUnderCell(&region.front(), region.front().begin());
    }
  }

  void putUnderCell(Block *block, Block::iterator first, Block::iterator last) {
    OpBuilder builder(block, first);
    Location loc = first->getLoc();
    Value holds = memref::LoadOp::create(builder, loc, cell, ValueRange());
    scf::IfOp branch = putUnder(builder, loc, holds, first, last);
    branch->setAttr(kCheckedAttr, builder.getUnitAttr());
    done.insert(branch);
  }

  Value cell;
  /// What has been put under the cell, and what it was put behind.
  DenseSet<Operation *> done;
};

} // namespace

void fovea::stopAtFailures(func::FuncOp entry) {
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
  Guards guards(cell);
  for (scf::ForOp loop : loops) {
    SmallVector<RequireOp> required;
    loop->walk([&](RequireOp require) { required.push_back(require); });
    for (RequireOp require : llvm::reverse(required))
      stopAt(require, cell);
    Block *body = loop.getBody();
    builder.setInsertionPointToStart(body);
    auto first = builder.getInsertionPoint();
    Value holds = memref::LoadOp::create(builder, loc, cell, ValueRange());
    putUnder(builder, loc, holds, first, std::prev(body->end()));
    guards.putBehind(loop);
  }
}
