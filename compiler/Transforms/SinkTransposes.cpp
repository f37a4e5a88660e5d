//===- SinkTransposes.cpp - transpositions behind what does not mind ------===//
//
// Moves transpositions behind elementwise operations, padding and slices, until they meet one that
// undoes them or an operation that needs the order.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Transforms/Passes.h"
#include "compiler/Transforms/TensorBuilders.h"

#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace fovea {
#define GEN_PASS_DEF_SINKTRANSPOSES
#include "compiler/Transforms/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

static linalg::TransposeOp transposeOf(Value value) {
  auto transpose = value.getDefiningOp<linalg::TransposeOp>();
  return transpose && transpose->getNumResults() == 1 ? transpose : linalg::TransposeOp();
}

/// What is at place i of a transposition's result, at its place in the source.
template <typename T> static SmallVector<T> inSource(ArrayRef<T> values, ArrayRef<int64_t> order) {
  SmallVector<T> moved(values.size());
  for (auto [value, place] : llvm::zip_equal(values, order))
    moved[place] = value;
  return moved;
}

/// Offsets, sizes and strides of a slice of a transposition's result in its source.
static std::array<SmallVector<OpFoldResult>, 3> rangeInSource(OffsetSizeAndStrideOpInterface slice,
                                                              ArrayRef<int64_t> order) {
  return {inSource<OpFoldResult>(slice.getMixedOffsets(), order),
          inSource<OpFoldResult>(slice.getMixedSizes(), order),
          inSource<OpFoldResult>(slice.getMixedStrides(), order)};
}

namespace {

/// Base of what moves a transposition behind an operation.
template <typename OpTy> struct Behind : OpRewritePattern<OpTy> {
  Behind(MLIRContext *context, int64_t &numSunk)
      : OpRewritePattern<OpTy>(context), numSunk(numSunk) {}

  /// Replaces `op` by `sunk`, computed in the order of the source, transposed.
  void replace(PatternRewriter &rewriter, Operation *op, ValueRange sunk,
               ArrayRef<int64_t> order) const {
    ImplicitLocOpBuilder builder(op->getLoc(), rewriter);
    SmallVector<Value> results;
    for (auto [value, old] : llvm::zip_equal(sunk, op->getResults()))
      results.push_back(castTo(builder, transposed(builder, value, order), old.getType()));
    rewriter.replaceOp(op, results);
    ++numSunk;
  }

  int64_t &numSunk;
};

/// elementwise(transpose(x)) -> transpose(elementwise(x)): every input of full rank is transposed
/// alike.
struct BehindElementwise : Behind<linalg::GenericOp> {
  using Behind::Behind;

  LogicalResult matchAndRewrite(linalg::GenericOp op, PatternRewriter &rewriter) const override {
    linalg::TransposeOp first = moved(op);
    if (!first)
      return rewriter.notifyMatchFailure(op, "its inputs are not all transposed alike");
    ArrayRef<int64_t> order = first.getPermutation();
    SmallVector<AffineExpr> dims;
    for (int64_t place : order)
      dims.push_back(rewriter.getAffineDimExpr(place));
    ImplicitLocOpBuilder builder(op.getLoc(), rewriter);
    AffineMap identity = rewriter.getMultiDimIdentityMap(order.size());
    SmallVector<Value> inputs, inits;
    SmallVector<AffineMap> maps;
    for (OpOperand *operand : op.getDpsInputOperands()) {
      AffineMap map = op.getMatchingIndexingMap(operand);
      linalg::TransposeOp transpose = map.isIdentity() ? transposeOf(operand->get()) : nullptr;
      inputs.push_back(transpose ? transpose.getInput() : operand->get());
      maps.push_back(transpose ? identity : map.replaceDimsAndSymbols(dims, {}, order.size(), 0));
    }
    for (Value init : op.getOutputs()) {
      SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, op.getLoc(), init);
      inits.push_back(
          emptyTensor(builder, inSource<OpFoldResult>(sizes, order), getElementTypeOrSelf(init)));
      maps.push_back(identity);
    }
    auto sunk = linalg::GenericOp::create(
        builder, ValueRange(inits).getTypes(), inputs, inits, maps,
        SmallVector<utils::IteratorType>(order.size(), utils::IteratorType::parallel));
    sunk.getRegion().takeBody(op.getRegion());
    replace(rewriter, op, sunk.getResults(), order);
    return success();
  }

private:
  /// One of the inputs' transpositions if the operation can go in front of them.
  static linalg::TransposeOp moved(linalg::GenericOp op) {
    if (!op.hasPureTensorSemantics() || op.getNumParallelLoops() != op.getNumLoops() ||
        op.hasIndexSemantics())
      return {};
    for (OpOperand &init : op.getDpsInitsMutable())
      if (!op.getMatchingIndexingMap(&init).isIdentity() || op.payloadUsesValueFromOperand(&init))
        return {};
    linalg::TransposeOp first;
    for (OpOperand *operand : op.getDpsInputOperands()) {
      if (!op.getMatchingIndexingMap(operand).isIdentity())
        continue;
      linalg::TransposeOp transpose = transposeOf(operand->get());
      if (!transpose || (first && first.getPermutation() != transpose.getPermutation()))
        return {};
      first = transpose;
    }
    return first;
  }
};

/// An operation that reads a transposed tensor in the order of its source reads the source.
struct ReadSource : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::GenericOp op, PatternRewriter &rewriter) const override {
    for (OpOperand *operand : op.getDpsInputOperands()) {
      linalg::TransposeOp transpose = transposeOf(operand->get());
      AffineMap map = op.getMatchingIndexingMap(operand);
      if (!transpose || map.isIdentity())
        continue;
      SmallVector<AffineExpr> results =
          inSource<AffineExpr>(map.getResults(), transpose.getPermutation());
      auto read = AffineMap::get(map.getNumDims(), 0, results, getContext());
      if (!read.isIdentity())
        continue;
      SmallVector<AffineMap> maps = op.getIndexingMapsArray();
      maps[operand->getOperandNumber()] = read;
      rewriter.modifyOpInPlace(op, [&] {
        operand->set(transpose.getInput());
        op.setIndexingMapsAttr(rewriter.getAffineMapArrayAttr(maps));
      });
      return success();
    }
    return rewriter.notifyMatchFailure(op, "reads nothing in the order of its source");
  }
};

/// extract_slice(transpose(x)) -> transpose(extract_slice(x))
struct BehindExtract : Behind<tensor::ExtractSliceOp> {
  using Behind::Behind;

  LogicalResult matchAndRewrite(tensor::ExtractSliceOp op,
                                PatternRewriter &rewriter) const override {
    linalg::TransposeOp transpose = transposeOf(op.getSource());
    if (!transpose || op.getType().getRank() != op.getSourceType().getRank())
      return rewriter.notifyMatchFailure(op, "is no slice of a transposed tensor of its rank");
    ArrayRef<int64_t> order = transpose.getPermutation();
    ImplicitLocOpBuilder builder(op.getLoc(), rewriter);
    auto [offsets, sizes, strides] = rangeInSource(op, order);
    Value slice =
        tensor::ExtractSliceOp::create(builder, transpose.getInput(), offsets, sizes, strides);
    replace(rewriter, op, slice, order);
    return success();
  }
};

/// insert_slice(transpose(x), t) -> transpose(insert_slice(x, t')), where t is empty, filled or
/// transposed likewise.
struct BehindInsert : Behind<tensor::InsertSliceOp> {
  using Behind::Behind;

  LogicalResult matchAndRewrite(tensor::InsertSliceOp op,
                                PatternRewriter &rewriter) const override {
    linalg::TransposeOp transpose = transposeOf(op.getSource());
    if (!transpose || op.getSourceType().getRank() != op.getType().getRank())
      return rewriter.notifyMatchFailure(op, "inserts no transposed tensor of its rank");
    ArrayRef<int64_t> order = transpose.getPermutation();
    ImplicitLocOpBuilder builder(op.getLoc(), rewriter);
    Value target = inFront(builder, op.getDest(), order);
    if (!target)
      return rewriter.notifyMatchFailure(op, "the tensor that it is inserted into has its order");
    auto [offsets, sizes, strides] = rangeInSource(op, order);
    Value inserted = tensor::InsertSliceOp::create(builder, transpose.getInput(), target, offsets,
                                                   sizes, strides);
    replace(rewriter, op, inserted, order);
    return success();
  }

private:
  /// The tensor whose transposition `dest` is; null when that would cost something.
  static Value inFront(ImplicitLocOpBuilder &builder, Value dest, ArrayRef<int64_t> order) {
    if (linalg::TransposeOp transpose = transposeOf(dest))
      return transpose.getPermutation() == order ? transpose.getInput() : Value();
    auto fill = dest.getDefiningOp<linalg::FillOp>();
    if (!fill && !dest.getDefiningOp<tensor::EmptyOp>())
      return {};
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, builder.getLoc(), dest);
    Value empty =
        emptyTensor(builder, inSource<OpFoldResult>(sizes, order), getElementTypeOrSelf(dest));
    if (!fill)
      return empty;
    return linalg::FillOp::create(builder, fill.getInputs(), ValueRange(empty)).getResult(0);
  }
};

/// tensor.cast(transpose(x)) -> transpose(tensor.cast(x))
struct BehindCast : Behind<tensor::CastOp> {
  using Behind::Behind;

  LogicalResult matchAndRewrite(tensor::CastOp op, PatternRewriter &rewriter) const override {
    linalg::TransposeOp transpose = transposeOf(op.getSource());
    auto type = dyn_cast<RankedTensorType>(op.getType());
    auto from = cast<RankedTensorType>(op.getSource().getType());
    // A cast that loses a size is the next operation's business.
    if (!transpose || !type || !tensor::preservesStaticInformation(from, type))
      return rewriter.notifyMatchFailure(op, "adds nothing to a transposed tensor's type");
    ArrayRef<int64_t> order = transpose.getPermutation();
    ImplicitLocOpBuilder builder(op.getLoc(), rewriter);
    Value cast = castTo(builder, transpose.getInput(),
                        type.clone(inSource<int64_t>(type.getShape(), order)));
    replace(rewriter, op, cast, order);
    return success();
  }
};

/// A transposition that moves dimensions of size 1 alone moves no element.
struct ReshapeInstead : OpRewritePattern<linalg::TransposeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::TransposeOp op, PatternRewriter &rewriter) const override {
    if (!transposeOf(op->getNumResults() ? op->getResult(0) : Value()))
      return rewriter.notifyMatchFailure(op, "works on buffers");
    auto from = cast<RankedTensorType>(op.getInput().getType());
    auto to = cast<RankedTensorType>(op->getResult(0).getType());
    SmallVector<int64_t> kept, places;
    for (auto [place, size] : llvm::enumerate(from.getShape()))
      if (size != 1)
        kept.push_back(size), places.push_back(place);
    SmallVector<int64_t> behind;
    for (int64_t place : op.getPermutation())
      if (from.getDimSize(place) != 1)
        behind.push_back(place);
    if (kept.empty() || behind != places)
      return rewriter.notifyMatchFailure(op, "moves elements");
    auto flat = RankedTensorType::get(kept, from.getElementType());
    ImplicitLocOpBuilder builder(op.getLoc(), rewriter);
    auto collapse = getReassociationIndicesForReshape(from, flat);
    auto expand = getReassociationIndicesForReshape(to, flat);
    if (!collapse || !expand)
      return rewriter.notifyMatchFailure(op, "its dynamic sizes do not tell the groups");
    Value value = op.getInput();
    if (flat != from)
      value = tensor::CollapseShapeOp::create(builder, flat, value, *collapse);
    if (flat != to)
      value = tensor::ExpandShapeOp::create(
          builder, to, value, *expand, tensor::getMixedSizes(builder, op.getLoc(), op.getInit()));
    rewriter.replaceOp(op, value);
    return success();
  }
};

struct SinkTransposes : fovea::impl::SinkTransposesBase<SinkTransposes> {
  void runOnOperation() override {
    int64_t sunk = 0;
    RewritePatternSet patterns(&getContext());
    patterns.add<BehindElementwise, BehindExtract, BehindInsert, BehindCast>(&getContext(), sunk);
    patterns.add<ReadSource, ReshapeInstead>(&getContext());
    linalg::TransposeOp::getCanonicalizationPatterns(patterns, &getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      return signalPassFailure();
    numSunk += sunk;
  }
};

} // namespace
