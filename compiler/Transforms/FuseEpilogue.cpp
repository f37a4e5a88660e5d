//===- FuseEpilogue.cpp - elementwise consumers finish a product ----------===//
//
// Folds an elementwise linalg.generic into the epilogue of the fovea.contract that it reads.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Analysis/ScalarBody.h"
#include "compiler/Transforms/TensorBuilders.h"

#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace fovea {
#define GEN_PASS_DEF_FUSEEPILOGUE
#include "compiler/Transforms/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

/// Rounds of the driver, each of which moves reshapes by one operation. Long chains need many.
static constexpr int64_t kMaxIterations = 1024;

/// The contraction whose result `value` is and that nothing but `user` reads; null otherwise.
static ContractOp productOnlyFor(Value value, Operation *user) {
  auto product = value.getDefiningOp<ContractOp>();
  if (!product || product->getBlock() != user->getBlock())
    return {};
  bool alone = llvm::all_of(value.getUsers(), [&](Operation *other) { return other == user; });
  return alone ? product : ContractOp();
}

/// For each loop dimension of a generic the contraction's dimension, when `map` permutes the
/// product's dimensions; empty otherwise.
static SmallVector<AffineExpr> dimsOfLoops(ContractOp product, AffineMap map) {
  if (!map.isPermutation())
    return {};
  SmallVector<AffineExpr> dims(map.getNumDims());
  for (auto [position, expr] : llvm::enumerate(map.getResults()))
    dims[cast<AffineDimExpr>(expr).getPosition()] = product.getOutMap().getResult(position);
  return dims;
}

/// `map` over loop dimensions as a map over the contraction's dimensions.
static AffineMap composeWith(AffineMap map, ArrayRef<AffineExpr> dims, ContractOp product) {
  return map.replaceDimsAndSymbols(dims, {}, product.getNumDims(), 0);
}

/// What the consumer writes: elementwise operations may name one of their inputs, of which only the
/// shape counts; the product's own result goes with it.
static Value destinationOf(ContractOp product, linalg::GenericOp consumer) {
  Value init = consumer.getDpsInits().front();
  return init == product.getResult() ? product.getInit() : init;
}

namespace {
/// Gathers operands and body of a product with the generic `consumer` in its epilogue.
class EpilogueBuilder {
public:
  EpilogueBuilder(ImplicitLocOpBuilder &builder, ContractOp product, linalg::GenericOp consumer,
                  ArrayRef<AffineExpr> dims)
      : builder(builder), product(product), consumer(consumer), dims(dims) {
    llvm::append_range(captures, product.getCaptures());
    for (unsigned index = 0; index < captures.size(); ++index)
      captureMaps.push_back(product.getCaptureMap(index));
  }

  Value build() {
    addInputs();
    addOuterScalars();
    Value init = destinationOf(product, consumer);
    SmallVector<AffineMap> maps{product.getLhsMap(), product.getRhsMap()};
    llvm::append_range(maps, captureMaps);
    maps.push_back(composeWith(consumer.getIndexingMapsArray().back(), dims, product));
    return createContract(
        builder, product.getLhs(), product.getRhs(), captures, init, maps,
        [&](ImplicitLocOpBuilder &scalars, ValueRange arguments) -> SmallVector<Value> {
          return {fillBody(scalars, arguments)};
        },
        product.getScheduleAttr());
  }

private:
  void addInputs() {
    for (OpOperand *input : consumer.getDpsInputOperands()) {
      if (input->get() == product.getResult())
        continue;
      places[consumer.getMatchingBlockArgument(input)] = captures.size();
      captures.push_back(input->get());
      captureMaps.push_back(composeWith(consumer.getMatchingIndexingMap(input), dims, product));
    }
  }

  /// Scalars computed outside the body become captures of rank 0; constants are cloned later.
  void addOuterScalars() {
    for (Value outer : scalarsFromOutside(*consumer.getBody())) {
      auto type = RankedTensorType::get({}, outer.getType());
      places[outer] = captures.size();
      captures.push_back(tensor::FromElementsOp::create(builder, type, outer));
      captureMaps.push_back(AffineMap::get(product.getNumDims(), 0, builder.getContext()));
    }
  }

  Value fillBody(ImplicitLocOpBuilder &scalars, ValueRange arguments) {
    IRMapping mapping;
    Block &own = product.getEpilogue().front();
    mapping.map(own.getArguments(), arguments.take_front(own.getNumArguments()));
    Value sum = cloneScalarBody(scalars, own, mapping).front();
    for (OpOperand *input : consumer.getDpsInputOperands())
      if (input->get() == product.getResult())
        mapping.map(consumer.getMatchingBlockArgument(input), sum);
    for (auto [value, place] : places)
      mapping.map(value, arguments[1 + place]);
    return cloneScalarBody(scalars, *consumer.getBody(), mapping).front();
  }

  ImplicitLocOpBuilder &builder;
  ContractOp product;
  linalg::GenericOp consumer;
  ArrayRef<AffineExpr> dims;
  SmallVector<Value> captures;
  SmallVector<AffineMap> captureMaps;
  llvm::MapVector<Value, size_t> places;
};

struct FoldIntoEpilogue : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::GenericOp op, PatternRewriter &rewriter) const override {
    if (op.getNumParallelLoops() != op.getNumLoops())
      return rewriter.notifyMatchFailure(op, "reduces");
    if (op->getNumResults() != 1)
      return rewriter.notifyMatchFailure(op, "gives more than one tensor, or buffers");
    if (!op.getIndexingMapsArray().back().isPermutation())
      return rewriter.notifyMatchFailure(op, "does not write every element once");
    if (op.payloadUsesValueFromOperand(op.getDpsInitOperand(0)))
      return rewriter.notifyMatchFailure(op, "reads what its destination held");
    if (!isScalarBody(*op.getBody()))
      return rewriter.notifyMatchFailure(op, "computes more than elementwise scalars");
    for (Value outer : scalarsFromOutside(*op.getBody()))
      if (!outer.getType().isIntOrFloat())
        return rewriter.notifyMatchFailure(op, "uses an outer value that cannot be captured");
    std::optional<std::pair<ContractOp, AffineMap>> found = findProduct(op);
    if (!found)
      return rewriter.notifyMatchFailure(op, "reads no product that only it reads, in one way");
    if (readsDestination(found->first, destinationOf(found->first, op)))
      return rewriter.notifyMatchFailure(op, "writes what the product reads");
    SmallVector<AffineExpr> dims = dimsOfLoops(found->first, found->second);
    if (dims.empty())
      return rewriter.notifyMatchFailure(op, "iterates over another space than the product");
    ImplicitLocOpBuilder builder(op.getLoc(), rewriter);
    rewriter.replaceOp(op, EpilogueBuilder(builder, found->first, op, dims).build());
    rewriter.eraseOp(found->first);
    return success();
  }

  /// True when the product reads the tensor that is to be written, whole or through a view: it is
  /// not done with it when the first results are there.
  static bool readsDestination(ContractOp product, Value destination) {
    return llvm::any_of(product.getDpsInputs(), [&](Value value) {
      while (value != destination) {
        Operation *view = value.getDefiningOp();
        if (!isa_and_nonnull<tensor::ExpandShapeOp, tensor::CollapseShapeOp, tensor::CastOp,
                             tensor::ExtractSliceOp>(view))
          return false;
        value = view->getOperand(0);
      }
      return true;
    });
  }

  /// The first product among the inputs, with the one map through which it is read.
  static std::optional<std::pair<ContractOp, AffineMap>> findProduct(linalg::GenericOp op) {
    for (OpOperand *input : op.getDpsInputOperands()) {
      ContractOp product = productOnlyFor(input->get(), op);
      if (!product)
        continue;
      AffineMap map = op.getMatchingIndexingMap(input);
      bool oneWay = llvm::all_of(op.getDpsInputOperands(), [&](OpOperand *other) {
        return other->get() != input->get() || op.getMatchingIndexingMap(other) == map;
      });
      if (oneWay && map.isPermutation())
        return std::make_pair(product, map);
    }
    return std::nullopt;
  }
};

/// Drops a reshape that undoes the one before it.
template <typename OuterOp, typename InnerOp>
struct FoldInverseReshape : OpRewritePattern<OuterOp> {
  using OpRewritePattern<OuterOp>::OpRewritePattern;

  LogicalResult matchAndRewrite(OuterOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getSrc().template getDefiningOp<InnerOp>();
    if (!inner || inner.getSrcType() != op.getResultType() ||
        inner.getReassociationIndices() != op.getReassociationIndices())
      return rewriter.notifyMatchFailure(op, "does not undo another reshape");
    bool sizesKnown = llvm::all_of(op.getReassociationIndices(), [&](ArrayRef<int64_t> group) {
      return llvm::count_if(group, [&](int64_t dim) {
               return op.getResultType().getRank() > dim && op.getResultType().isDynamicDim(dim);
             }) <= 1;
    });
    if (isa<tensor::ExpandShapeOp>(op) && !sizesKnown)
      return rewriter.notifyMatchFailure(op, "may split a dimension in other sizes");
    rewriter.replaceOp(op, inner.getSrc());
    return success();
  }
};

/// Takes a size of a product or of its reshape from where that has it: it is not a reader then.
struct SizeOfProduct : OpRewritePattern<tensor::DimOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tensor::DimOp op, PatternRewriter &rewriter) const override {
    std::optional<int64_t> dim = op.getConstantIndex();
    if (!dim)
      return rewriter.notifyMatchFailure(op, "dimension is not constant");
    if (auto product = op.getSource().getDefiningOp<ContractOp>()) {
      rewriter.replaceOpWithNewOp<tensor::DimOp>(op, product.getInit(), op.getIndex());
      return success();
    }
    auto reshape = op.getSource().getDefiningOp<tensor::ExpandShapeOp>();
    if (!reshape)
      return rewriter.notifyMatchFailure(op, "is the size of neither product nor reshape");
    OpFoldResult size = reshape.getMixedOutputShape()[*dim];
    rewriter.replaceOp(op, getValueOrCreateConstantIndexOp(rewriter, op.getLoc(), size));
    return success();
  }
};

/// Moves a reshape of a product behind the generic that reads it, when that is all that keeps the
/// generic from the epilogue.
bool isReshapedProduct(OpOperand *operand) {
  auto consumer = dyn_cast<linalg::GenericOp>(operand->getOwner());
  Operation *reshape = operand->get().getDefiningOp();
  if (!consumer || !isa_and_nonnull<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(reshape) ||
      !reshape->hasOneUse() || consumer->getNumResults() != 1)
    return false;
  return productOnlyFor(reshape->getOperand(0), reshape) && isScalarBody(*consumer.getBody()) &&
         !consumer.payloadUsesValueFromOperand(consumer.getDpsInitOperand(0)) &&
         consumer.getMatchingIndexingMap(operand).isPermutation();
}

struct FuseEpilogue : fovea::impl::FuseEpilogueBase<FuseEpilogue> {
  int64_t countGenerics() {
    int64_t found = 0;
    getOperation().walk([&](linalg::GenericOp) { ++found; });
    return found;
  }

  void runOnOperation() override {
    int64_t before = countGenerics();
    RewritePatternSet patterns(&getContext());
    patterns.add<FoldIntoEpilogue, SizeOfProduct,
                 FoldInverseReshape<tensor::ExpandShapeOp, tensor::CollapseShapeOp>,
                 FoldInverseReshape<tensor::CollapseShapeOp, tensor::ExpandShapeOp>>(&getContext());
    linalg::populateFoldReshapeOpsByExpansionPatterns(patterns, isReshapedProduct);
    linalg::populateFoldReshapeOpsByCollapsingPatterns(patterns, isReshapedProduct);
    // Constants belong into the regions that use them: the driver must not hoist them.
    GreedyRewriteConfig config;
    config.enableFolding(false).enableConstantCSE(false);
    config.setRegionSimplificationLevel(GreedySimplifyRegionLevel::Disabled);
    config.setMaxIterations(kMaxIterations);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns), config)))
      return signalPassFailure();
    numFused += before - countGenerics();
  }
};
} // namespace
