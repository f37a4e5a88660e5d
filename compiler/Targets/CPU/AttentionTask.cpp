//===- AttentionTask.cpp - what the forms of attention on lanes share -----===//
//
// Views, regions on lanes, blocks of keys, and the arithmetic of the softmax.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CPU/AttentionTask.h"

#include "compiler/Conversion/MathToArith/MathToArith.h"
#include "compiler/Targets/Loops/ScoreRegion.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include <cmath>

using namespace mlir;
using namespace fovea;
using namespace fovea::cpu;

std::optional<int64_t> cpu::staticStride(Value buffer, AffineMap map, unsigned dim) {
  auto [strides, offset] = cast<MemRefType>(buffer.getType()).getStridesAndOffset();
  int64_t stride = strides[placeOf(map, dim)];
  return ShapedType::isDynamic(stride) ? std::nullopt : std::optional(stride);
}

Refusal cpu::refuseOnLanes(AttentionOp op) {
  if (Refusal refusal = refuseKnownHeads(op, "scores and sums on the lanes are in f32"))
    return refusal;
  if (op.getPages() && (staticStride(op.getKey(), op.getKeyMap(), AttentionOp::D) != 1 ||
                        staticStride(op.getValue(), op.getValueMap(), AttentionOp::E) != 1))
    return {"layout", "the elements of a head are not contiguous in a page"};
  return {};
}

AttentionTask::AttentionTask(AttentionOp op, Nest &nest, const Capabilities &cpu)
    : LaneMath(nest, cpu.lanes), op(op), cpu(cpu), f32(nest.builder.getF32Type()) {
  extent = extentsOf(op, nest);
  depth = *constant(extent[Dim::D]);
  outWidth = *constant(extent[Dim::E]);
  multiplyByReciprocals(op.getScore());
}

Value AttentionTask::viewFrom(Value key, Value buffer, AffineMap map,
                              std::pair<Value, unsigned> rows, unsigned columnDim) {
  Value zero = nest.index(0), offset = nest.offset(buffer);
  SmallVector<Value> at = nest.apply(map, {batch, head, zero, key, zero, zero});
  for (auto [place, index] : llvm::enumerate(at))
    offset = nest.add(offset, nest.mul(index, nest.stride(buffer, place)));
  auto [count, rowDim] = rows;
  return nest.view(
      buffer, offset, {count, extent[columnDim]},
      {nest.stride(buffer, placeOf(map, rowDim)), nest.stride(buffer, placeOf(map, columnDim))});
}

Value AttentionTask::headView(Value buffer, AffineMap map, unsigned rowDim, unsigned columnDim) {
  return viewFrom(nest.index(0), buffer, map, {extent[rowDim], rowDim}, columnDim);
}

Value AttentionTask::rowsFrom(Value first, Value buffer, AffineMap map, unsigned columnDim) {
  Value rows = nest.sub(extent[Dim::J], first);
  if (op.getPages()) {
    Value size = nest.index(op.getPageSize());
    rows = nest.sub(size, nest.rem(first, size));
  }
  return viewFrom(placeOfKey(op, nest, batch, first), buffer, map, {rows, Dim::J}, columnDim);
}

void AttentionTask::forKeyBlocks(const Positions &queries, int64_t block, int64_t part,
                                 function_ref<void(Value, Value)> body) {
  Positions keys = keysOf(op, nest, head, extent[Dim::J]);
  masked = !op.getMask().empty();
  std::optional<BlockMask> mask;
  if (judgesBlocks(op)) {
    mask.emplace(op, nest, QueryBlock{batch, head, queries}, Readers{cpu.lanes});
    keys = mask->within(keys, block);
  }
  nest.loop(keys.first, keys.end, nest.index(block), [&](Value firstKey) {
    Value end = nest.min(nest.add(firstKey, nest.index(block)), keys.end);
    auto writeWhole = [&] { body(firstKey, nest.sub(end, firstKey)); };
    if (!mask)
      return writeWhole();
    Kept kept = mask->keptOf({firstKey, end});
    if (part == block) {
      masked = false;
      auto writeMasked = [&] {
        masked = true;
        nest.branch(kept.some, writeWhole);
      };
      return nest.branch(kept.all, writeWhole, writeMasked);
    }
    nest.branch(kept.some,
                [&] { writeSegments(*mask, {firstKey, end}, part, block / part, body); });
  });
}

void AttentionTask::writeSegments(BlockMask &mask, const Positions &keys, int64_t part,
                                  int64_t parts, function_ref<void(Value, Value)> body) {
  auto choose = [&](Value condition, Value a, Value b) -> Value {
    return arith::SelectOp::create(nest.builder, nest.loc, condition, a, b);
  };
  auto compare = [&](arith::CmpIPredicate predicate, Value a, Value b) -> Value {
    return arith::CmpIOp::create(nest.builder, nest.loc, predicate, a, b);
  };
  Segments cut = mask.cut(keys, part, parts);
  // One text for both segments without a mask.
  nest.loop(nest.index(0), nest.index(3), nest.index(1), [&](Value number) {
    Value isFirst = compare(arith::CmpIPredicate::eq, number, nest.index(0));
    Value isMasked = compare(arith::CmpIPredicate::eq, number, nest.index(1));
    Value from = choose(isFirst, cut.first, choose(isMasked, cut.masked, cut.whole));
    Value to = choose(isFirst, cut.masked, choose(isMasked, cut.whole, cut.end));
    nest.branch(compare(arith::CmpIPredicate::slt, from, to), [&] {
      auto write = [&](bool withMask) {
        masked = withMask;
        body(from, nest.sub(to, from));
      };
      nest.branch(isMasked, [&] { write(true); }, [&] { write(false); });
    });
  });
}

/// Arguments of a region behind its first: b, h, i, j and the captures.
SmallVector<Value> AttentionTask::regionArguments(const LaneGroup &lanes) {
  SmallVector<Value> arguments(ArrayRef(lanes.dims).take_front(4));
  arguments[lanes.dim] = laneIndices(nest, lanes.dims[lanes.dim], cpu.lanes);
  for (auto [index, capture] : llvm::enumerate(op.getCaptures())) {
    AffineMap map = op.getCaptureMap(index);
    arguments.push_back(isTable(capture, map) ? capture : loadLanes(nest, capture, map, lanes));
  }
  return arguments;
}

Value AttentionTask::modify(Value score, const LaneGroup &lanes) {
  if (op.getScore().empty() && !masked)
    return score;
  SmallVector<Value> arguments = regionArguments(lanes);
  if (!op.getScore().empty()) {
    SmallVector<Value> scored{score};
    llvm::append_range(scored, arguments);
    score = broadcast(nest, inlineLanes(nest, op.getScore(), scored, lanes), cpu.lanes);
  }
  if (!masked)
    return score;
  Value keep = broadcast(nest, inlineLanes(nest, op.getMask(), arguments, lanes), cpu.lanes);
  return select(keep, score, infinity());
}

Value AttentionTask::probability(Value weight, const LaneGroup &lanes) {
  SmallVector<Value> arguments{weight};
  llvm::append_range(arguments, regionArguments(lanes));
  return broadcast(nest, inlineLanes(nest, op.getProb(), arguments, lanes), cpu.lanes);
}

double AttentionTask::scale() {
  return op.getScale().convertToDouble() * (inLog2() ? M_LOG2E : 1.0);
}

Value AttentionTask::power(Value shifted) {
  if (!inLog2())
    shifted = mulf(shifted, splat(M_LOG2E));
  return buildExp2(nest.builder, nest.loc, shifted);
}

Value AttentionTask::safe(Value maximum) {
  return select(compare(arith::CmpFPredicate::OEQ, maximum, infinity()), splat(0), maximum);
}

Value AttentionTask::marked(Value weight, Value score) {
  if (!masked)
    return weight;
  return select(compare(arith::CmpFPredicate::OEQ, score, infinity()), splat(-0.0), weight);
}

Value AttentionTask::isExcluded(Value weight) {
  auto bitsType = VectorType::get({cpu.lanes}, nest.builder.getI32Type());
  Value bits = arith::BitcastOp::create(nest.builder, nest.loc, bitsType, weight);
  Value minusZero = arith::ConstantOp::create(
      nest.builder, nest.loc,
      DenseElementsAttr::get(bitsType, std::numeric_limits<int32_t>::min()));
  return arith::CmpIOp::create(nest.builder, nest.loc, arith::CmpIPredicate::eq, bits, minusZero);
}

Value AttentionTask::inverse(Value total) {
  Value quotient = arith::DivFOp::create(nest.builder, nest.loc, splat(1), total);
  return select(compare(arith::CmpFPredicate::OEQ, total, splat(0)), splat(0), quotient);
}

Value AttentionTask::logOfSum(Value maximum, Value total, bool inverted) {
  Value logarithm = math::LogOp::create(nest.builder, nest.loc, total);
  if (inverted)
    logarithm = subf(splat(0), logarithm);
  if (inLog2())
    maximum = mulf(maximum, splat(M_LN2));
  Value empty = compare(arith::CmpFPredicate::OEQ, total, splat(0));
  return select(empty, infinity(), addf(maximum, logarithm));
}

Value AttentionTask::maximumOf(Value maximum, Value total) {
  if (inLog2())
    maximum = mulf(maximum, splat(M_LN2));
  return select(compare(arith::CmpFPredicate::UNO, total, total), total, maximum);
}
