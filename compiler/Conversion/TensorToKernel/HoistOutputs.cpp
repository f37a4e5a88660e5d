//===- HoistOutputs.cpp - buffers of results as early as possible ---------===//
//
// Moves requests for result buffers up to where their sizes are known.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Analysis/TensorSizes.h"
#include "compiler/Conversion/TensorToKernel/Passes.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace fovea {
#define GEN_PASS_DEF_HOISTOUTPUTS
#include "compiler/Conversion/TensorToKernel/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

/// Computes sizes of what branches give from what both branches compute them from: such a size is
/// known before it is known which branch runs.
static void takeSizesFromBranches(func::FuncOp entry) {
  TensorSizes sizes(entry);
  SmallVector<tensor::DimOp> replaced;
  entry.walk([&](tensor::DimOp op) {
    auto result = dyn_cast<OpResult>(op.getSource());
    std::optional<int64_t> dim = op.getConstantIndex();
    if (!result || !isa<scf::IfOp>(result.getOwner()) || !dim)
      return;
    SizeExpr size = sizes.sizeOf(result, *dim);
    SmallVector<Value> sources;
    sizes.sourcesOf(size, sources);
    if (llvm::is_contained(sources, result))
      return;
    OpBuilder builder(op);
    op.replaceAllUsesWith(sizes.materialize(builder, op.getLoc(), size));
    replaced.push_back(op);
  });
  // Not before: sizes are remembered by their values.
  for (tensor::DimOp op : replaced)
    op.erase();
}

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
    takeSizesFromBranches(getOperation());
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
