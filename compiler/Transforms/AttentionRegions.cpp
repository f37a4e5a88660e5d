//===- AttentionRegions.cpp - regions of attention, extended --------------===//
//
// Regions come into being when something is first added to them.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Transforms/AttentionRegions.h"

#include "dialects/Fovea/StructuredOps.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;
using namespace fovea;

unsigned fovea::placeOf(AffineMap map, unsigned dim) {
  return *map.getResultPosition(getAffineDimExpr(dim, map.getContext()));
}

int64_t fovea::extentOf(Value tensor, AffineMap map, unsigned dim) {
  return cast<ShapedType>(tensor.getType()).getDimSize(placeOf(map, dim));
}

Block *fovea::regionBlock(AttentionOp op, Region &region, TypeRange leading) {
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

void fovea::addCapture(AttentionOp op, Value capture, AffineMap map) {
  SmallVector<Attribute> maps(op.getIndexingMaps().getValue());
  maps.insert(maps.begin() + 3 + op.getCaptures().size(), AffineMapAttr::get(map));
  op.setIndexingMapsAttr(ArrayAttr::get(op.getContext(), maps));
  op.getCapturesMutable().append(capture);
  for (Region *region : {&op.getScore(), &op.getMask(), &op.getProb()})
    if (!region->empty())
      region->front().addArgument(elementTypeOf(capture), op.getLoc());
}

void fovea::addScalarCapture(AttentionOp op, Value capture) {
  addCapture(op, capture, AffineMap::get(6, 0, op.getContext()));
}

void fovea::changeScore(AttentionOp op,
                        function_ref<Value(ImplicitLocOpBuilder &, Value, ValueRange)> change) {
  bool fresh = op.getScore().empty();
  Block *block = regionBlock(op, op.getScore(), op.getScoreType());
  ImplicitLocOpBuilder builder(op.getLoc(), op.getContext());
  builder.setInsertionPointToEnd(block);
  if (fresh)
    YieldOp::create(builder, block->getArgument(0));
  Operation *yield = block->getTerminator();
  builder.setInsertionPoint(yield);
  yield->setOperand(0, change(builder, yield->getOperand(0), block->getArguments()));
}

void fovea::appendSlopes(AttentionOp op) {
  MLIRContext *context = op.getContext();
  addCapture(op, op.getSlopes(),
             AffineMap::get(6, 0, getAffineDimExpr(AttentionOp::H, context), context));
  op.getSlopesMutable().clear();
  changeScore(op, [&](ImplicitLocOpBuilder &b, Value score, ValueRange arguments) -> Value {
    Value i = arguments[1 + AttentionOp::I], j = arguments[1 + AttentionOp::J];
    Value apart = arith::SubIOp::create(b, j, i);
    Value whole = arith::IndexCastOp::create(b, b.getI32Type(), apart);
    Value real = arith::SIToFPOp::create(b, op.getScoreType(), whole);
    return arith::AddFOp::create(b, score, arith::MulFOp::create(b, arguments.back(), real));
  });
}

void fovea::conjoinMask(AttentionOp op,
                        function_ref<Value(ImplicitLocOpBuilder &, ValueRange)> keep) {
  Block *block = regionBlock(op, op.getMask(), {});
  ImplicitLocOpBuilder builder(op.getLoc(), op.getContext());
  builder.setInsertionPointToEnd(block);
  Value before;
  if (!block->empty()) {
    before = block->getTerminator()->getOperand(0);
    block->getTerminator()->erase();
  }
  Value added = keep(builder, block->getArguments());
  YieldOp::create(builder, before ? arith::AndIOp::create(builder, before, added) : added);
}
