//===- LeaveLoops.cpp - branches out of the middle of loops ---------------===//
//
// Ends loops that structured control flow has no word for, once they are blocks.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/KernelToLLVM/Passes.h"

#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"

namespace fovea {
#define GEN_PASS_DEF_LEAVELOOPS
#include "compiler/Conversion/KernelToLLVM/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

/// Where the block that counts `number` branches to when the loop is over, without arguments; null
/// for anything but a loop as upstream's conversion makes it.
static Block *endOf(Value number) {
  auto argument = dyn_cast<BlockArgument>(number);
  auto branch = argument ? dyn_cast<cf::CondBranchOp>(argument.getOwner()->getTerminator())
                         : cf::CondBranchOp();
  return branch && branch.getFalseDestOperands().empty() ? branch.getFalseDest() : nullptr;
}

namespace {

struct LeaveLoops : fovea::impl::LeaveLoopsBase<LeaveLoops> {
  void runOnOperation() override {
    SmallVector<kernel::LeaveUnlessOp> ends;
    getOperation().walk([&](kernel::LeaveUnlessOp op) { ends.push_back(op); });
    for (kernel::LeaveUnlessOp op : ends) {
      Block *end = endOf(op.getNumber());
      if (!end) {
        op.emitOpError("expected the number of a loop that is blocks");
        return signalPassFailure();
      }
      Block *before = op->getBlock(), *rest = before->splitBlock(op->getNextNode());
      OpBuilder builder = OpBuilder::atBlockEnd(before);
      cf::CondBranchOp::create(builder, op.getLoc(), op.getCondition(), rest, end);
      op.erase();
      ++numEnds;
    }
  }
};

} // namespace
