//===- AttentionKeys.cpp - where an attention's keys lie ------------------===//
//
// Dimensions of maps, pages, the number of keys.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/Loops/AttentionKeys.h"

#include "dialects/Fovea/StructuredOps.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::loops;

unsigned loops::placeOf(AffineMap map, unsigned dim) {
  for (auto [place, expr] : llvm::enumerate(map.getResults()))
    if (expr == getAffineDimExpr(dim, map.getContext()) ||
        (expr.getKind() == AffineExprKind::Mod && expr.isFunctionOfDim(dim)))
      return place;
  llvm_unreachable("attention_c3, c4: the maps have all of their dimensions");
}

Value loops::countKeys(AttentionOp op, Nest &nest) {
  if (!op.getPages())
    return nest.size(op.getKey(), placeOf(op.getKeyMap(), AttentionOp::J));
  return nest.mul(nest.size(op.getPages(), 1), nest.index(op.getPageSize()));
}

Value loops::placeOfKey(AttentionOp op, Nest &nest, Value batch, Value key) {
  if (!op.getPages())
    return key;
  Value size = nest.index(op.getPageSize()), one = nest.index(1);
  Value block = nest.min(nest.div(key, size), nest.sub(nest.size(op.getPages(), 1), one));
  Value entry =
      memref::LoadOp::create(nest.builder, nest.loc, op.getPages(), ValueRange{batch, block});
  Value page =
      arith::IndexCastOp::create(nest.builder, nest.loc, nest.builder.getIndexType(), entry);
  Value pages = nest.min(nest.size(op.getKey(), op.getPagePlace(op.getKeyMap())),
                         nest.size(op.getValue(), op.getPagePlace(op.getValueMap())));
  page = nest.max(nest.min(page, nest.sub(pages, one)), nest.index(0));
  return nest.add(nest.mul(page, size), nest.rem(key, size));
}

int64_t loops::staticExtent(Value buffer, AffineMap map, unsigned dim) {
  return cast<ShapedType>(buffer.getType()).getDimSize(placeOf(map, dim));
}

Refusal loops::refuseKnownHeads(AttentionOp op, StringRef inF32) {
  if (op.hasSugar())
    return {"order", "sugar is left; fovea-materialize-mods runs first"};
  if (op.getScoreType().isF64() || elementTypeOf(op.getOut()).isF64())
    return {"dtype", (inF32 + "; the elements are of f64").str()};
  int64_t depth = staticExtent(op.getQuery(), op.getQueryMap(), AttentionOp::D);
  int64_t width = staticExtent(op.getValue(), op.getValueMap(), AttentionOp::E);
  if (ShapedType::isDynamic(depth) || ShapedType::isDynamic(width))
    return {"shape", "the head size is known only at run time"};
  if (depth > kMaxHeadSize || width > kMaxHeadSize)
    return {"shape", "the head size is above " + std::to_string(kMaxHeadSize)};
  return {};
}

SmallVector<Value> loops::extentsOf(AttentionOp op, Nest &nest) {
  SmallVector<Value> extents(6);
  auto read = [&](Value buffer, AffineMap map) {
    for (auto [place, expr] : llvm::enumerate(map.getResults()))
      if (auto dim = dyn_cast<AffineDimExpr>(expr); dim && !extents[dim.getPosition()])
        extents[dim.getPosition()] = nest.size(buffer, place);
  };
  extents[AttentionOp::J] = countKeys(op, nest);
  read(op.getQuery(), op.getQueryMap());
  read(op.getValue(), op.getValueMap());
  read(op.getKey(), op.getKeyMap());
  return extents;
}
