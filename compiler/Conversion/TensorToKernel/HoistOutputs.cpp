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

/// What a tensor is a view of.
static Value sourceOf(Value tensor) {
  while (Operation *op = tensor.getDefiningOp()) {
    if (!isa<tensor::CastOp, tensor::ExpandShapeOp, tensor::CollapseShapeOp,
             tensor::ExtractSliceOp>(op))
      break;
    tensor = op->getOperand(0);
  }
  return tensor;
}

/// True when a branch gives a tensor that is computed before it: that may have other readers, so
/// that it must not be computed in the destination.
static bool isGivenByBranch(Value tensor) {
  auto branch = sourceOf(tensor).getDefiningOp<scf::IfOp>();
  if (!branch)
    return false;
  unsigned number = cast<OpResult>(sourceOf(tensor)).getResultNumber();
  return llvm::any_of(ArrayRef{branch.thenYield(), branch.elseYield()}, [&](scf::YieldOp yield) {
    Value source = sourceOf(yield.getOperand(number));
    Operation *computed = source.getDefiningOp();
    return computed && (!branch->isProperAncestor(computed) || isGivenByBranch(source));
  });
}

/// True when a result that may be given by a branch goes into the buffer.
static bool takesFromBranch(kernel::OutputOp output) {
  return llvm::any_of(output->getUsers(), [](Operation *user) {
    return isa<bufferization::ToTensorOp>(user) &&
           llvm::any_of(user->getUsers(), [](Operation *place) {
             auto write = dyn_cast<bufferization::MaterializeInDestinationOp>(place);
             return write && isGivenByBranch(write.getSource());
           });
  });
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
      if (takesFromBranch(output) ||
          !llvm::all_of(output.getSizes(), [&](Value size) { return isEarly(size, entry); }))
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
