//===- ReadLastStep.cpp - the last step's output is the final state -------===//
//
// A model that takes the last of all steps' outputs reads the final state instead, so that no steps
// are stored.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Transforms/Passes.h"
#include "compiler/Transforms/TensorBuilders.h"

#include "mlir/Interfaces/ValueBoundsOpInterface.h"

namespace fovea {
#define GEN_PASS_DEF_READLASTSTEP
#include "compiler/Transforms/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

/// The final state that y's last step is; null when it is none, or not of every row.
static Value finalOf(RnnOp op) {
  if (op.getLengths())
    return {};
  auto yield = cast<YieldOp>(op.getCell().front().getTerminator());
  ValueRange values = yield.getValues();
  for (auto [next, final] : llvm::zip_equal(values.drop_front(), op.getFinals()))
    if (next == values.front())
      return final;
  return {};
}

/// True for an operation that writes its one input in another order of dimensions.
static bool isReordering(linalg::GenericOp op) {
  if (!op.hasPureTensorSemantics() || op.getNumDpsInputs() != 1 || op.getNumDpsInits() != 1 ||
      op.getNumParallelLoops() != op.getNumLoops())
    return false;
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  auto yield = cast<linalg::YieldOp>(op.getBody()->getTerminator());
  return maps[0].isPermutation() && maps[1].isIdentity() &&
         yield.getValues().front() == op.getBody()->getArgument(0);
}

/// The one dimension of `dims` that is not 1; none when there are several, or only ones.
static std::optional<int64_t> onlyLong(ArrayRef<int64_t> dims, RankedTensorType type) {
  std::optional<int64_t> found;
  for (int64_t dim : dims) {
    if (type.getDimSize(dim) == 1)
      continue;
    if (found)
      return std::nullopt;
    found = dim;
  }
  return found;
}

/// Where the steps are in the result of a view or reordering `op` of a tensor that has them in
/// `dim`; none when they are not a dimension of it.
static std::optional<int64_t> stepsBehind(Operation *op, int64_t dim) {
  if (auto generic = dyn_cast<linalg::GenericOp>(op)) {
    if (!isReordering(generic))
      return std::nullopt;
    return generic.getIndexingMapsArray()[0].getDimPosition(dim);
  }
  if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op)) {
    for (auto [number, group] : llvm::enumerate(collapse.getReassociationIndices()))
      if (llvm::is_contained(group, dim))
        return onlyLong(group, collapse.getSrcType()) == dim ? std::optional<int64_t>(number)
                                                             : std::nullopt;
  }
  if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op))
    return onlyLong(expand.getReassociationIndices()[dim], expand.getResultType());
  return std::nullopt;
}

namespace {

/// All that reads the steps of one recurrence.
class Readers {
public:
  explicit Readers(RnnOp op) : op(op) {}

  /// True when all of them take the last step alone.
  bool takeLast(Value steps, int64_t dim) {
    return llvm::all_of(steps.getUsers(), [&](Operation *user) {
      if (auto slice = dyn_cast<tensor::ExtractSliceOp>(user))
        return isLast(slice, dim);
      if (auto size = dyn_cast<tensor::DimOp>(user))
        return size.getConstantIndex().has_value();
      std::optional<int64_t> behind = stepsBehind(user, dim);
      return behind && takeLast(user->getResult(0), *behind);
    });
  }

  /// Lets them take it of `last`, which has one step where `steps` has all.
  void take(Value steps, Value last, int64_t dim) {
    for (Operation *user : llvm::to_vector(steps.getUsers())) {
      ImplicitLocOpBuilder builder(user->getLoc(), user);
      if (auto slice = dyn_cast<tensor::ExtractSliceOp>(user)) {
        SmallVector<OpFoldResult> offsets = slice.getMixedOffsets();
        offsets[dim] = builder.getIndexAttr(0);
        Value view = tensor::ExtractSliceOp::create(builder, slice.getType(), last, offsets,
                                                    slice.getMixedSizes(), slice.getMixedStrides());
        slice.replaceAllUsesWith(view);
      } else if (auto size = dyn_cast<tensor::DimOp>(user)) {
        bool ofSteps = *size.getConstantIndex() == dim;
        size.replaceAllUsesWith(tensor::DimOp::create(builder, ofSteps ? op.getX() : last,
                                                      ofSteps ? 0 : *size.getConstantIndex())
                                    .getResult());
      } else {
        int64_t behind = *stepsBehind(user, dim);
        take(user->getResult(0), ofOne(builder, user, last, behind), behind);
      }
      user->erase();
    }
  }

private:
  bool isLast(tensor::ExtractSliceOp slice, int64_t dim) {
    using Bounds = ValueBoundsConstraintSet;
    if (slice.getStaticSizes()[dim] != 1)
      return false;
    OpFoldResult offset = slice.getMixedOffsets()[dim];
    if (op.getReverse())
      return isConstantIntValue(offset, 0);
    AffineMap before = AffineMap::get(1, 0, getAffineDimExpr(0, op.getContext()) - 1);
    FailureOr<bool> equal =
        Bounds::areEqual(offset, Bounds::Variable(before, {Bounds::Variable(op.getX(), 0)}));
    return succeeded(equal) && *equal;
  }

  /// The view or reordering `user`, of one step, which is its dimension `dim`.
  static Value ofOne(ImplicitLocOpBuilder &builder, Operation *user, Value last, int64_t dim) {
    auto type = cast<RankedTensorType>(user->getResult(0).getType());
    SmallVector<int64_t> shape(type.getShape());
    shape[dim] = 1;
    auto one = type.clone(shape);
    if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(user))
      return tensor::CollapseShapeOp::create(builder, one, last,
                                             collapse.getReassociationIndices());
    if (auto expand = dyn_cast<tensor::ExpandShapeOp>(user)) {
      SmallVector<OpFoldResult> sizes = expand.getMixedOutputShape();
      sizes[dim] = builder.getIndexAttr(1);
      return tensor::ExpandShapeOp::create(builder, one, last, expand.getReassociationIndices(),
                                           sizes);
    }
    auto generic = cast<linalg::GenericOp>(user);
    SmallVector<OpFoldResult> sizes =
        tensor::getMixedSizes(builder, user->getLoc(), generic.getOutputs().front());
    sizes[dim] = builder.getIndexAttr(1);
    Value init = emptyTensor(builder, sizes, type.getElementType());
    return clone(builder, generic, TypeRange(init.getType()), {last, init})->getResult(0);
  }

  RnnOp op;
};

struct ReadLastStep : fovea::impl::ReadLastStepBase<ReadLastStep> {
  void runOnOperation() override {
    SmallVector<RnnOp> recurrences;
    getOperation().walk([&](RnnOp op) { recurrences.push_back(op); });
    for (RnnOp op : recurrences) {
      Value final = finalOf(op);
      Readers readers(op);
      if (!final || op.getY().use_empty() || !readers.takeLast(op.getY(), 0))
        continue;
      ImplicitLocOpBuilder builder(op.getLoc(), op->getContext());
      builder.setInsertionPointAfter(op);
      readers.take(op.getY(), insertUnitDim(builder, final, 0), 0);
      ++numRead;
    }
  }
};

} // namespace
