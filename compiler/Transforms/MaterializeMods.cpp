//===- MaterializeMods.cpp - sugar of attention as regions ----------------===//
//
// Folds causal, window, alibi and softcap into the score and mask regions.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Transforms/AttentionRegions.h"
#include "compiler/Transforms/ExtentDemands.h"
#include "dialects/Fovea/StructuredOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Pass/Pass.h"
#include "llvm/Support/CheckedArithmetic.h"

namespace fovea {
#define GEN_PASS_DEF_MATERIALIZEMODS
#include "compiler/Transforms/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

/// s -> softcap * tanh(s / softcap), behind what the score region does already.
static void appendSoftcap(AttentionOp op) {
  Type type = op.getScoreType();
  double cap = op.getSoftcap()->convertToDouble();
  changeScore(op, [&](ImplicitLocOpBuilder &builder, Value score, ValueRange) -> Value {
    Value inverse = arith::ConstantOp::create(builder, builder.getFloatAttr(type, 1 / cap));
    Value bound = arith::ConstantOp::create(builder, builder.getFloatAttr(type, cap));
    Value small = arith::MulFOp::create(builder, score, inverse);
    Value bent = math::TanhOp::create(builder, small);
    return arith::MulFOp::create(builder, bent, bound);
  });
}

/// offset + addend, moved to +-kMaxPositions when it is further away: no key position is that far
/// from a query position, and on lanes of 32 bits the sum with one does not overflow.
static int64_t boundOf(int64_t offset, int64_t addend) {
  int64_t overflowed = addend < 0 ? -kMaxPositions : kMaxPositions;
  int64_t sum = llvm::checkedAdd(offset, addend).value_or(overflowed);
  return std::clamp(sum, -kMaxPositions, kMaxPositions);
}

/// The same, in the region, for a captured offset that only the run knows: fovea::RegionRanges
/// finds there that the sum fits.
static Value boundOf(ImplicitLocOpBuilder &builder, Value captured, int64_t addend) {
  Value offset = arith::IndexCastOp::create(builder, builder.getIndexType(), captured);
  auto index = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(builder, value);
  };
  int64_t least = std::numeric_limits<int64_t>::min(), most = std::numeric_limits<int64_t>::max();
  Value from = index(llvm::checkedSub(-kMaxPositions, addend).value_or(least));
  Value to = index(llvm::checkedSub(kMaxPositions, addend).value_or(most));
  Value near = arith::MinSIOp::create(builder, arith::MaxSIOp::create(builder, offset, from), to);
  return arith::AddIOp::create(builder, near, index(addend));
}

namespace {
/// Comparisons of positions, conjoined to what the mask region keeps already.
class MaskAppender {
public:
  explicit MaskAppender(AttentionOp op) : op(op) {}

  /// j <= i + offset + right.
  void keepUpTo(int64_t right) { append(right, /*upper=*/true); }

  /// i + offset - left <= j.
  void keepFrom(int64_t left) { append(-left, /*upper=*/false); }

private:
  void append(int64_t addend, bool upper) {
    std::optional<int64_t> constant = getConstantIntValue(op.getOffset());
    if (!constant) {
      ImplicitLocOpBuilder outside(op.getLoc(), op);
      Type integer = outside.getI64Type();
      Value offset = arith::IndexCastOp::create(outside, integer, op.getOffset());
      auto type = RankedTensorType::get({}, integer);
      addScalarCapture(op, tensor::FromElementsOp::create(outside, type, offset));
    }
    conjoinMask(op, [&](ImplicitLocOpBuilder &builder, ValueRange arguments) -> Value {
      Value bound;
      if (constant)
        bound = arith::ConstantIndexOp::create(builder, boundOf(*constant, addend));
      else
        bound = boundOf(builder, arguments.back(), addend);
      Value i = arguments[AttentionOp::I], j = arguments[AttentionOp::J];
      Value edge = arith::AddIOp::create(builder, i, bound);
      return arith::CmpIOp::create(builder, arith::CmpIPredicate::sle, upper ? j : edge,
                                   upper ? edge : j);
    });
  }

  AttentionOp op;
};
} // namespace

static void appendPositions(AttentionOp op) {
  int64_t left = -1, right = -1;
  if (op.getWindow()) {
    left = (*op.getWindow())[0];
    right = (*op.getWindow())[1];
  }
  MaskAppender mask(op);
  if (op.getCausal())
    mask.keepUpTo(0);
  if (left >= 0)
    mask.keepFrom(left);
  if (right >= 0 && !op.getCausal())
    mask.keepUpTo(right);
}

namespace {
struct MaterializeMods : fovea::impl::MaterializeModsBase<MaterializeMods> {
  void runOnOperation() override {
    getOperation().walk([&](AttentionOp op) {
      if (!op.getSlopes() && !op.getSoftcap() && !op.getCausal() && !op.getWindow() &&
          !op.getOffset())
        return;
      if (op.getSlopes())
        appendSlopes(op);
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
