//===- LowerRnn.cpp - recurrence as a loop --------------------------------===//
//
// Turns fovea.rnn into a rolled scf.for whose outputs are written in place.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Analysis/TensorSizes.h"
#include "compiler/Base/Refusal.h"
#include "compiler/Transforms/Passes.h"
#include "compiler/Transforms/TensorBuilders.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Pass/Pass.h"

namespace fovea {
#define GEN_PASS_DEF_LOWERRNN
#include "compiler/Transforms/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

/// The sizes of y, computed in front of the recurrence; nothing when the cell has to run for one.
static std::optional<SmallVector<OpFoldResult>> outputSizes(ImplicitLocOpBuilder &builder, RnnOp op,
                                                            TensorSizes &sizes) {
  auto y = cast<RankedTensorType>(op.getY().getType());
  SmallVector<OpFoldResult> result{tensor::getMixedSize(builder, op.getLoc(), op.getX(), 0)};
  for (int64_t dim = 1; dim < y.getRank(); ++dim) {
    if (!y.isDynamicDim(dim)) {
      result.push_back(builder.getIndexAttr(y.getDimSize(dim)));
      continue;
    }
    SizeExpr size = sizes.sizeOf(op.getY(), dim);
    SmallVector<Value> sources;
    sizes.sourcesOf(size, sources);
    if (llvm::is_contained(sources, op.getY())) {
      (emitRefusal(op, kNotComputed)
       << nodeOrLine(op) << ": only its cell knows size " << dim << " of the output")
              .attachNote()
          << "the output is made before the first step, from what is known there";
      return std::nullopt;
    }
    result.push_back(sizes.materialize(builder, op.getLoc(), size));
  }
  return result;
}

/// Where step `t` lies in a sequence of shape `sizes`.
static std::array<SmallVector<OpFoldResult>, 3> stepSlice(Builder &builder, Value t,
                                                          ArrayRef<OpFoldResult> sizes) {
  SmallVector<OpFoldResult> offsets(sizes.size(), builder.getIndexAttr(0));
  SmallVector<OpFoldResult> strides(sizes.size(), builder.getIndexAttr(1));
  SmallVector<OpFoldResult> extents(sizes);
  offsets.front() = t;
  extents.front() = builder.getIndexAttr(1);
  return {offsets, extents, strides};
}

static Value readStep(ImplicitLocOpBuilder &builder, Value sequence, Value t) {
  auto type = cast<RankedTensorType>(sequence.getType());
  auto [offsets, sizes, strides] =
      stepSlice(builder, t, tensor::getMixedSizes(builder, builder.getLoc(), sequence));
  auto step = RankedTensorType::get(type.getShape().drop_front(), type.getElementType());
  return tensor::ExtractSliceOp::create(builder, step, sequence, offsets, sizes, strides);
}

static Value writeStep(ImplicitLocOpBuilder &builder, Value step, Value sequence, Value t) {
  auto [offsets, sizes, strides] =
      stepSlice(builder, t, tensor::getMixedSizes(builder, builder.getLoc(), sequence));
  return tensor::InsertSliceOp::create(builder, step, sequence, offsets, sizes, strides);
}

/// Row b of `value` where t < lengths[b]; elsewhere 0, or what `target` holds when `keep` is set.
/// Written into `target`.
static Value selectValidRows(ImplicitLocOpBuilder &builder, Value value, Value lengths, Value t,
                             Value target, bool keep) {
  int64_t rank = cast<RankedTensorType>(value.getType()).getRank();
  Value position = arith::IndexCastOp::create(builder, getElementTypeOrSelf(lengths), t);
  return createElementwise(
             builder, {value, lengths},
             {builder.getMultiDimIdentityMap(rank), mapOf(builder, rank, {0})}, target,
             [&](ImplicitLocOpBuilder &scalars, ValueRange in) -> SmallVector<Value> {
               Value valid =
                   arith::CmpIOp::create(scalars, arith::CmpIPredicate::slt, position, in[1]);
               Value other = in[2];
               if (!keep)
                 other = arith::ConstantOp::create(scalars, scalars.getZeroAttr(other.getType()));
               return {arith::SelectOp::create(scalars, valid, in[0], other)};
             })
      .front();
}

/// Stops the run unless every length is in [0, steps].
static void requireLengths(ImplicitLocOpBuilder &builder, RnnOp op, Value steps) {
  Value zero = arith::ConstantIndexOp::create(builder, 0);
  Value one = arith::ConstantIndexOp::create(builder, 1);
  Value rows = tensor::DimOp::create(builder, op.getLengths(), zero);
  auto loop = scf::ForOp::create(builder, zero, rows, one);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  Value given = tensor::ExtractOp::create(builder, op.getLengths(), loop.getInductionVar());
  Value length = arith::IndexCastOp::create(builder, builder.getIndexType(), given);
  Value valid = arith::CmpIOp::create(builder, arith::CmpIPredicate::ule, length, steps);
  RequireOp::create(builder, valid, length, steps, Fault::Length, nodeOrLine(op));
}

/// One iteration: reads a step of the sequences, runs the cell, gives the next of what is
/// `carried`: y with y[t] written unless nothing uses y, and the states.
static SmallVector<Value> buildStep(ImplicitLocOpBuilder &builder, RnnOp op, Value t,
                                    ValueRange carried) {
  Value y = op.getY().use_empty() ? Value() : carried.front();
  ValueRange states = y ? carried.drop_front() : carried;
  auto arguments = op.getCell().getArguments();
  IRMapping mapping;
  for (auto [argument, sequence] :
       llvm::zip_equal(arguments.drop_back(states.size()), op.getSequences()))
    mapping.map(argument, readStep(builder, sequence, t));
  mapping.map(arguments.take_back(states.size()), states);
  for (Operation &inner : op.getCell().front().without_terminator())
    builder.clone(inner, mapping);
  auto yield = cast<YieldOp>(op.getCell().front().getTerminator());
  SmallVector<Value> next;
  for (Value value : yield.getValues().drop_front(y ? 0 : 1))
    next.push_back(mapping.lookupOrDefault(value));
  if (Value lengths = op.getLengths()) {
    if (y)
      next[0] = selectValidRows(builder, next[0], lengths, t, readStep(builder, y, t), false);
    for (auto [value, state] :
         llvm::zip_equal(MutableArrayRef(next).take_back(states.size()), states))
      value = selectValidRows(builder, value, lengths, t, state, true);
  }
  if (y)
    next[0] = writeStep(builder, next[0], y, t);
  return next;
}

/// Puts a loop in the place of `op`; an empty value when y cannot be made before it.
static scf::ForOp lowerToLoop(RnnOp op, TensorSizes &sizes) {
  ImplicitLocOpBuilder builder(op.getLoc(), op);
  SmallVector<Value> carried;
  ResultRange replaced = op.getFinals();
  if (!op.getY().use_empty()) {
    auto shape = outputSizes(builder, op, sizes);
    if (!shape)
      return {};
    Value y = emptyTensor(builder, *shape, getElementTypeOrSelf(op.getY()));
    carried.push_back(castTo(builder, y, op.getY().getType()));
    replaced = op.getResults();
  }
  llvm::append_range(carried, op.getStates());
  Value zero = arith::ConstantIndexOp::create(builder, 0);
  Value one = arith::ConstantIndexOp::create(builder, 1);
  Value steps = tensor::DimOp::create(builder, op.getX(), zero);
  if (op.getLengths())
    requireLengths(builder, op, steps);
  auto loop = scf::ForOp::create(builder, zero, steps, one, carried);
  builder.setInsertionPointToStart(loop.getBody());
  Value t = loop.getInductionVar();
  if (op.getReverse()) {
    Value last = arith::SubIOp::create(builder, steps, one);
    t = arith::SubIOp::create(builder, last, t);
  }
  scf::YieldOp::create(builder, buildStep(builder, op, t, loop.getRegionIterArgs()));
  replaced.replaceAllUsesWith(loop.getResults());
  op.erase();
  return loop;
}

namespace {
struct LowerRnn : fovea::impl::LowerRnnBase<LowerRnn> {
  /// Outer recurrences first: a size that a cell computes by an inner one is found in that.
  LogicalResult lowerIn(Operation *root) {
    SmallVector<RnnOp> outermost;
    root->walk<WalkOrder::PreOrder>([&](RnnOp op) {
      outermost.push_back(op);
      return WalkResult::skip();
    });
    for (RnnOp op : outermost) {
      // Loops and kernels do not tell that they were a recurrence; the function does.
      addGraphRecord(getOperation(), op, "rolled_loop");
      TensorSizes sizes(getOperation());
      scf::ForOp loop = lowerToLoop(op, sizes);
      if (!loop || failed(lowerIn(loop)))
        return failure();
      ++numLowered;
    }
    return success();
  }

  void runOnOperation() override {
    if (failed(lowerIn(getOperation())))
      signalPassFailure();
  }
};
} // namespace
