//===- SplitDepth.cpp - deep products of few tiles in parts ---------------===//
//
// A product of few rows has few tiles, each of which reads its whole depth alone: the depth is cut
// into parts, which are a dimension more of the result, and the sums of parts are added in their
// order by an elementwise operation, behind which the epilogue follows.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CUDA/Forms.h"
#include "compiler/Targets/CUDA/Passes.h"
#include "compiler/Targets/Loops/ProductDims.h"
#include "compiler/Transforms/TensorBuilders.h"

#include "dialects/Fovea/StructuredOps.h"

namespace fovea {
#define GEN_PASS_DEF_SPLITDEPTH
#include "compiler/Targets/CUDA/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;
using namespace fovea::loops;

/// Rows and columns of a block's tile, and elements of a block that has one for each warp.
static constexpr int64_t kTile = 64, kWarpElements = 4;
/// Most rows: with more, parts cost more to write and to add than the depth costs to read.
static constexpr int64_t kMostRows = 64;
/// Parts at most: the sum reads all of them for each element. Elements that parts are multiples of,
/// so that all begin at multiples of 16 bytes and are whole stages.
static constexpr int64_t kMostParts = 16, kPartStep = 32;

/// Place of a dimension as a result of its own, if it is in no other one.
static std::optional<unsigned> placeAlone(AffineMap map, unsigned dim) {
  if (!runsAlone(map, dim))
    return std::nullopt;
  return map.getResultPosition(getAffineDimExpr(dim, map.getContext()));
}

namespace {

/// A product whose depth can be cut: its roles, and where the depth is in both operands.
struct DeepProduct {
  ProductDims dims;
  unsigned k, lhsPlace, rhsPlace;
  int64_t depth, blocks;

  static std::optional<DeepProduct> of(ContractOp op) {
    auto type = dyn_cast<RankedTensorType>(op.getInit().getType());
    std::optional<ProductDims> dims = ProductDims::of(op);
    auto isStatic = [](Value value) { return cast<ShapedType>(value.getType()).hasStaticShape(); };
    bool fits = type && type.hasStaticShape() && isStatic(op.getLhs()) && isStatic(op.getRhs()) &&
                op.getSumType().isF32() && !op.getScheduleAttr() && dims &&
                dims->packedWidth == 0 && dims->k.size() == 1;
    // Rows that are read at a step are not counted.
    if (!fits || (dims->m && !dims->rowCount()))
      return std::nullopt;
    unsigned k = dims->k.front();
    std::optional<unsigned> lhs = placeAlone(op.getLhsMap(), k);
    std::optional<unsigned> rhs = placeAlone(op.getRhsMap(), k);
    if (!lhs || !rhs)
      return std::nullopt;
    int64_t depth = cast<ShapedType>(op.getLhs().getType()).getDimSize(*lhs);
    int64_t rows = dims->rowCount().value_or(1);
    int64_t columns = type.getShape().back(), elements = type.getNumElements();
    if (ShapedType::isDynamic(depth) || rows > kMostRows || elements == 0)
      return std::nullopt;
    int64_t batch = elements / (rows * columns);
    int64_t blocks = rows <= cuda::kFewRows ? llvm::divideCeil(elements, kWarpElements)
                                            : batch * llvm::divideCeil(columns, kTile);
    return DeepProduct{*dims, k, *lhs, *rhs, depth, blocks};
  }

  /// Parts that fill `tasks` blocks, each of `least` elements or more.
  int64_t parts(int64_t tasks, int64_t least) const {
    int64_t count = 1;
    while (count < kMostParts && blocks * count < tasks && depth >= 2 * count * least &&
           depth % (2 * count * kPartStep) == 0)
      count *= 2;
    return count;
  }
};

/// Rewrites one product. The number of the part is its last dimension.
class Splitting {
public:
  Splitting(ContractOp op, const DeepProduct &product, int64_t parts)
      : op(op), builder(op.getLoc(), op), product(product), parts(parts) {}

  void write() {
    op.getResult().replaceAllUsesWith(merged(sumsOfParts()));
    op.erase();
  }

private:
  AffineExpr part() { return builder.getAffineDimExpr(op.getNumDims()); }

  /// The operand with its depth as parts and elements of them.
  Value divided(Value operand, unsigned place) { return splitDim(builder, operand, place, parts); }

  AffineMap dividedMap(AffineMap map, unsigned place) {
    SmallVector<AffineExpr> results(map.getResults());
    results.insert(results.begin() + place, part());
    return AffineMap::get(op.getNumDims() + 1, 0, results, builder.getContext());
  }

  /// Sums as [part, dimensions of the result] in f32.
  Value sumsOfParts() {
    auto type = cast<RankedTensorType>(op.getInit().getType());
    SmallVector<int64_t> shape{parts};
    llvm::append_range(shape, type.getShape());
    Value init = tensor::EmptyOp::create(builder, shape, op.getSumType());
    AffineMap maps[] = {dividedMap(op.getLhsMap(), product.lhsPlace),
                        dividedMap(op.getRhsMap(), product.rhsPlace),
                        dividedMap(op.getOutMap(), 0)};
    Value sums = createContract(
        builder, divided(op.getLhs(), product.lhsPlace), divided(op.getRhs(), product.rhsPlace), {},
        init, maps, [](ImplicitLocOpBuilder &, ValueRange scalars) -> SmallVector<Value> {
          return {scalars[0]};
        });
    sums.getDefiningOp()->setAttr(kDepthPartsAttr, builder.getI64IntegerAttr(parts));
    return sums;
  }

  /// The epilogue of the parts' sum, in their order.
  Value merged(Value sums) {
    unsigned rank = cast<ShapedType>(op.getInit().getType()).getRank();
    SmallVector<Value> inputs(parts, sums);
    SmallVector<AffineMap> maps;
    for (int64_t number = 0; number < parts; ++number) {
      SmallVector<AffineExpr> results{builder.getAffineConstantExpr(number)};
      for (unsigned place = 0; place < rank; ++place)
        results.push_back(builder.getAffineDimExpr(place));
      maps.push_back(AffineMap::get(rank, 0, results, builder.getContext()));
    }
    // Captures have dimensions of the result alone.
    SmallVector<AffineExpr> placeOf(op.getNumDims(), builder.getAffineConstantExpr(0));
    for (unsigned place = 0; place < rank; ++place)
      placeOf[op.getOutMap().getDimPosition(place)] = builder.getAffineDimExpr(place);
    for (auto [number, capture] : llvm::enumerate(op.getCaptures())) {
      inputs.push_back(capture);
      maps.push_back(op.getCaptureMap(number).replaceDimsAndSymbols(placeOf, {}, rank, 0));
    }
    auto finish = [&](ImplicitLocOpBuilder &inside, ValueRange scalars) -> SmallVector<Value> {
      Value sum = scalars[0];
      for (Value next : scalars.slice(1, parts - 1))
        sum = arith::AddFOp::create(inside, sum, next);
      Block &epilogue = op.getEpilogue().front();
      IRMapping mapping;
      mapping.map(epilogue.getArgument(0), sum);
      mapping.map(epilogue.getArguments().drop_front(),
                  scalars.slice(parts, op.getCaptures().size()));
      for (Operation &each : epilogue.without_terminator())
        inside.clone(each, mapping);
      return {mapping.lookupOrDefault(epilogue.getTerminator()->getOperand(0))};
    };
    return createElementwise(builder, inputs, maps, op.getInit(), finish).front();
  }

  ContractOp op;
  ImplicitLocOpBuilder builder;
  const DeepProduct &product;
  int64_t parts;
};

struct SplitDepth : fovea::impl::SplitDepthBase<SplitDepth> {
  using SplitDepthBase::SplitDepthBase;

  void runOnOperation() override {
    SmallVector<ContractOp> found;
    getOperation().walk([&](ContractOp op) {
      // Only what this pass has made has it.
      op->removeAttr(kDepthPartsAttr);
      if (op->getNumResults() > 0)
        found.push_back(op);
    });
    for (ContractOp op : found) {
      std::optional<DeepProduct> product = DeepProduct::of(op);
      int64_t parts =
          product && product->depth >= manyElements ? product->parts(tasks, partElements) : 1;
      if (parts == 1)
        continue;
      Splitting(op, *product, parts).write();
      ++numSplit;
    }
  }
};

} // namespace
