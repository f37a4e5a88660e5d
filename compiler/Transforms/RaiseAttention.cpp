//===- RaiseAttention.cpp - softmax between two products as attention -----===//
//
// Finds attention in what exporters decompose it into, and makes it one operation again.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Analysis/RegionRanges.h"
#include "compiler/Base/Refusal.h"
#include "compiler/Transforms/AttentionMatch.h"
#include "compiler/Transforms/Passes.h"
#include "compiler/Transforms/RecognizeSoftmax.h"
#include "compiler/Transforms/ScoreForm.h"
#include "compiler/Transforms/TensorBuilders.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Pass/Pass.h"

namespace fovea {
#define GEN_PASS_DEF_RAISEATTENTION
#include "compiler/Transforms/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

namespace {
/// Builds the attention that a match describes.
class AttentionBuilder {
public:
  AttentionBuilder(AttentionMatch &match)
      : match(match), builder(match.site.softmax.getLoc(), match.last) {}

  void build() {
    double scale =
        match.query.scale * match.key.scale * takeScale(match.score->getCore(), match.finalScore);
    conditions = takeMask(builder, match.score->getCore(), match.finalScore);
    builder.setInsertionPoint(match.last);
    match.probability = dropNanGuard(match.prob->getCore(), match.probability);
    findCaptures();
    AttentionOp op = createOperation(scale);
    if (match.finalScore != match.score->getCore())
      fillRegion(op.getScore(), *match.score, true, match.finalScore);
    if (!conditions.empty())
      fillMask(op);
    if (match.probability != match.prob->getCore())
      fillRegion(op.getProb(), *match.prob, true, match.probability);
    requirePositions(op);
    Value result = match.out.view.undo(builder, op.getResults().front(), destination());
    match.last->getResult(0).replaceAllUsesWith(result);
  }

private:
  /// The tensor into which the operation that is replaced writes.
  Value destination() const {
    return cast<DestinationStyleOpInterface>(match.last).getDpsInits().front();
  }

  SmallVector<Value> conditionValues() const {
    return llvm::map_to_vector(conditions, [](KeepCondition c) { return c.condition; });
  }

  /// Captures that what is left of the chains reads.
  void findCaptures() {
    SmallVector<Value> scoreValues = conditionValues();
    scoreValues.push_back(match.finalScore);
    Needed score(scoreValues), prob(match.probability);
    for (unsigned number = 0; number < match.captures.size(); ++number)
      if (score.reads(match.score->captureArgument(number)) ||
          prob.reads(match.prob->captureArgument(number)))
        used.push_back(number);
  }

  /// What values of a chain are computed from.
  struct Needed {
    explicit Needed(ArrayRef<Value> values) : values(values), operations(operationsFor(values)) {}

    bool reads(Value argument) const {
      return argument && (llvm::is_contained(values, argument) ||
                          llvm::any_of(argument.getUsers(),
                                       [&](Operation *op) { return operations.contains(op); }));
    }

    SmallVector<Value> values;
    llvm::DenseSet<Operation *> operations;
  };

  /// A captured tensor, or an outer scalar as one of rank 0.
  Value captured(const TensorAccess &access) {
    Value value = access.value;
    if (isa<RankedTensorType>(value.getType()))
      return value;
    if (value.getType().isIndex())
      value = arith::IndexCastOp::create(builder, builder.getI64Type(), value);
    return tensor::FromElementsOp::create(builder, RankedTensorType::get({}, value.getType()),
                                          value);
  }

  AttentionOp createOperation(double scale) {
    Value query = match.query.view.apply(builder, match.query.access.value);
    Value key = match.key.view.apply(builder, match.key.access.value);
    Value value = match.value.view.apply(builder, match.value.access.value);
    Value init = match.out.view.apply(builder, destination());
    SmallVector<AffineMap> maps{match.query.view.map, match.key.view.map, match.value.view.map};
    SmallVector<Value> captures;
    for (unsigned number : used) {
      const TensorAccess &access = match.captures[number];
      captures.push_back(captured(access));
      SmallVector<AffineExpr> results;
      for (const LinearIndex &index : access.index)
        results.push_back(*match.layout.expression(match.space, index, builder.getContext()));
      maps.push_back(AffineMap::get(6, 0, results, builder.getContext()));
    }
    maps.push_back(match.out.view.map);
    return AttentionOp::create(builder, TypeRange(init.getType()), query, key, value, captures,
                               init, builder.getAffineMapArrayAttr(maps),
                               builder.getF64FloatAttr(scale));
  }

  /// Opens a region with its arguments and maps those of the chain to them.
  IRMapping openRegion(Region &region, ScalarChain &chain, bool hasCore) {
    SmallVector<Type> types(hasCore, cast<AttentionOp>(region.getParentOp()).getScoreType());
    types.append(4, builder.getIndexType());
    for (unsigned number : used) {
      Type element = getElementTypeOrSelf(match.captures[number].value);
      types.push_back(element.isIndex() ? builder.getI64Type() : element);
    }
    Block *block = builder.createBlock(&region, {}, types,
                                       SmallVector<Location>(types.size(), builder.getLoc()));
    IRMapping mapping;
    if (hasCore)
      mapping.map(chain.getCore(), block->getArgument(0));
    for (auto [place, number] : llvm::enumerate(used))
      if (Value argument = chain.captureArgument(number))
        mapping.map(argument, block->getArgument(hasCore + 4 + place));
    for (auto [atom, argument] : chain.getAtomArguments())
      if (!argument.use_empty())
        mapping.map(argument, positionOf(atom, block->getArguments().slice(hasCore, 4)));
    return mapping;
  }

  /// Value of an atom from the positions b, h, i, j.
  Value positionOf(unsigned atom, ValueRange positions) {
    std::optional<HeadLayout::Place> place = match.layout.placeOf(match.space, atom);
    Value value = positions[place->dim];
    if (place->stride != 1)
      value = arith::DivUIOp::create(builder, value,
                                     arith::ConstantIndexOp::create(builder, place->stride));
    if (place->extent != 0)
      value = arith::RemUIOp::create(builder, value,
                                     arith::ConstantIndexOp::create(builder, place->extent));
    return value;
  }

  void cloneFor(ArrayRef<Value> values, ScalarChain &chain, IRMapping &mapping) {
    llvm::DenseSet<Operation *> needed = operationsFor(values);
    for (Operation &op : chain.getBlock())
      if (needed.contains(&op))
        builder.clone(op, mapping);
  }

  void fillRegion(Region &region, ScalarChain &chain, bool hasCore, Value result) {
    OpBuilder::InsertionGuard guard(builder);
    IRMapping mapping = openRegion(region, chain, hasCore);
    cloneFor(result, chain, mapping);
    YieldOp::create(builder, mapping.lookup(result));
  }

  void fillMask(AttentionOp op) {
    OpBuilder::InsertionGuard guard(builder);
    IRMapping mapping = openRegion(op.getMask(), *match.score, false);
    cloneFor(conditionValues(), *match.score, mapping);
    Value keep;
    for (auto [condition, inverted] : conditions) {
      Value value = mapping.lookup(condition);
      if (inverted)
        value = arith::XOrIOp::create(
            builder, value, arith::ConstantIntOp::create(builder, builder.getI1Type(), 1));
      keep = keep ? arith::AndIOp::create(builder, keep, value).getResult() : value;
    }
    YieldOp::create(builder, keep);
  }

  /// What regions that see positions demand of extents: fovea-require-extents ran without them.
  void requirePositions(AttentionOp op) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPoint(op);
    for (auto [dim, operand, map] : {std::tuple(AttentionOp::I, op.getQuery(), op.getQueryMap()),
                                     std::tuple(AttentionOp::J, op.getKey(), op.getKeyMap())}) {
      unsigned place = *map.getResultPosition(builder.getAffineDimExpr(dim));
      int64_t extent = cast<RankedTensorType>(operand.getType()).getDimSize(place);
      bool fits = !ShapedType::isDynamic(extent) && extent <= kMaxPositions;
      if (fits || !seesPosition(op, dim))
        continue;
      Value size = tensor::DimOp::create(builder, operand, place);
      Value limit = arith::ConstantIndexOp::create(builder, kMaxPositions);
      Value holds = arith::CmpIOp::create(builder, arith::CmpIPredicate::sle, size, limit);
      RequireOp::create(builder, holds, size, limit, Fault::Shape, nodeOrLine(op));
    }
  }

  static bool seesPosition(AttentionOp op, unsigned dim) {
    return llvm::any_of(op->getRegions(), [&](Region &region) {
      if (region.empty())
        return false;
      unsigned first = region.getNumArguments() - op.getCaptures().size() - 4;
      return !region.getArgument(first + dim).use_empty();
    });
  }

  AttentionMatch &match;
  ImplicitLocOpBuilder builder;
  SmallVector<KeepCondition> conditions;
  SmallVector<unsigned> used;
};
} // namespace

/// Adds a cut that an attempt asked for; false when it is there or does not nest with the others.
static bool addCut(IndexSpace::Cuts &cuts, std::pair<unsigned, int64_t> cut) {
  SmallVector<int64_t> &strides = cuts[cut.first];
  for (int64_t stride : strides)
    if (stride == cut.second || (stride % cut.second != 0 && cut.second % stride != 0))
      return false;
  strides.push_back(cut.second);
  return true;
}

/// Raises one softmax; otherwise says what did not fit.
static std::optional<Mismatch> raise(linalg::SoftmaxOp softmax) {
  OpOperand *behind = productBehind(softmax);
  if (!behind)
    return Mismatch{softmax, "does not reach exactly one product"};
  SmallVector<ContractOp> products = productsBefore(softmax);
  if (products.empty())
    return Mismatch{softmax, "has scores that no product gives"};
  std::optional<Mismatch> first;
  for (ContractOp scores : products) {
    IndexSpace::Cuts cuts;
    while (true) {
      AttentionMatch match({softmax, scores, behind}, cuts);
      bool matched = match.run();
      if (match.space.newCut && addCut(cuts, *match.space.newCut))
        continue;
      if (matched) {
        AttentionBuilder(match).build();
        return std::nullopt;
      }
      if (!first)
        first = match.mismatch;
      break;
    }
  }
  return first;
}

/// Lets sizes of intermediate tensors come from their destinations, so that a size alone does not
/// keep scores alive.
static void takeSizesFromDestinations(func::FuncOp function) {
  function.walk([](tensor::DimOp op) {
    while (auto result = dyn_cast<OpResult>(op.getSource())) {
      auto destination = dyn_cast<DestinationStyleOpInterface>(result.getOwner());
      if (!destination)
        break;
      op.getSourceMutable().assign(destination.getTiedOpOperand(result)->get());
    }
    auto expanded = op.getSource().getDefiningOp<tensor::ExpandShapeOp>();
    std::optional<int64_t> dim = op.getConstantIndex();
    if (!expanded || !dim || *dim < 0 || *dim >= expanded.getResultType().getRank())
      return;
    if (auto size = dyn_cast<Value>(expanded.getMixedOutputShape()[*dim]))
      op.replaceAllUsesWith(size);
  });
}

static void eraseDead(func::FuncOp function) {
  SmallVector<Operation *> operations;
  function.walk<WalkOrder::PreOrder>([&](Operation *op) { operations.push_back(op); });
  for (Operation *op : llvm::reverse(operations))
    if (isOpTriviallyDead(op))
      op->erase();
}

namespace {
struct RaiseAttention : fovea::impl::RaiseAttentionBase<RaiseAttention> {
  using RaiseAttentionBase::RaiseAttentionBase;

  SmallVector<linalg::SoftmaxOp> softmaxOperations() {
    SmallVector<linalg::SoftmaxOp> found;
    getOperation().walk([&](linalg::SoftmaxOp op) { found.push_back(op); });
    return found;
  }

  /// Softmax between products is attention that was missed, any other one nobody expects to be.
  void writeDown(linalg::SoftmaxOp softmax, const Mismatch &mismatch) {
    Operation *op = mismatch.op ? mismatch.op : softmax;
    std::string text = "'" + op->getName().getStringRef().str() + "' " + mismatch.reason;
    if (report)
      op->emitRemark() << "not raised to attention: " << text;
    if (!productsBefore(softmax).empty() && reachesProduct(softmax))
      addGraphRecord(getOperation(), softmax, "decomposed",
                     {{AttentionOp::getOperationName(), "not_raised", text}});
  }

  void runOnOperation() override {
    takeSizesFromDestinations(getOperation());
    numSoftmax += recognizeSoftmax(getOperation());
    llvm::for_each(softmaxOperations(), takeReshapesOff);
    eraseDead(getOperation());
    SmallVector<linalg::SoftmaxOp> candidates = softmaxOperations();
    for (linalg::SoftmaxOp softmax : candidates) {
      std::optional<Mismatch> mismatch = raise(softmax);
      numRaised += !mismatch;
      numRefused += mismatch.has_value();
      if (mismatch)
        writeDown(softmax, *mismatch);
    }
    eraseDead(getOperation());
  }
};
} // namespace
