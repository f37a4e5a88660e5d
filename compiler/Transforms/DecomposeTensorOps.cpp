//===- DecomposeTensorOps.cpp - what bufferization cannot take ------------===//
//
// Rewrites tensor operations without a bufferized or a scalar form into ones that have both.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Transforms/TensorBuilders.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/Transforms/Transforms.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

namespace fovea {
#define GEN_PASS_DEF_DECOMPOSETENSOROPS
#include "compiler/Transforms/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

static constexpr int64_t kMaxSplatElements = 1024;

namespace {
/// Softmax of f16 and bf16 is computed in f32; over another dimension than the last one, along
/// which there is a form, it becomes maximum, exponentials, sum and quotient.
struct DecomposeSoftmax : OpRewritePattern<linalg::SoftmaxOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::SoftmaxOp op, PatternRewriter &rewriter) const override {
    if (!op.hasPureTensorSemantics())
      return rewriter.notifyMatchFailure(op, "works on buffers");
    ImplicitLocOpBuilder builder(op.getLoc(), rewriter);
    Type element = op.getInputOperandType().getElementType();
    Type sum = ContractOp::getSumType(element);
    bool isOfRows = int64_t(op.getDimension()) == op.getInputOperandRank() - 1;
    bool isShort = sum && sum != element;
    if (isOfRows && !isShort)
      return rewriter.notifyMatchFailure(op, "has a form");
    auto wide = op;
    if (isShort) {
      Value input = convertElements(builder, op.getInput(), sum);
      Value init = emptyTensor(builder, tensor::getMixedSizes(builder, op.getLoc(), input), sum);
      wide = linalg::SoftmaxOp::create(builder, TypeRange(init.getType()), input, init,
                                       op.getDimension());
    }
    Value result = wide->getResult(0);
    if (!isOfRows) {
      FailureOr<SmallVector<Value>> parts = wide.decomposeOperation(rewriter);
      if (failed(parts))
        return rewriter.notifyMatchFailure(op, "upstream does not decompose it");
      result = parts->front();
      if (wide != op)
        rewriter.eraseOp(wide);
    }
    builder.setInsertionPointAfterValue(result);
    if (isShort)
      result =
          castTo(builder, convertElements(builder, result, element), op->getResult(0).getType());
    rewriter.replaceOp(op, result);
    return success();
  }
};

/// A constant of one value is filled during the run: in the code it would take its whole size.
struct FillSplat : OpRewritePattern<arith::ConstantOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::ConstantOp op, PatternRewriter &rewriter) const override {
    auto splat = dyn_cast<SplatElementsAttr>(op.getValue());
    auto type = dyn_cast<RankedTensorType>(op.getType());
    if (!splat || !type || type.getNumElements() <= kMaxSplatElements)
      return rewriter.notifyMatchFailure(op, "is small, or has more than one value");
    ImplicitLocOpBuilder builder(op.getLoc(), rewriter);
    Value scalar =
        arith::ConstantOp::create(builder, cast<TypedAttr>(splat.getSplatValue<Attribute>()));
    Value init = tensor::EmptyOp::create(builder, type.getShape(), type.getElementType());
    rewriter.replaceOp(op, linalg::FillOp::create(builder, scalar, init).getResults());
    return success();
  }
};

struct DecomposeTensorOps : fovea::impl::DecomposeTensorOpsBase<DecomposeTensorOps> {
  int64_t countCandidates() {
    int64_t found = 0;
    getOperation().walk([&](Operation *op) {
      auto constant = dyn_cast<arith::ConstantOp>(op);
      bool big = constant && isa<SplatElementsAttr>(constant.getValue()) &&
                 cast<ShapedType>(constant.getType()).getNumElements() > kMaxSplatElements;
      found += big || isa<tensor::ConcatOp, tensor::PadOp, linalg::SoftmaxOp>(op);
    });
    return found;
  }

  void runOnOperation() override {
    int64_t before = countCandidates();
    RewritePatternSet patterns(&getContext());
    tensor::populateDecomposeTensorConcatPatterns(patterns);
    patterns.add<linalg::DecomposePadOpPattern, DecomposeSoftmax, FillSplat>(&getContext());
    walkAndApplyPatterns(getOperation(), std::move(patterns));
    numDecomposed += before - countCandidates();
  }
};
} // namespace
