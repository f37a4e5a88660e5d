//===- ChannelsLast.cpp - convolutions as products with channels on lanes -===//
//
// A convolution over one dimension, whose results lie place behind place, becomes a product whose
// results lie channel behind channel: its weight can be packed, and a window of the input is one
// run of elements. Places are few and channels are many where that counts.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Transforms/Passes.h"
#include "compiler/Transforms/TensorBuilders.h"

#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

namespace fovea {
#define GEN_PASS_DEF_CHANNELSLAST
#include "compiler/Transforms/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

namespace {

/// A product of windows of the lhs with a weight.
struct Windows {
  /// Result dimensions but n, in the result's order; the last are the places. The channel.
  SmallVector<unsigned> outer;
  unsigned n = 0;
  /// Where the lhs has the window, what a place moves it by, and the summed dimension along it.
  unsigned position = 0;
  int64_t step = 1;
  std::optional<unsigned> tap;
  /// Summed dimensions but `tap`, in the lhs's order.
  SmallVector<unsigned> inner;

  static std::optional<Windows> of(ContractOp op);

private:
  bool readLhs(ContractOp op);
};

} // namespace

static std::optional<unsigned> dimOf(AffineExpr expr) {
  auto dim = dyn_cast<AffineDimExpr>(expr);
  return dim ? std::optional(dim.getPosition()) : std::nullopt;
}

std::optional<Windows> Windows::of(ContractOp op) {
  auto weight = op.getRhs().getDefiningOp<GetWeightOp>();
  AffineMap out = op.getOutMap(), rhs = op.getRhsMap();
  bool fits = weight && op.getResult() && !op.getScheduleAttr() && op.getSumType().isF32() &&
              rhs.isProjectedPermutation() && out.isProjectedPermutation();
  if (!fits)
    return std::nullopt;
  Windows found;
  unsigned channels = 0;
  for (AffineExpr result : out.getResults()) {
    unsigned dim = *dimOf(result);
    bool isChannel = rhs.isFunctionOfDim(dim);
    channels += isChannel;
    if (isChannel)
      found.n = dim;
    else
      found.outer.push_back(dim);
  }
  // The last dimension of the result but n is the places'; they and what is outside are the lhs's.
  bool areLhs =
      llvm::all_of(found.outer, [&](unsigned dim) { return op.getLhsMap().isFunctionOfDim(dim); });
  if (channels != 1 || found.outer.empty() || !areLhs || op.getLhsMap().isFunctionOfDim(found.n) ||
      !found.readLhs(op))
    return std::nullopt;
  // With channels on the lanes and windows of one place it is a product like any other.
  bool isTurned = *dimOf(out.getResults().back()) == found.n;
  return isTurned && !found.tap ? std::nullopt : std::optional(found);
}

/// Finds the window in the lhs's map; false for one that is not of the form.
bool Windows::readLhs(ContractOp op) {
  unsigned place = outer.back(), windows = 0;
  for (auto [number, result] : llvm::enumerate(op.getLhsMap().getResults())) {
    std::optional<unsigned> dim = dimOf(result);
    if (dim && op.isReduction(*dim)) {
      inner.push_back(*dim);
      continue;
    }
    if (dim && *dim != place)
      continue;
    position = number;
    ++windows;
    if (dim)
      continue;
    // place * step + tap
    for (unsigned candidate = 0; candidate < op.getNumDims(); ++candidate)
      if (op.isReduction(candidate) && result.isFunctionOfDim(candidate)) {
        if (tap)
          return false;
        tap = candidate;
      }
    if (!tap)
      return false;
    AffineExpr at = getAffineDimExpr(place, op.getContext());
    AffineExpr rest = result - getAffineDimExpr(*tap, op.getContext());
    auto move = dyn_cast<AffineConstantExpr>(
        simplifyAffineExpr(rest.replace(at, at + 1) - rest, op.getNumDims(), 0));
    if (!move || simplifyAffineExpr(rest - at * move.getValue(), op.getNumDims(), 0) !=
                     getAffineConstantExpr(0, op.getContext()))
      return false;
    step = move.getValue();
  }
  // Each summed dimension once in the lhs, and in the weight.
  auto isSummed = [&](unsigned dim) {
    return !op.isReduction(dim) ||
           (op.getRhsMap().isFunctionOfDim(dim) && (dim == tap || llvm::count(inner, dim) == 1));
  };
  return windows == 1 && step > 0 && llvm::all_of(llvm::seq(0u, op.getNumDims()), isSummed) &&
         op.getLhsMap().getNumResults() == outer.size() + inner.size();
}

/// `value` with all dimensions from `first` on merged.
static Value mergedFrom(ImplicitLocOpBuilder &builder, Value value, int64_t first) {
  int64_t rank = cast<RankedTensorType>(value.getType()).getRank();
  if (first + 1 >= rank)
    return value;
  SmallVector<ReassociationIndices> groups;
  for (int64_t dim = 0; dim < rank; ++dim) {
    if (dim <= first)
      groups.emplace_back();
    groups.back().push_back(dim);
  }
  return tensor::CollapseShapeOp::create(builder, value, groups);
}

namespace {

class Turned {
public:
  Turned(ImplicitLocOpBuilder &builder, ContractOp op, Windows windows)
      : builder(builder), op(op), windows(std::move(windows)) {
    auto type = cast<RankedTensorType>(op.getRhs().getType());
    for (unsigned dim : this->windows.inner)
      channelsIn *= type.getDimSize(placeIn(op.getRhsMap(), dim));
  }

  /// The result with the dimensions in the old order.
  Value write() {
    unsigned outer = windows.outer.size();
    // Dimensions of the new product: the outer ones, n, k.
    SmallVector<AffineExpr> places(op.getNumDims(), builder.getAffineConstantExpr(0));
    for (auto [number, dim] : llvm::enumerate(windows.outer))
      places[dim] = builder.getAffineDimExpr(number);
    places[windows.n] = builder.getAffineDimExpr(outer);
    auto mapOver = [&](ArrayRef<AffineExpr> results) {
      return AffineMap::get(outer + 2, 0, results, builder.getContext());
    };
    SmallVector<AffineMap> maps{
        mapOver(lhsPlaces()),
        mapOver({builder.getAffineDimExpr(outer), builder.getAffineDimExpr(outer + 1)})};
    for (unsigned index = 0; index < op.getCaptures().size(); ++index)
      maps.push_back(op.getCaptureMap(index).replaceDimsAndSymbols(places, {}, outer + 2, 0));
    // New places of the old result's dimensions, and where each comes from.
    SmallVector<int64_t> order, back;
    for (unsigned dim : windows.outer)
      order.push_back(placeIn(op.getOutMap(), dim));
    order.push_back(placeIn(op.getOutMap(), windows.n));
    back = invertPermutationVector(order);
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, op.getLoc(), op.getInit());
    maps.push_back(mapOver(builder.getMultiDimIdentityMap(outer + 1).getResults()));
    Value init =
        emptyTensor(builder, applyPermutation(sizes, order), getElementTypeOrSelf(op.getInit()));
    auto product = ContractOp::create(builder, TypeRange(init.getType()), windowsOfLhs(),
                                      weightRows(), op.getCaptures(), init,
                                      builder.getAffineMapArrayAttr(maps), ScheduleAttr());
    product.getEpilogue().takeBody(op.getEpilogue());
    return castTo(builder, transposed(builder, product.getResult(), back),
                  op.getResult().getType());
  }

private:
  static int64_t placeIn(AffineMap map, unsigned dim) {
    return *map.getResultPosition(getAffineDimExpr(dim, map.getContext()));
  }

  /// Where the new lhs is read.
  SmallVector<AffineExpr> lhsPlaces() {
    unsigned outer = windows.outer.size();
    SmallVector<AffineExpr> results;
    for (unsigned number = 0; number + 1 < outer; ++number)
      results.push_back(builder.getAffineDimExpr(number));
    AffineExpr place = builder.getAffineDimExpr(outer - 1), k = builder.getAffineDimExpr(outer + 1);
    if (windows.tap)
      results.push_back(place * (windows.step * channelsIn) + k);
    else
      results.append({place, k});
    return results;
  }

  /// The lhs with the window's dimension, and behind it what is summed besides; both merged when a
  /// window reaches over several places.
  Value windowsOfLhs() {
    SmallVector<int64_t> order;
    for (unsigned dim : ArrayRef(windows.outer).drop_back())
      order.push_back(placeIn(op.getLhsMap(), dim));
    order.push_back(windows.position);
    for (unsigned dim : windows.inner)
      order.push_back(placeIn(op.getLhsMap(), dim));
    int64_t outer = windows.outer.size();
    return mergedFrom(builder, transposed(builder, op.getLhs(), order),
                      windows.tap ? outer - 1 : outer);
  }

  /// The weight as [n, k].
  Value weightRows() {
    SmallVector<int64_t> order{placeIn(op.getRhsMap(), windows.n)};
    if (windows.tap)
      order.push_back(placeIn(op.getRhsMap(), *windows.tap));
    for (unsigned dim : windows.inner)
      order.push_back(placeIn(op.getRhsMap(), dim));
    return mergedFrom(builder, transposed(builder, op.getRhs(), order), 1);
  }

  ImplicitLocOpBuilder &builder;
  ContractOp op;
  Windows windows;
  int64_t channelsIn = 1;
};

struct TurnWindows : OpRewritePattern<ContractOp> {
  TurnWindows(MLIRContext *context, int64_t lanes, int64_t &numTurned)
      : OpRewritePattern(context), lanes(lanes), numTurned(numTurned) {}

  LogicalResult matchAndRewrite(ContractOp op, PatternRewriter &rewriter) const override {
    std::optional<Windows> windows = Windows::of(op);
    if (!windows)
      return rewriter.notifyMatchFailure(op, "is no convolution over one dimension");
    auto shape = cast<RankedTensorType>(op.getInit().getType()).getShape();
    AffineExpr n = getAffineDimExpr(windows->n, getContext());
    AffineExpr place = getAffineDimExpr(windows->outer.back(), getContext());
    int64_t channels = shape[*op.getOutMap().getResultPosition(n)];
    int64_t places = shape[*op.getOutMap().getResultPosition(place)];
    bool fills = channels >= lanes && (ShapedType::isDynamic(places) ||
                                       int64_t(llvm::alignTo(channels, lanes)) * places <=
                                           channels * int64_t(llvm::alignTo(places, lanes)));
    if (!fills)
      return rewriter.notifyMatchFailure(op, "its places fill the lanes as well");
    ImplicitLocOpBuilder builder(op.getLoc(), rewriter);
    rewriter.replaceOp(op, Turned(builder, op, std::move(*windows)).write());
    ++numTurned;
    return success();
  }

  int64_t lanes;
  int64_t &numTurned;
};

struct ChannelsLast : fovea::impl::ChannelsLastBase<ChannelsLast> {
  using ChannelsLastBase::ChannelsLastBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    int64_t turned = 0;
    patterns.add<TurnWindows>(&getContext(), lanes, turned);
    walkAndApplyPatterns(getOperation(), std::move(patterns));
    numTurned += turned;
  }
};

} // namespace
