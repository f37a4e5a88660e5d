//===- RegionRanges.cpp - what integers of a scalar region lie between ----===//
//
// One walk over the block with upstream's rules for each operation.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Analysis/RegionRanges.h"

#include "dialects/Fovea/StructuredOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace fovea;

static bool isInteger(Value value) { return value.getType().isIntOrIndex(); }

/// The extent of a dimension as far as types tell, else kDynamic.
static int64_t staticExtent(AttentionOp op, unsigned dim) {
  if (dim == AttentionOp::J)
    return op.getKeyCount();
  std::optional<unsigned> place =
      op.getQueryMap().getResultPosition(getAffineDimExpr(dim, op.getContext()));
  return place ? cast<ShapedType>(op.getQuery().getType()).getDimSize(*place)
               : ShapedType::kDynamic;
}

/// Positions of an attention's region: b, h, i and j.
static void seedPositions(AttentionOp op, Region &region,
                          llvm::DenseMap<Value, ConstantIntRanges> &ranges) {
  unsigned first = region.getNumArguments() - op.getCaptures().size() - 4;
  for (unsigned dim = 0; dim < 4; ++dim) {
    int64_t extent = staticExtent(op, dim);
    if (ShapedType::isDynamic(extent)) {
      bool checked = dim == AttentionOp::I || dim == AttentionOp::J;
      extent = checked ? kMaxPositions : std::numeric_limits<int64_t>::max();
    }
    int64_t last = std::max<int64_t>(extent, 1) - 1;
    ranges.insert({region.getArgument(first + dim),
                   ConstantIntRanges::fromSigned(APInt(64, 0), APInt(64, last))});
  }
}

RegionRanges::RegionRanges(Region &region) {
  if (auto attention = dyn_cast_or_null<AttentionOp>(region.getParentOp()))
    seedPositions(attention, region, ranges);
  for (Operation &op : region.front().without_terminator()) {
    auto inferrable = dyn_cast<InferIntRangeInterface>(op);
    if (!inferrable || !llvm::all_of(op.getOperands(), isInteger))
      continue;
    auto operands = llvm::map_to_vector(op.getOperands(), [&](Value value) { return of(value); });
    inferrable.inferResultRanges(operands, [&](Value result, const ConstantIntRanges &range) {
      if (isInteger(result))
        ranges.insert({result, range});
    });
  }
}

ConstantIntRanges RegionRanges::of(Value value) const {
  if (auto found = ranges.find(value); found != ranges.end())
    return found->second;
  APInt constant;
  if (matchPattern(value, m_ConstantInt(&constant)))
    return ConstantIntRanges::constant(constant);
  return ConstantIntRanges::maxRange(ConstantIntRanges::getStorageBitwidth(value.getType()));
}

bool RegionRanges::isBetween(Value value, int64_t least, int64_t most) const {
  ConstantIntRanges range = of(value);
  return range.smin().getSExtValue() >= least && range.smax().getSExtValue() <= most;
}

bool RegionRanges::fitsWord(Value value, int64_t margin) const {
  return isBetween(value, std::numeric_limits<int32_t>::min() + margin,
                   std::numeric_limits<int32_t>::max() - margin);
}

bool RegionRanges::fitsWords(Operation &op) const {
  auto fits = [&](Value value) { return !value.getType().isIndex() || fitsWord(value); };
  if (!llvm::all_of(op.getOperands(), fits) || !llvm::all_of(op.getResults(), fits))
    return false;
  auto between = [&](unsigned operand, int64_t least, int64_t most) {
    return isBetween(op.getOperand(operand), least, most);
  };
  constexpr int64_t kMost = std::numeric_limits<int32_t>::max();
  // The least number of 32 bits has no quotient by -1, nor a remainder.
  if (isa<arith::RemSIOp>(op))
    return between(0, -kMost, kMost) || between(1, 0, kMost);
  // The order of numbers and the bits that they share are the same in both widths.
  if (isa<arith::AddIOp, arith::SubIOp, arith::MulIOp, arith::DivSIOp, arith::FloorDivSIOp,
          arith::CeilDivSIOp, arith::MinSIOp, arith::MaxSIOp, arith::MinUIOp, arith::MaxUIOp,
          arith::AndIOp, arith::OrIOp, arith::XOrIOp, arith::CmpIOp, arith::SelectOp>(op))
    return true;
  if (isa<arith::DivUIOp, arith::CeilDivUIOp, arith::RemUIOp>(op))
    return between(0, 0, kMost) && between(1, 0, kMost);
  if (isa<arith::ShLIOp, arith::ShRSIOp>(op))
    return between(1, 0, 31);
  return isa<arith::ShRUIOp>(op) && between(0, 0, kMost) && between(1, 0, 31);
}

bool RegionRanges::mayWrap(Operation &op) const {
  if (!isa<arith::AddIOp, arith::SubIOp, arith::MulIOp>(op) ||
      ConstantIntRanges::getStorageBitwidth(op.getResult(0).getType()) != 64)
    return false;
  auto isUnknown = [&](Value value) {
    ConstantIntRanges range = of(value);
    return range.smin().isMinSignedValue() && range.smax().isMaxSignedValue();
  };
  return isUnknown(op.getResult(0)) && llvm::none_of(op.getOperands(), isUnknown);
}
