//===- DeviceViews.cpp - views whose place only the device knows ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/KernelToDevice/DeviceViews.h"

#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;
using namespace fovea;

bool fovea::isPlacedOnDevice(memref::SubViewOp view, DeviceScalars &scalars) {
  auto isOnDevice = [&](Value value) { return scalars.isOnDevice(value); };
  return llvm::any_of(view.getOffsets(), isOnDevice) &&
         !llvm::any_of(view.getSizes(), isOnDevice) &&
         !llvm::any_of(view.getStrides(), isOnDevice) && !isOnDevice(view.getSource());
}

/// The last offset of dimension `dim` at which the view is inside of its buffer.
static Value lastOffset(ImplicitLocOpBuilder &b, memref::SubViewOp view, unsigned dim) {
  auto value = [&](OpFoldResult size) {
    return getValueOrCreateConstantIndexOp(b, b.getLoc(), size);
  };
  Value one = arith::ConstantIndexOp::create(b, 1);
  Value extent = memref::DimOp::create(b, view.getSource(), dim);
  Value steps = arith::SubIOp::create(b, value(view.getMixedSizes()[dim]), one);
  Value reach = arith::MulIOp::create(b, steps, value(view.getMixedStrides()[dim]));
  return arith::SubIOp::create(b, arith::SubIOp::create(b, extent, one), reach);
}

namespace {

/// Where a buffer starts, in elements: behind what a cell says, if any, as many as the host knows.
struct Start {
  Value cell, known;
};

} // namespace

/// Views whose place the host knows may lie between a buffer and a view that the device has placed.
static Start startOf(ImplicitLocOpBuilder &b, Value buffer) {
  if (Value cell = distanceOf(buffer))
    return {cell, arith::ConstantIndexOp::create(b, 0)};
  if (auto view = buffer.getDefiningOp<memref::SubViewOp>()) {
    Start start = startOf(b, view.getSource());
    if (!start.cell)
      return {{}, memref::ExtractStridedMetadataOp::create(b, buffer).getOffset()};
    auto metadata = memref::ExtractStridedMetadataOp::create(b, view.getSource());
    for (auto [given, stride] : llvm::zip_equal(view.getMixedOffsets(), metadata.getStrides())) {
      Value offset = getValueOrCreateConstantIndexOp(b, b.getLoc(), given);
      start.known = arith::AddIOp::create(b, start.known, arith::MulIOp::create(b, offset, stride));
    }
    return start;
  }
  if (auto view = buffer.getDefiningOp<ViewLikeOpInterface>();
      isa_and_nonnull<memref::CastOp, memref::ExpandShapeOp, memref::CollapseShapeOp>(
          view.getOperation()))
    return startOf(b, view.getViewSource());
  return {{}, memref::ExtractStridedMetadataOp::create(b, buffer).getOffset()};
}

void fovea::placeOnDevice(memref::SubViewOp view, DeviceScalars &scalars) {
  ImplicitLocOpBuilder b(view.getLoc(), view);
  auto metadata = memref::ExtractStridedMetadataOp::create(b, view.getSource());
  Start start = startOf(b, view.getSource());
  SmallVector<Value> last(view.getMixedOffsets().size());
  for (auto [dim, offset] : llvm::enumerate(view.getMixedOffsets()))
    if (auto value = dyn_cast<Value>(offset); value && scalars.isOnDevice(value))
      last[dim] = lastOffset(b, view, dim);
  Value cell = makeCell(b, b.getLoc(), b.getIndexType());
  fillCells(b, b.getLoc(), cell, [&](OpBuilder &inner, ValueRange) {
    ImplicitLocOpBuilder c(b.getLoc(), inner);
    Value zero = arith::ConstantIndexOp::create(c, 0);
    Value sum = start.known;
    if (start.cell)
      sum = arith::AddIOp::create(c, memref::LoadOp::create(c, start.cell, ValueRange()), sum);
    for (auto [dim, given] : llvm::enumerate(view.getMixedOffsets())) {
      Value offset = getValueOrCreateConstantIndexOp(c, c.getLoc(), given);
      if (last[dim]) {
        offset = scalars.repeat(c, offset, view);
        offset = arith::MinSIOp::create(c, offset, last[dim]);
        offset = arith::MaxSIOp::create(c, offset, zero);
      }
      offset = arith::MulIOp::create(c, offset, metadata.getStrides()[dim]);
      sum = arith::AddIOp::create(c, sum, offset);
    }
    return SmallVector<Value>{sum};
  });
  Value place = memref::LoadOp::create(b, cell, ValueRange());
  llvm::SmallBitVector dropped = view.getDroppedDims();
  SmallVector<OpFoldResult> sizes, strides;
  auto [known, offset] = view.getType().getStridesAndOffset();
  for (auto [dim, size] : llvm::enumerate(view.getMixedSizes())) {
    if (dropped[dim])
      continue;
    int64_t stride = known[sizes.size()];
    sizes.push_back(size);
    if (!ShapedType::isDynamic(stride)) {
      strides.push_back(b.getIndexAttr(stride));
      continue;
    }
    Value step = getValueOrCreateConstantIndexOp(b, b.getLoc(), view.getMixedStrides()[dim]);
    strides.push_back(arith::MulIOp::create(b, step, metadata.getStrides()[dim]).getResult());
  }
  Value placed =
      memref::ReinterpretCastOp::create(b, view.getType(), view.getSource(), place, sizes, strides);
  view.replaceAllUsesWith(placed);
  view.erase();
}

Value fovea::makeBuffer(OpBuilder &builder, Location loc, MemRefType type,
                        ArrayRef<OpFoldResult> sizes) {
  ImplicitLocOpBuilder b(loc, builder);
  SmallVector<Value> dynamic;
  for (OpFoldResult size : sizes)
    if (auto value = dyn_cast<Value>(size))
      dynamic.push_back(value);
  if (type.getLayout().isIdentity())
    return memref::AllocOp::create(b, type, dynamic);
  // As many elements as from the first to the last, with those that the strides step over.
  auto value = [&](OpFoldResult size) { return getValueOrCreateConstantIndexOp(b, loc, size); };
  auto [known, offset] = type.getStridesAndOffset();
  SmallVector<OpFoldResult> strides(sizes.size());
  Value one = arith::ConstantIndexOp::create(b, 1), zero = arith::ConstantIndexOp::create(b, 0);
  Value dense = one, count = one;
  for (size_t dim = sizes.size(); dim-- > 0;) {
    bool isDynamic = ShapedType::isDynamic(known[dim]);
    strides[dim] = isDynamic ? OpFoldResult(dense) : b.getIndexAttr(known[dim]);
    Value steps = arith::SubIOp::create(b, value(sizes[dim]), one);
    steps = arith::MaxSIOp::create(b, steps, zero);
    count = arith::AddIOp::create(b, count, arith::MulIOp::create(b, steps, value(strides[dim])));
    // Whatever lies within one step of this dimension.
    dense = count;
  }
  int64_t start = ShapedType::isDynamic(offset) ? 0 : offset;
  count = arith::AddIOp::create(b, count, arith::ConstantIndexOp::create(b, start));
  auto space = MemRefType::get({ShapedType::kDynamic}, type.getElementType());
  Value buffer = memref::AllocOp::create(b, space, ValueRange{count});
  auto placed = MemRefType::get(type.getShape(), type.getElementType(),
                                StridedLayoutAttr::get(b.getContext(), start, known));
  Value view =
      memref::ReinterpretCastOp::create(b, placed, buffer, b.getIndexAttr(start), sizes, strides);
  return placed == type ? view : memref::CastOp::create(b, type, view).getResult();
}

Value fovea::distanceOf(Value view) {
  auto placed = view.getDefiningOp<memref::ReinterpretCastOp>();
  if (!placed || placed.getOffsets().size() != 1)
    return {};
  auto load = placed.getOffsets().front().getDefiningOp<memref::LoadOp>();
  return load && loadsFromDevice(load) ? load.getMemRef() : Value();
}
