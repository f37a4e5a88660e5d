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

/// Inserting a part without elements changes nothing.
static bool insertsNothing(Operation *op) {
  auto insert = dyn_cast<tensor::InsertSliceOp>(op);
  return insert && isEmpty(insert.getSourceType());
}

namespace {
struct SkipEmptyResults : fovea::impl::SkipEmptyResultsBase<SkipEmptyResults> {
  void runOnOperation() override {
    SmallVector<Operation *> empty;
    getOperation().walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (!computesNothing(op) && !insertsNothing(op))
        return WalkResult::advance();
      empty.push_back(op);
      return WalkResult::skip();
    });
    for (Operation *op : empty) {
      if (auto insert = dyn_cast<tensor::InsertSliceOp>(op); insert && !isEmpty(insert.getType())) {
        insert.replaceAllUsesWith(insert.getDest());
        insert.erase();
      } else {
        // Sizes are traced anew, since what they were traced through is gone.
        TensorSizes sizes(getOperation());
        replaceWithEmpty(op, sizes);
      }
      ++numSkipped;
    }
  }
};
} // namespace
