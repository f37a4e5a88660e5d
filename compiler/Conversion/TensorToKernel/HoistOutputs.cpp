//===- HoistOutputs.cpp - buffers of results as early as possible ---------===//
//
// Moves requests for result buffers up to where their sizes are known.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/TensorToKernel/Passes.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace fovea {
#define GEN_PASS_DEF_HOISTOUTPUTS
#include "compiler/Conversion/TensorToKernel/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

/// True when a size is computed by pure operations from sizes of arguments.
static bool isEarly(Value value, Block *entry) {
  if (auto argument = dyn_cast<BlockArgument>(value))
    return argument.getOwner() == entry;
  Operation *op = value.getDefiningOp();
  if (!op || op->getBlock() != entry || !isPure(op) || op->getNumRegions() != 0)
    return false;
  bool scalar = isa<tensor::DimOp>(op) ||
                llvm::all_of(op->getResultTypes(), [](Type type) { return type.isIntOrIndex(); });
  if (!scalar || isa<tensor::ExtractOp>(op))
    return false;
  return llvm::all_of(op->getOperands(), [&](Value operand) { return isEarly(operand, entry); });
}

/// Moves `op` and what it needs to the end of the early operations.
static void moveUp(Operation *op, Operation *&last, Block *entry, DenseSet<Operation *> &moved) {
  if (!moved.insert(op).second)
    return;
  for (Value operand : op->getOperands())
    if (Operation *source = operand.getDefiningOp())
      moveUp(source, last, entry, moved);
  if (last)
    op->moveAfter(last);
  else
    op->moveBefore(entry, entry->begin());
  last = op;
}

namespace {

struct HoistOutputs : fovea::impl::HoistOutputsBase<HoistOutputs> {
  void runOnOperation() override {
    Block *entry = &getOperation().front();
    SmallVector<kernel::OutputOp> outputs(entry->getOps<kernel::OutputOp>());
    Operation *last = nullptr;
    DenseSet<Operation *> moved;
    for (kernel::OutputOp output : outputs) {
      if (!llvm::all_of(output.getSizes(), [&](Value size) { return isEarly(size, entry); }))
        continue;
      moveUp(output, last, entry, moved);
      // The tensor over the buffer too: what is computed earlier can then be computed in it.
      for (Operation *user : output->getUsers())
        if (isa<bufferization::ToTensorOp>(user))
          moveUp(user, last, entry, moved);
      ++numHoisted;
    }
  }
};

} // namespace
