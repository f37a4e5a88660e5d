//===- FoldCasts.cpp - operations read through tensor.cast ----------------===//
//
// The canonicalization that all operations with destinations share: sizes that a cast hides become
// part of the operation's types.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "dialects/Fovea/StructuredOps.h"

#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace fovea;

/// The cast that `operand` reads, when it only makes sizes dynamic; null otherwise.
static tensor::CastOp hidingCast(OpOperand &operand) {
  auto cast = operand.get().getDefiningOp<tensor::CastOp>();
  return cast && tensor::canFoldIntoConsumerOp(cast) ? cast : tensor::CastOp();
}

/// Gives the block arguments that stand for a table of attention the table's type.
static void retypeTables(AttentionOp op) {
  for (Region &region : op->getRegions()) {
    if (region.empty())
      continue;
    unsigned first = region.getNumArguments() - op.getCaptures().size();
    for (auto [index, capture] : llvm::enumerate(op.getCaptures()))
      if (isTable(capture, op.getCaptureMap(index)))
        region.getArgument(first + index).setType(capture.getType());
  }
}

namespace {
/// Reads and writes what casts hide, in place. Upstream's pattern for any operation with
/// destinations clones the operation, which MLIR 22.1 cannot do when one of its regions is empty,
/// and leaves block arguments as they were; this one goes first and leaves it nothing to do.
struct FoldCasts : OpInterfaceRewritePattern<DestinationStyleOpInterface> {
  explicit FoldCasts(MLIRContext *context)
      : OpInterfaceRewritePattern(context, /*benefit=*/PatternBenefit(100)) {}

  LogicalResult matchAndRewrite(DestinationStyleOpInterface op,
                                PatternRewriter &rewriter) const override {
    if (!isa<FoveaDialect>(op->getDialect()))
      return rewriter.notifyMatchFailure(op, "belongs to another dialect");
    if (llvm::none_of(op->getOpOperands(), hidingCast))
      return rewriter.notifyMatchFailure(op, "reads no cast");
    rewriter.modifyOpInPlace(op, [&] {
      for (OpOperand &operand : op->getOpOperands())
        if (tensor::CastOp cast = hidingCast(operand))
          operand.set(cast.getSource());
      if (auto attention = dyn_cast<AttentionOp>(op.getOperation()))
        retypeTables(attention);
    });
    rewriter.setInsertionPointAfter(op);
    for (OpResult result : op->getResults()) {
      Type before = result.getType(), now = op.getTiedOpOperand(result)->get().getType();
      if (before == now)
        continue;
      rewriter.modifyOpInPlace(op, [&] { result.setType(now); });
      auto back = tensor::CastOp::create(rewriter, op.getLoc(), before, result);
      rewriter.replaceAllUsesExcept(result, back, back);
    }
    return success();
  }
};
} // namespace

void FoveaDialect::getCanonicalizationPatterns(RewritePatternSet &patterns) const {
  patterns.add<FoldCasts>(getContext());
}
