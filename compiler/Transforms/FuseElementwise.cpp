//===- FuseElementwise.cpp - chains of elementwise operations as one ------===//
//
// Fuses elementwise linalg.generic operations with their producers.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Analysis/ScalarBody.h"
#include "compiler/Analysis/TensorSizes.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace fovea {
#define GEN_PASS_DEF_FUSEELEMENTWISE
#include "compiler/Transforms/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

/// True when the body reads a tensor at computed positions.
static bool gathers(linalg::GenericOp op) {
  return llvm::any_of(*op.getBody(),
                      [](Operation &inner) { return isa<tensor::ExtractOp>(inner); });
}

/// True when each element of the producer is used for one iteration of the consumer.
static bool isReadOnce(linalg::GenericOp consumer, OpOperand *operand) {
  return operand->get().hasOneUse() && consumer.getMatchingIndexingMap(operand).isPermutation();
}

/// Operations of a body up to which a cheap producer that others read, too, is computed anew: each
/// such fusion may double the reads of what comes before.
static constexpr int64_t kMostRecomputing = 64;

/// True when fusion computes no costly producer, and no long chain of cheap ones, more than once.
static bool mayRecompute(linalg::GenericOp producer, linalg::GenericOp consumer) {
  auto length = [](linalg::GenericOp op) {
    return static_cast<int64_t>(op.getBody()->getOperations().size()) - 1;
  };
  return isCheapBody(*producer.getBody()) && length(consumer) <= kMostRecomputing;
}

/// Lets `op` write into an empty tensor where it overwrites what another operation computed, which
/// would be computed for its sizes alone.
static void forgetDestination(linalg::GenericOp op, TensorSizes &sizes) {
  for (OpOperand &init : op.getDpsInitsMutable()) {
    auto before = init.get().getDefiningOp<linalg::GenericOp>();
    auto type = dyn_cast<RankedTensorType>(init.get().getType());
    if (!before || !type || op.payloadUsesValueFromOperand(&init))
      continue;
    OpBuilder builder(op);
    SmallVector<OpFoldResult> shape;
    for (int64_t dim = 0; dim < type.getRank(); ++dim)
      shape.push_back(getAsOpFoldResult(
          sizes.materialize(builder, op.getLoc(), sizes.sizeOf(init.get(), dim))));
    Value empty = tensor::EmptyOp::create(builder, op.getLoc(), shape, type.getElementType());
    if (empty.getType() != type)
      empty = tensor::CastOp::create(builder, op.getLoc(), type, empty);
    init.set(empty);
  }
}

namespace {
/// Comes after upstream's pattern that joins inputs which are the same.
struct FuseProducer : OpRewritePattern<linalg::GenericOp> {
  explicit FuseProducer(MLIRContext *context) : OpRewritePattern(context, /*benefit=*/0) {}

  LogicalResult matchAndRewrite(linalg::GenericOp op, PatternRewriter &rewriter) const override {
    for (OpOperand &operand : op->getOpOperands()) {
      if (!op.isDpsInput(&operand) || failed(checkFusable(op, operand, rewriter)))
        continue;
      FailureOr<linalg::ElementwiseOpFusionResult> fused =
          linalg::fuseElementwiseOps(rewriter, &operand);
      if (failed(fused))
        continue;
      for (auto [origin, replacement] : fused->replacements)
        rewriter.replaceUsesWithIf(origin, replacement, [&](OpOperand &use) {
          return use.get().getDefiningOp() != operand.get().getDefiningOp();
        });
      rewriter.eraseOp(op);
      return success();
    }
    return rewriter.notifyMatchFailure(op, "no producer can be fused");
  }

  static LogicalResult checkFusable(linalg::GenericOp op, OpOperand &operand,
                                    PatternRewriter &rewriter) {
    auto producer = operand.get().getDefiningOp<linalg::GenericOp>();
    if (!producer || producer->getBlock() != op->getBlock())
      return rewriter.notifyMatchFailure(op, "operand has no elementwise producer in this block");
    if (!linalg::areElementwiseOpsFusable(&operand))
      return rewriter.notifyMatchFailure(op, "producer does not write what the operand reads");
    if (gathers(op) || gathers(producer))
      return rewriter.notifyMatchFailure(op, "producer or consumer reads computed positions");
    if (producer->getNumResults() != 1)
      return rewriter.notifyMatchFailure(op, "producer gives more than one tensor");
    if (!isReadOnce(op, &operand) && !mayRecompute(producer, op))
      return rewriter.notifyMatchFailure(op, "fusion would compute the producer more than once");
    return success();
  }
};

/// Reads a destination as an input where the result in its place has no uses: upstream's patterns
/// keep such a result, and two results in one tensor cannot both be computed in place.
struct ReadUnusedDestination : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::GenericOp op, PatternRewriter &rewriter) const override {
    // What a reduction reads in its destination is what it has so far.
    if (op.getNumParallelLoops() != op.getNumLoops())
      return rewriter.notifyMatchFailure(op, "is a reduction");
    for (OpOperand &init : op.getDpsInitsMutable())
      if (!op->use_empty() && op.getTiedOpResult(&init).use_empty() &&
          op.payloadUsesValueFromOperand(&init)) {
        readAsInput(op, init, rewriter);
        return success();
      }
    return rewriter.notifyMatchFailure(op, "every result in a tensor that is read has uses");
  }

  static void readAsInput(linalg::GenericOp op, OpOperand &init, PatternRewriter &rewriter) {
    unsigned place = op.getNumDpsInputs();
    SmallVector<Value> inputs(op.getInputs());
    inputs.push_back(init.get());
    SmallVector<AffineMap> maps = op.getIndexingMapsArray();
    maps.insert(maps.begin() + place, op.getMatchingIndexingMap(&init));
    auto made = linalg::GenericOp::create(rewriter, op.getLoc(), op.getResultTypes(), inputs,
                                          op.getOutputs(), maps, op.getIteratorTypesArray());
    rewriter.inlineRegionBefore(op.getRegion(), made.getRegion(), made.getRegion().end());
    BlockArgument old = made.getRegion().getArgument(init.getOperandNumber());
    BlockArgument read = made.getRegion().insertArgument(place, old.getType(), old.getLoc());
    rewriter.replaceAllUsesWith(old, read);
    rewriter.replaceOp(op, made);
  }
};

struct FuseElementwise : fovea::impl::FuseElementwiseBase<FuseElementwise> {
  int64_t countGenerics() {
    int64_t found = 0;
    getOperation().walk([&](linalg::GenericOp) { ++found; });
    return found;
  }

  void runOnOperation() override {
    int64_t before = countGenerics();
    TensorSizes sizes(getOperation());
    getOperation().walk([&](linalg::GenericOp op) { forgetDestination(op, sizes); });
    RewritePatternSet patterns(&getContext());
    patterns.add<FuseProducer, ReadUnusedDestination>(&getContext());
    // A fused operation keeps its producer's result, which nobody needs once all took it in.
    linalg::populateEraseUnusedOperandsAndResultsPatterns(patterns);
    GreedyRewriteConfig config;
    config.enableFolding(false).enableConstantCSE(false);
    config.setRegionSimplificationLevel(GreedySimplifyRegionLevel::Disabled);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns), config)))
      return signalPassFailure();
    numFused += before - countGenerics();
  }
};
} // namespace
