//===- RecognizeSoftmax.cpp - softmax found in elementwise operations -----===//
//
// Finds max, subtraction, exponential, sum and quotient that together are one softmax.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Transforms/RecognizeSoftmax.h"

#include "compiler/Analysis/TensorAccess.h"
#include "compiler/Transforms/TensorBuilders.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace fovea;

namespace {
/// One operation on elements, each operand with where it is read.
struct Elementwise {
  Operation *op = nullptr;
  SmallVector<TensorAccess, 2> operands;
};
} // namespace

/// The access behind all views of it.
static TensorAccess withoutViews(IndexSpace &space, TensorAccess access) {
  while (std::optional<TensorAccess> before = beforeView(space, access))
    access = *before;
  return access;
}

/// The generic whose body is one operation, at the element `access`.
static Elementwise operationAt(IndexSpace &space, TensorAccess access) {
  access = withoutViews(space, access);
  auto generic = access.value.getDefiningOp<linalg::GenericOp>();
  if (!generic || !isElementwiseGeneric(generic) ||
      !llvm::hasNItems(generic.getBody()->getOperations(), 2))
    return {};
  Elementwise found;
  Operation *op = &generic.getBody()->front();
  if (generic.getBody()->getTerminator()->getOperand(0) != op->getResult(0))
    return {};
  SmallVector<LinearIndex> loops = loopIndices(generic, access.index);
  for (Value operand : op->getOperands()) {
    auto argument = dyn_cast<BlockArgument>(operand);
    if (!argument || argument.getOwner() != generic.getBody())
      return {};
    OpOperand *input = generic.getMatchingOpOperand(argument);
    auto at = accessOf(space, input->get(), generic.getMatchingIndexingMap(input), loops);
    if (!at)
      return {};
    found.operands.push_back(withoutViews(space, *at));
  }
  found.op = op;
  return found;
}

/// True when `op` combines one element of an operation with its result so far, which starts at the
/// value that changes nothing.
static bool combinesElements(linalg::GenericOp generic, Operation &op) {
  Block *body = generic.getBody();
  Value element = body->getArgument(0), result = body->getArgument(1);
  Value left = op.getOperand(0), right = op.getOperand(1);
  if (!(left == element && right == result) && !(left == result && right == element))
    return false;
  auto start = dyn_cast_or_null<FloatAttr>(splatConstant(generic.getDpsInits().front()));
  if (!start)
    return false;
  bool isSum = isa<arith::AddFOp>(op);
  return isSum ? start.getValue().isZero()
               : start.getValue().isInfinity() && start.getValue().isNegative();
}

/// True when `access` is the reduction, over the last index of `input`, of `input`'s tensor.
template <typename... Reductions>
static bool isReductionOf(IndexSpace &space, const TensorAccess &access,
                          const TensorAccess &input) {
  auto generic = access.value.getDefiningOp<linalg::GenericOp>();
  if (!generic || generic.getNumDpsInputs() != 1 || generic->getNumResults() != 1 ||
      generic.getNumReductionLoops() != 1 ||
      !llvm::hasNItems(generic.getBody()->getOperations(), 2) ||
      !isa<Reductions...>(generic.getBody()->front()) ||
      !combinesElements(generic, generic.getBody()->front()))
    return false;
  // Parallel loops run where the result is read; the reduction loop must be input's last index.
  SmallVector<LinearIndex> loops(generic.getNumLoops());
  for (auto [position, expr] :
       llvm::enumerate(generic.getIndexingMapsArray().back().getResults())) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    if (!dim)
      return false;
    loops[dim.getPosition()] = access.index[position];
  }
  SmallVector<unsigned> reductions;
  generic.getReductionDims(reductions);
  loops[reductions.front()] = input.index.back();
  auto at = accessOf(space, generic.getDpsInputs().front(), generic.getIndexingMapsArray().front(),
                     loops);
  return at && withoutViews(space, *at) == withoutViews(space, input);
}

/// The input of the softmax that `quotient` computes over its last dimension; null otherwise.
static Value softmaxInput(linalg::GenericOp quotient) {
  auto type = cast<RankedTensorType>(quotient->getResult(0).getType());
  if (type.getRank() == 0 || !isElementwiseGeneric(quotient))
    return {};
  IndexSpace::Cuts none;
  IndexSpace space(none);
  TensorAccess at{quotient->getResult(0), {}};
  for (int64_t size : type.getShape())
    at.index.push_back(space.addDim(size, /*cut=*/false));
  Elementwise division = operationAt(space, at);
  if (!isa_and_nonnull<arith::DivFOp>(division.op))
    return {};
  Elementwise power = operationAt(space, division.operands[0]);
  if (!isa_and_nonnull<math::ExpOp>(power.op))
    return {};
  Elementwise shifted = operationAt(space, power.operands[0]);
  if (!isa_and_nonnull<arith::SubFOp>(shifted.op))
    return {};
  TensorAccess input = shifted.operands[0];
  if (input.index != at.index || input.value.getType() != type ||
      !isReductionOf<arith::MaximumFOp, arith::MaxNumFOp>(space, shifted.operands[1], input) ||
      !isReductionOf<arith::AddFOp>(space, division.operands[1], division.operands[0]))
    return {};
  return input.value;
}

/// Sizes of a tensor as far as they are written down where it is made.
static SmallVector<OpFoldResult> writtenSizes(Value tensor) {
  while (auto result = dyn_cast<OpResult>(tensor)) {
    auto destination = dyn_cast<DestinationStyleOpInterface>(result.getOwner());
    if (!destination)
      break;
    tensor = destination.getTiedOpOperand(result)->get();
  }
  if (auto empty = tensor.getDefiningOp<tensor::EmptyOp>())
    return empty.getMixedSizes();
  if (auto expand = tensor.getDefiningOp<tensor::ExpandShapeOp>())
    return expand.getMixedOutputShape();
  return {};
}

bool fovea::takeReshapesOff(linalg::SoftmaxOp softmax) {
  auto collapse = softmax.getInput().getDefiningOp<tensor::CollapseShapeOp>();
  Value result = softmax->getResult(0);
  auto expand = result.hasOneUse() ? dyn_cast<tensor::ExpandShapeOp>(*result.user_begin())
                                   : tensor::ExpandShapeOp();
  if (!collapse || !expand || collapse.getSrcType() != expand.getResultType() ||
      collapse.getReassociationIndices() != expand.getReassociationIndices() ||
      collapse.getReassociationIndices()[softmax.getDimension()].size() != 1)
    return false;
  SmallVector<OpFoldResult> sizes = expand.getMixedOutputShape();
  SmallVector<OpFoldResult> source = writtenSizes(collapse.getSrc());
  bool same =
      collapse.getSrcType().hasStaticShape() ||
      (source.size() == sizes.size() && llvm::all_of_zip(source, sizes, isEqualConstantIntOrValue));
  if (!same)
    return false;
  ImplicitLocOpBuilder builder(softmax.getLoc(), expand);
  Value init = emptyTensor(builder, sizes, expand.getResultType().getElementType());
  int64_t dim = collapse.getReassociationIndices()[softmax.getDimension()].front();
  auto lifted = linalg::SoftmaxOp::create(builder, TypeRange(init.getType()), collapse.getSrc(),
                                          init, static_cast<uint64_t>(dim));
  expand.getResult().replaceAllUsesWith(lifted->getResult(0));
  expand.erase();
  softmax.erase();
  return true;
}

int64_t fovea::recognizeSoftmax(func::FuncOp function) {
  int64_t count = 0;
  function.walk([&](linalg::GenericOp op) {
    if (!op.hasPureTensorSemantics() || op->getNumResults() != 1)
      return;
    Value input = softmaxInput(op);
    if (!input)
      return;
    ImplicitLocOpBuilder builder(op.getLoc(), op);
    Value init = op.getDpsInits().front();
    auto softmax = linalg::SoftmaxOp::create(
        builder, TypeRange(init.getType()), input, init,
        static_cast<uint64_t>(cast<ShapedType>(input.getType()).getRank() - 1));
    op->getResult(0).replaceAllUsesWith(softmax->getResult(0));
    ++count;
  });
  return count;
}
