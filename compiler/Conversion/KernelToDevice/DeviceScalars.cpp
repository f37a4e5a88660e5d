//===- DeviceScalars.cpp - scalars that only the device knows -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/KernelToDevice/DeviceScalars.h"

#include "dialects/FoveaKernel/FoveaKernelDialect.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace fovea;

Value fovea::makeCell(OpBuilder &builder, Location loc, Type type) {
  return memref::AllocOp::create(builder, loc, MemRefType::get({}, type));
}

void fovea::fillCells(OpBuilder &builder, Location loc, ValueRange cells,
                      function_ref<SmallVector<Value>(OpBuilder &, ValueRange)> body) {
  SmallVector<AffineMap> maps(cells.size(), AffineMap::get(0, 0, builder.getContext()));
  linalg::GenericOp::create(builder, loc, ValueRange(), cells, maps,
                            ArrayRef<utils::IteratorType>(),
                            [&](OpBuilder &inner, Location, ValueRange elements) {
                              linalg::YieldOp::create(inner, loc, body(inner, elements));
                            });
}

bool fovea::loadsFromDevice(Operation *op) {
  auto load = dyn_cast<memref::LoadOp>(op);
  return load && !load.getMemRef().getDefiningOp<kernel::ViewOp>();
}

bool DeviceScalars::isOnDevice(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op || !value.getType().isIntOrIndexOrFloat())
    return false;
  if (isa<memref::LoadOp>(op))
    return loadsFromDevice(op);
  return op->getNumRegions() == 0 && isMemoryEffectFree(op) &&
         llvm::any_of(op->getOperands(), [&](Value operand) { return isOnDevice(operand); });
}

/// True when memory may change between two operations.
static bool mayChangeBetween(Operation *from, Operation *to) {
  if (from == to)
    return false;
  if (from->getBlock() != to->getBlock() || !from->isBeforeInBlock(to))
    return true;
  for (Operation *op = from->getNextNode(); op != to; op = op->getNextNode())
    if (!isMemoryEffectFree(op) && !isa<memref::LoadOp, memref::AllocOp>(op))
      return true;
  return false;
}

Value DeviceScalars::repeat(OpBuilder &builder, Value value, Operation *before) {
  if (!isOnDevice(value))
    return value;
  Operation *op = value.getDefiningOp();
  if (isa<memref::LoadOp>(op)) {
    if (mayChangeBetween(op, before))
      return memref::LoadOp::create(builder, op->getLoc(), cellOf(value), ValueRange());
    return builder.clone(*op)->getResult(0);
  }
  IRMapping mapping;
  for (Value operand : op->getOperands())
    mapping.map(operand, repeat(builder, operand, before));
  Operation *clone = builder.clone(*op, mapping);
  return clone->getResult(cast<OpResult>(value).getResultNumber());
}

Value DeviceScalars::cellOf(Value value) {
  if (Value known = cells.lookup(value))
    return known;
  Operation *op = value.getDefiningOp();
  OpBuilder builder(op->getContext());
  builder.setInsertionPointAfter(op);
  Value cell = makeCell(builder, op->getLoc(), value.getType());
  cells[value] = cell;
  fillCells(builder, op->getLoc(), cell, [&](OpBuilder &inner, ValueRange) {
    return SmallVector<Value>{repeat(inner, value, op)};
  });
  return cell;
}

Value DeviceScalars::read(OpBuilder &builder, Value value) {
  return memref::LoadOp::create(builder, value.getLoc(), cellOf(value), ValueRange());
}
