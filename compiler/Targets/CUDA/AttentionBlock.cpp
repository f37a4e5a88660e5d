//===- AttentionBlock.cpp - what the forms of attention on warps share ----===//
//
// Regions are cloned for scalars: what a pair's positions select is loaded where they are known.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CUDA/AttentionBlock.h"

#include "compiler/Targets/Loops/RegionInliner.h"
#include "compiler/Targets/Loops/ScalarLoops.h"
#include "compiler/Targets/Loops/ScoreRegion.h"

#include "dialects/Fovea/StructuredOps.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace fovea;
using namespace fovea::cuda;

Refusal cuda::refuseOnWarps(AttentionOp op) {
  if (Refusal refusal = refuseKnownHeads(op, "scores and sums of warps are in f32"))
    return refusal;
  int64_t depth = staticExtent(op.getQuery(), op.getQueryMap(), AttentionOp::D);
  int64_t width = staticExtent(op.getValue(), op.getValueMap(), AttentionOp::E);
  if (depth == 0 || width == 0)
    return {"shape", "the head has no elements"};
  return {};
}

Refusal cuda::refuseElements(AttentionOp op) {
  Type element = elementTypeOf(op.getKey());
  if (!element.isF16() && !element.isBF16())
    return {"dtype", "products of tensor cores take f16 and bf16; the elements are of f32"};
  return {};
}

AttentionBlock::AttentionBlock(AttentionOp op, Nest &nest)
    : op(op), nest(nest), b(nest.builder), extent(extentsOf(op, nest)) {
  depth = *constant(extent[Dim::D]);
  width = *constant(extent[Dim::E]);
  multiplyByReciprocals(op.getScore());
}

bool AttentionBlock::hasStepsOfTheRun() {
  // Keys in pages have a page and a place in it by the key.
  auto isOfTheRun = [](Value buffer, AffineMap map) {
    auto strides = cast<MemRefType>(buffer.getType()).getStridesAndOffset().first;
    return llvm::any_of(llvm::enumerate(map.getResults()), [&](auto result) {
      return result.value().isFunctionOfDim(Dim::J) &&
             ShapedType::isDynamic(strides[result.index()]);
    });
  };
  return isOfTheRun(op.getKey(), op.getKeyMap()) || isOfTheRun(op.getValue(), op.getValueMap());
}

void AttentionBlock::enter(Value inBatch, Value inHead) {
  batch = inBatch;
  head = inHead;
  captured.assign(op.getCaptures().size(), Value());
  Value zero = nest.index(0);
  for (auto [index, capture] : llvm::enumerate(op.getCaptures())) {
    AffineMap map = op.getCaptureMap(index);
    if (isTable(capture, map))
      captured[index] = capture;
    else if (!map.isFunctionOfDim(Dim::I) && !map.isFunctionOfDim(Dim::J))
      captured[index] =
          memref::LoadOp::create(b, nest.loc, capture, nest.apply(map, at(zero, zero)));
  }
}

SmallVector<Value> AttentionBlock::at(Value query, Value key, Value depthAt, Value channel) {
  SmallVector<Value> point{batch, head, query, key, depthAt, channel};
  for (Value &value : point)
    if (!value)
      value = nest.index(0);
  return point;
}

Value AttentionBlock::load(Value buffer, AffineMap map, ArrayRef<Value> point) {
  return loadWide(nest, buffer, nest.apply(map, point));
}

void AttentionBlock::store(Value value, Value buffer, AffineMap map, ArrayRef<Value> point) {
  memref::StoreOp::create(b, nest.loc, resized(nest, value, elementTypeOf(buffer)), buffer,
                          nest.apply(map, point));
}

Value AttentionBlock::infinity() { return f32(-std::numeric_limits<double>::infinity()); }
Value AttentionBlock::mulf(Value x, Value y) { return arith::MulFOp::create(b, nest.loc, x, y); }
Value AttentionBlock::addf(Value x, Value y) { return arith::AddFOp::create(b, nest.loc, x, y); }
Value AttentionBlock::subf(Value x, Value y) { return arith::SubFOp::create(b, nest.loc, x, y); }
Value AttentionBlock::fma(Value x, Value y, Value z) {
  return math::FmaOp::create(b, nest.loc, x, y, z);
}
Value AttentionBlock::compare(arith::CmpFPredicate predicate, Value x, Value y) {
  return arith::CmpFOp::create(b, nest.loc, predicate, x, y);
}
Value AttentionBlock::compare(arith::CmpIPredicate predicate, Value x, Value y) {
  return b.createOrFold<arith::CmpIOp>(nest.loc, predicate, x, y);
}
Value AttentionBlock::select(Value condition, Value x, Value y) {
  return arith::SelectOp::create(b, nest.loc, condition, x, y);
}
Value AttentionBlock::approx(warp::Approximation function, Value x) {
  return warp::ApproxOp::create(b, nest.loc, function, x);
}
Value AttentionBlock::exchanged(Value value, Value with, gpu::ShuffleMode mode) {
  return gpu::ShuffleOp::create(b, nest.loc, value, with, word(warp::kWarp), mode)
      .getShuffleResult();
}

Value AttentionBlock::larger(Value x, Value y) {
  return select(compare(arith::CmpFPredicate::OGT, x, y), x, y);
}

double AttentionBlock::scale() {
  return op.getScale().convertToDouble() * (inLog2() ? M_LOG2E : 1.0);
}

Value AttentionBlock::weigh(Value score, Value maximum) {
  Value below = subf(score, maximum);
  return approx(warp::Approximation::Ex2, inLog2() ? below : mulf(below, f32(M_LOG2E)));
}

Value AttentionBlock::safe(Value maximum) {
  return select(compare(arith::CmpFPredicate::OEQ, maximum, infinity()), f32(0), maximum);
}

Value AttentionBlock::inverse(Value total) {
  Value empty = compare(arith::CmpFPredicate::OEQ, total, f32(0));
  return select(empty, f32(0), approx(warp::Approximation::Rcp, total));
}

Value AttentionBlock::logOfSum(Value maximum, Value total) {
  Value empty = compare(arith::CmpFPredicate::OEQ, total, f32(0));
  if (inLog2())
    maximum = mulf(maximum, f32(M_LN2));
  Value sum = addf(maximum, math::LogOp::create(b, nest.loc, total));
  return select(empty, infinity(), sum);
}

Value AttentionBlock::maximumOf(Value maximum, Value total) {
  if (inLog2())
    maximum = mulf(maximum, f32(M_LN2));
  return select(compare(arith::CmpFPredicate::UNO, total, total), total, maximum);
}

Value AttentionBlock::regionAt(Region &region, Value first, ArrayRef<Value> point) {
  SmallVector<Value> arguments;
  if (first)
    arguments.push_back(first);
  arguments.append(point.begin(), point.begin() + 4);
  for (auto [index, capture] : llvm::enumerate(op.getCaptures())) {
    Value value = captured[index];
    if (!value && !region.getArgument(arguments.size()).use_empty())
      value =
          memref::LoadOp::create(b, nest.loc, capture, nest.apply(op.getCaptureMap(index), point));
    arguments.push_back(value);
  }
  return inlineRegion(nest, region, arguments)[0];
}

Value AttentionBlock::modified(Value score, ArrayRef<Value> point, bool masked) {
  if (!op.getScore().empty())
    score = regionAt(op.getScore(), score, point);
  if (!masked || op.getMask().empty())
    return score;
  return select(keeps(point), score, infinity());
}

Value AttentionBlock::keeps(ArrayRef<Value> point) {
  return regionAt(op.getMask(), Value(), point);
}

Value AttentionBlock::probability(Value weight, ArrayRef<Value> point) {
  return regionAt(op.getProb(), weight, point);
}
