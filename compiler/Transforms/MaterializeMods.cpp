//===- MaterializeMods.cpp - causal, window and softcap as regions --------===//
//
// Folds attention's sugar into its score and mask regions.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "dialects/Fovea/StructuredOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Pass/Pass.h"

namespace fovea {
#define GEN_PASS_DEF_MATERIALIZEMODS
#include "compiler/Transforms/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

/// Block of a region of `op`, created when the region is empty; `leading` precede the positions.
static Block *regionBlock(AttentionOp op, Region &region, TypeRange leading) {
  if (!region.empty())
    return &region.front();
  OpBuilder builder(op.getContext());
  SmallVector<Type> types(leading);
  types.append(4, builder.getIndexType());
  for (auto [index, capture] : llvm::enumerate(op.getCaptures()))
    types.push_back(isTable(capture, op.getCaptureMap(index)) ? capture.getType()
                                                              : elementTypeOf(capture));
  SmallVector<Location> locations(types.size(), op.getLoc());
  return builder.createBlock(&region, {}, types, locations);
}

/// Adds a scalar capture; every region receives it as its last argument.
static void addScalarCapture(AttentionOp op, Value capture) {
  SmallVector<Attribute> maps(op.getIndexingMaps().getValue());
  auto map = AffineMapAttr::get(AffineMap::get(6, 0, op.getContext()));
  maps.insert(maps.begin() + 3 + op.getCaptures().size(), map);
  op.setIndexingMapsAttr(ArrayAttr::get(op.getContext(), maps));
  op.getCapturesMutable().append(capture);
  for (Region *region : {&op.getScore(), &op.getMask(), &op.getProb()})
    if (!region->empty())
      region->front().addArgument(elementTypeOf(capture), op.getLoc());
}

/// s -> softcap * tanh(s / softcap), behind what the score region does already.
static void appendSoftcap(AttentionOp op) {
  Type f32 = Float32Type::get(op.getContext());
  bool fresh = op.getScore().empty();
  Block *block = regionBlock(op, op.getScore(), f32);
  ImplicitLocOpBuilder builder(op.getLoc(), op.getContext());
  builder.setInsertionPointToEnd(block);
  if (fresh)
    YieldOp::create(builder, block->getArgument(0));
  Operation *yield = block->getTerminator();
  builder.setInsertionPoint(yield);
  double cap = op.getSoftcap()->convertToDouble();
  Value inverse = arith::ConstantOp::create(builder, builder.getFloatAttr(f32, 1 / cap));
  Value bound = arith::ConstantOp::create(builder, builder.getFloatAttr(f32, cap));
  Value small = arith::MulFOp::create(builder, yield->getOperand(0), inverse);
  Value bent = math::TanhOp::create(builder, small);
  yield->setOperand(0, arith::MulFOp::create(builder, bent, bound));
}

namespace {
/// Comparisons of positions, conjoined to what the mask region keeps already.
class MaskAppender {
public:
  MaskAppender(AttentionOp op, std::optional<int64_t> constantOffset)
      : block(regionBlock(op, op.getMask(), {})), builder(op.getLoc(), op.getContext()) {
    if (!block->empty()) {
      keep = block->getTerminator()->getOperand(0);
      block->getTerminator()->erase();
    }
    builder.setInsertionPointToEnd(block);
    // i + offset: the key position at which query i stands.
    Value offset;
    if (constantOffset)
      offset = index(*constantOffset);
    else
      offset =
          arith::IndexCastOp::create(builder, builder.getIndexType(), block->getArguments().back());
    stand = arith::AddIOp::create(builder, block->getArgument(2), offset);
  }

  /// j <= i + offset + right.
  void keepUpTo(int64_t right) {
    Value bound = right ? arith::AddIOp::create(builder, stand, index(right)) : stand;
    require(arith::CmpIOp::create(builder, arith::CmpIPredicate::sle, key(), bound));
  }

  /// i + offset <= j + left.
  void keepFrom(int64_t left) {
    Value reach = left ? arith::AddIOp::create(builder, key(), index(left)) : key();
    require(arith::CmpIOp::create(builder, arith::CmpIPredicate::sle, stand, reach));
  }

  void finish() { YieldOp::create(builder, keep); }

private:
  Value key() { return block->getArgument(3); }
  Value index(int64_t value) { return arith::ConstantIndexOp::create(builder, value); }
  void require(Value condition) {
    keep = keep ? arith::AndIOp::create(builder, keep, condition) : condition;
  }

  Block *block;
  ImplicitLocOpBuilder builder;
  Value stand, keep;
};
} // namespace

static void appendPositions(AttentionOp op) {
  int64_t left = -1, right = -1;
  if (op.getWindow()) {
    left = (*op.getWindow())[0];
    right = (*op.getWindow())[1];
  }
  if (!op.getCausal() && left < 0 && right < 0)
    return;
  std::optional<int64_t> constant = getConstantIntValue(op.getOffset());
  if (!constant) {
    ImplicitLocOpBuilder builder(op.getLoc(), op);
    Value offset = arith::IndexCastOp::create(builder, builder.getI64Type(), op.getOffset());
    auto type = RankedTensorType::get({}, builder.getI64Type());
    addScalarCapture(op, tensor::FromElementsOp::create(builder, type, offset));
  }
  MaskAppender mask(op, constant);
  if (op.getCausal())
    mask.keepUpTo(0);
  if (left >= 0)
    mask.keepFrom(left);
  if (right >= 0 && !op.getCausal())
    mask.keepUpTo(right);
  mask.finish();
}

namespace {
struct MaterializeMods : fovea::impl::MaterializeModsBase<MaterializeMods> {
  void runOnOperation() override {
    getOperation().walk([&](AttentionOp op) {
      if (!op.getSoftcap() && !op.getCausal() && !op.getWindow() && !op.getOffset())
        return;
      if (op.getSoftcap())
        appendSoftcap(op);
      appendPositions(op);
      op.removeSoftcapAttr();
      op.setCausal(false);
      op.removeWindowAttr();
      op.getOffsetMutable().clear();
      ++numFolded;
    });
  }
};
} // namespace
