//===- ViewExtents.cpp - demands of the tensor dialect --------------------===//
//
// Slices lie inside what they are taken from, reshapes keep the number of elements, casts are true,
// no size is negative.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Transforms/ExtentDemands.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace fovea;

/// Demands that each size that the type of `tensor` states is the one that was computed.
static void demandStated(Value tensor, ArrayRef<SizeExpr> computed, ExtentDemands &demands) {
  auto type = cast<RankedTensorType>(tensor.getType());
  for (auto [dim, size] : llvm::enumerate(computed))
    if (!type.isDynamicDim(dim))
      demands.equal(size, type.getDimSize(dim));
}

/// Sizes and places up to here may be added: the sum of a few does not wrap around.
static constexpr int64_t kMostAdded = int64_t(1) << 60;

/// 0 <= size < limit.
static void demandBelow(const SizeExpr &size, int64_t limit, ExtentDemands &demands) {
  demands.inside({size, size}, limit, {}, Fault::Length);
}

/// `size` positions from `offset` on, `stride` apart, lie inside `extent`.
static void demandSlice(OpFoldResult offset, OpFoldResult size, OpFoldResult stride,
                        const SizeExpr &extent, ExtentDemands &demands) {
  TensorSizes &sizes = demands.sizes;
  SizeExpr first = sizes.valueOf(offset), count = sizes.valueOf(size), step = sizes.valueOf(stride);
  demands.atLeast(count, 0);
  SizeExpr span = sizes.context.mul(sizes.context.sub(count, 1), step);
  SizeExpr last = sizes.context.add(first, span);
  std::optional<int64_t> known = step.constant();
  if (!known)
    demands.atLeast(step, 0);
  IndexRange range = known && *known < 0 ? IndexRange{last, first} : IndexRange{first, last};
  if (!demands.isInside(range, extent)) {
    // The last place must not wrap around.
    demandBelow(first, kMostAdded, demands);
    if (!known)
      demandBelow(step, int64_t(1) << 30, demands);
    uint64_t stride = known ? std::max<uint64_t>(1, llvm::AbsoluteValue(*known)) : 1 << 30;
    demandBelow(count, kMostAdded / stride, demands);
  }
  demands.inside(range, extent, count, Fault::Index);
}

template <typename InsertOp> static void demandInserted(InsertOp op, ExtentDemands &demands) {
  llvm::SmallBitVector dropped = op.getDroppedDims();
  int64_t place = 0;
  for (auto [dim, size] : llvm::enumerate(op.getMixedSizes())) {
    demandSlice(op.getMixedOffsets()[dim], size, op.getMixedStrides()[dim],
                demands.sizes.sizeOf(op.getDest(), dim), demands);
    if (!dropped[dim])
      demands.equal(demands.sizes.sizeOf(op.getSource(), place++), demands.sizes.valueOf(size));
  }
}

static void demandExpanded(tensor::ExpandShapeOp op, ExtentDemands &demands) {
  SmallVector<OpFoldResult> shape = op.getMixedOutputShape();
  for (auto [dim, group] : llvm::enumerate(op.getReassociationIndices())) {
    SizeExpr whole = 1, source = demands.sizes.sizeOf(op.getSrc(), dim);
    SmallVector<SizeExpr> parts;
    for (int64_t place : group) {
      parts.push_back(demands.sizes.valueOf(shape[place]));
      demands.atLeast(parts.back(), 0);
      whole = demands.sizes.context.mul(whole, parts.back());
    }
    if (demands.sizes.areEqual(whole, source))
      continue;
    // The product must not wrap around.
    for (const SizeExpr &part : parts)
      if (parts.size() > 1 && !part.constant())
        demands.atLeast(int64_t(1) << (62 / parts.size()), part);
    demands.equal(whole, source);
  }
}

static void demandConcatenated(tensor::ConcatOp op, ExtentDemands &demands) {
  TensorSizes &sizes = demands.sizes;
  auto type = cast<RankedTensorType>(op.getType());
  SmallVector<SizeExpr> shape(type.getRank());
  for (auto [number, input] : llvm::enumerate(op.getInputs()))
    for (int64_t dim = 0; dim < type.getRank(); ++dim) {
      SizeExpr size = sizes.sizeOf(input, dim);
      if (number == 0)
        shape[dim] = size;
      else if (dim == static_cast<int64_t>(op.getDim()))
        shape[dim] = sizes.context.add(shape[dim], size);
      else
        demands.equal(size, shape[dim]);
    }
  demandStated(op, shape, demands);
}

static void demandPadded(tensor::PadOp op, ExtentDemands &demands) {
  TensorSizes &sizes = demands.sizes;
  SmallVector<SizeExpr> shape;
  for (auto [dim, ends] :
       llvm::enumerate(llvm::zip_equal(op.getMixedLowPad(), op.getMixedHighPad()))) {
    SizeExpr low = sizes.valueOf(std::get<0>(ends)), high = sizes.valueOf(std::get<1>(ends));
    demandBelow(low, kMostAdded, demands);
    demandBelow(high, kMostAdded, demands);
    shape.push_back(
        sizes.context.add(sizes.sizeOf(op.getSource(), dim), sizes.context.add(low, high)));
  }
  demandStated(op, shape, demands);
}

static void demandElement(Value tensor, ValueRange indices, ExtentDemands &demands) {
  for (auto [dim, index] : llvm::enumerate(indices)) {
    SizeExpr place = demands.sizes.valueOf(index);
    demands.inside({place, place}, demands.sizes.sizeOf(tensor, dim), {}, Fault::Index);
  }
}

static void demandSizes(ValueRange indices, ExtentDemands &demands) {
  for (Value size : indices)
    demands.atLeast(demands.sizes.valueOf(size), 0);
}

void fovea::demandViews(Operation *op, ExtentDemands &demands) {
  TensorSizes &sizes = demands.sizes;
  TypeSwitch<Operation *>(op)
      .Case<tensor::EmptyOp, tensor::SplatOp>(
          [&](auto op) { demandSizes(op.getDynamicSizes(), demands); })
      .Case([&](tensor::CastOp op) {
        SmallVector<SizeExpr> shape;
        for (int64_t dim = 0; dim < cast<RankedTensorType>(op.getType()).getRank(); ++dim)
          shape.push_back(sizes.sizeOf(op.getSource(), dim));
        demandStated(op, shape, demands);
      })
      .Case([&](tensor::ExtractSliceOp op) {
        for (auto [dim, size] : llvm::enumerate(op.getMixedSizes()))
          demandSlice(op.getMixedOffsets()[dim], size, op.getMixedStrides()[dim],
                      sizes.sizeOf(op.getSource(), dim), demands);
      })
      .Case([&](tensor::InsertSliceOp op) { demandInserted(op, demands); })
      .Case([&](tensor::ParallelInsertSliceOp op) {
        // Only such operations may stand in the block that joins the parts.
        demands.at(op->getParentOp());
        demandInserted(op, demands);
      })
      .Case([&](tensor::DimOp op) {
        int64_t rank = cast<RankedTensorType>(op.getSource().getType()).getRank();
        std::optional<int64_t> known = sizes.valueOf(op.getIndex()).constant();
        if (!known || *known < 0 || *known >= rank)
          demands.guard(op.getIndexMutable(), rank);
      })
      .Case([&](scf::ForOp op) { demands.atLeast(sizes.valueOf(op.getStep()), 1); })
      .Case([&](tensor::ExpandShapeOp op) { demandExpanded(op, demands); })
      .Case([&](tensor::ConcatOp op) { demandConcatenated(op, demands); })
      .Case([&](tensor::PadOp op) { demandPadded(op, demands); })
      .Case([&](tensor::ExtractOp op) { demandElement(op.getTensor(), op.getIndices(), demands); })
      .Case([&](tensor::InsertOp op) { demandElement(op.getDest(), op.getIndices(), demands); })
      .Case([&](CheckedIndexOp op) {
        sizes.assumeAtLeast(sizes.valueOf(op.getExtent()),
                            sizes.context.add(sizes.valueOf(op.getResult()), 1));
      })
      .Default([&](Operation *op) {
        if (!OpTrait::hasElementwiseMappableTraits(op) || op->getNumResults() == 0)
          return;
        for (Value operand : op->getOperands())
          for (int64_t dim = 0; isa<RankedTensorType>(operand.getType()) &&
                                dim < cast<RankedTensorType>(operand.getType()).getRank();
               ++dim)
            demands.equal(sizes.sizeOf(operand, dim), sizes.sizeOf(op->getResult(0), dim));
      });
}
