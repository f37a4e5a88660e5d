//===- RowElements.cpp - how rows reach the multiply-adds of a product ----===//
//
// Loads of scalars, or of vectors of which each multiply-add takes one lane.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/KernelToVector/RowElements.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace fovea;

/// Lanes of a register of an instruction set with multiply-adds by lane; and how many registers
/// (of 32) sums and the panel may take for LLVM to keep them off the stack.
static constexpr int64_t kLanes = 4, kRegisters = 28;

RowLoad fovea::chooseRowLoad(kernel::ProductOp op, int64_t turn) {
  auto [strides, offset] = cast<MemRefType>(op.getLhs().getType()).getStridesAndOffset();
  int64_t rows = op.getRows(), vectors = op.getVectors();
  if (strides[0] == 1 && rows >= kLanes)
    return {kLanes, 1};
  if (strides[1] != 1)
    return {};
  // LLVM's scheduler has the panel's vectors of two loads of a turn in flight.
  for (int64_t steps = kLanes; steps > 1; steps /= 2)
    if (turn % steps == 0 && (rows + std::min(2 * steps, turn)) * vectors <= kRegisters)
      return {1, steps};
  return {};
}

Value RowElements::widened(Value loaded) {
  if (getElementTypeOrSelf(loaded).isF32())
    return loaded;
  Type type = builder.getF32Type();
  if (auto vector = dyn_cast<VectorType>(loaded.getType()))
    type = vector.clone(type);
  return arith::ExtFOp::create(builder, op.getLoc(), type, loaded);
}

Value RowElements::onAllLanes(int64_t row, int64_t step, VectorType type) {
  Location loc = op.getLoc();
  // Rows behind the last whole load come one by one.
  bool whole = row / load.rows < int64_t(at.size()) / load.rows;
  if (!whole || load.rows * load.steps == 1) {
    Value scalar = memref::LoadOp::create(builder, loc, op.getLhs(), ValueRange{at[row], k});
    return vector::BroadcastOp::create(builder, loc, type, widened(scalar));
  }
  vectors.resize(at.size() / load.rows);
  Value &vector = vectors[row / load.rows];
  int64_t lane = load.rows > 1 ? row % load.rows : step;
  if (!vector) {
    // A vector along the rows is a row of the transposed operand.
    Value lhs = op.getLhs();
    SmallVector<Value> place{at[row], k};
    if (load.rows > 1) {
      auto swapped = AffineMap::getPermutationMap(ArrayRef<unsigned>{1, 0}, builder.getContext());
      lhs = memref::TransposeOp::create(builder, loc, lhs, AffineMapAttr::get(swapped));
      std::swap(place[0], place[1]);
    }
    auto loaded =
        VectorType::get({load.rows * load.steps}, cast<MemRefType>(lhs.getType()).getElementType());
    vector = widened(vector::LoadOp::create(builder, loc, loaded, lhs, place));
  }
  Value element = vector::ExtractOp::create(builder, loc, vector, lane);
  return vector::BroadcastOp::create(builder, loc, type, element);
}
