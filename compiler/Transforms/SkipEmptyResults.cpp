//===- SkipEmptyResults.cpp - nothing computes what has no elements -------===//
//
// Operations whose results are empty by their types go before others meet sizes of 0, which slices
// and schedules do not take.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Analysis/TensorSizes.h"
#include "dialects/Fovea/FoveaDialect.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Pass/Pass.h"

namespace fovea {
#define GEN_PASS_DEF_SKIPEMPTYRESULTS
#include "compiler/Transforms/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

static bool isEmpty(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && llvm::is_contained(tensor.getShape(), 0);
}

/// True when all that `op` does is to compute tensors without elements.
static bool computesNothing(Operation *op) {
  if (isa<tensor::EmptyOp, GetWeightOp>(op) || op->hasTrait<OpTrait::ConstantLike>())
    return false;
  return op->getNumResults() > 0 && llvm::all_of(op->getResultTypes(), isEmpty) &&
         isMemoryEffectFree(op);
}

static void replaceWithEmpty(Operation *op, TensorSizes &sizes) {
  OpBuilder builder(op);
  for (OpResult result : op->getResults()) {
    auto type = cast<RankedTensorType>(result.getType());
    SmallVector<Value> dynamic;
    for (int64_t dim = 0; dim < type.getRank(); ++dim)
      if (type.isDynamicDim(dim))
        dynamic.push_back(sizes.materialize(builder, op->getLoc(), sizes.sizeOf(result, dim)));
    result.replaceAllUsesWith(tensor::EmptyOp::create(builder, op->getLoc(), type, dynamic));
  }
  op->erase();
}

/// The destination when `op` inserts a part without elements; null otherwise.
static Value destinationOfNothing(Operation *op) {
  auto insert = dyn_cast<tensor::InsertSliceOp>(op);
  return insert && isEmpty(insert.getSourceType()) ? insert.getDest() : Value();
}

/// Joins without their empty parts: such a part at the end would be inserted out of bounds.
static bool dropEmptyParts(tensor::ConcatOp op) {
  SmallVector<Value> parts =
      llvm::filter_to_vector(op.getInputs(), [](Value part) { return !isEmpty(part.getType()); });
  if (parts.size() == op.getInputs().size() || parts.empty())
    return false;
  OpBuilder builder(op);
  Value joined = parts.front();
  if (parts.size() > 1)
    joined = tensor::ConcatOp::create(builder, op.getLoc(), op.getDim(), parts);
  if (joined.getType() != op.getType())
    joined = tensor::CastOp::create(builder, op.getLoc(), op.getType(), joined);
  op.replaceAllUsesWith(joined);
  op.erase();
  return true;
}

namespace {
struct SkipEmptyResults : fovea::impl::SkipEmptyResultsBase<SkipEmptyResults> {
  void runOnOperation() override {
    SmallVector<Operation *> empty;
    SmallVector<tensor::ConcatOp> joins;
    getOperation().walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (computesNothing(op) || destinationOfNothing(op)) {
        empty.push_back(op);
        return WalkResult::skip();
      }
      if (auto join = dyn_cast<tensor::ConcatOp>(op))
        joins.push_back(join);
      return WalkResult::advance();
    });
    for (Operation *op : empty) {
      Value destination = destinationOfNothing(op);
      if (destination && !isEmpty(destination.getType())) {
        op->getResult(0).replaceAllUsesWith(destination);
        op->erase();
      } else {
        // Sizes are traced anew, since what they were traced through is gone.
        TensorSizes sizes(getOperation());
        replaceWithEmpty(op, sizes);
      }
    }
    numSkipped += empty.size() + llvm::count_if(joins, dropEmptyParts);
  }
};
} // namespace
