//===- ProductBlock.cpp - what the forms of products on blocks share ------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CUDA/ProductBlock.h"

#include "compiler/Targets/Loops/RegionInliner.h"

#include "dialects/Fovea/StructuredOps.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::cuda;

ProductBlock::ProductBlock(ContractOp op, Nest &nest)
    : op(op), nest(nest), b(nest.builder), dims(*ProductDims::of(op)),
      extents(extentsOf(nest, op)) {}

SmallVector<Value> ProductBlock::tilesOf(Value tile) {
  SmallVector<Value> space;
  for (unsigned dim : dims.loops)
    space.push_back(extents[dim]);
  space.push_back(nest.ceilDiv(extents[*dims.m], tile));
  space.push_back(nest.ceilDiv(extents[dims.n], tile));
  return space;
}

Value ProductBlock::countTiles(Value tile) { return nest.product(tilesOf(tile)); }

void ProductBlock::writeGrid(Value tile, int64_t threads, function_ref<void()> body) {
  SmallVector<Value> space = tilesOf(tile);
  nest.grid(nest.product(space), threads, [&](Value block, Value inBlock) {
    SmallVector<Value> place = nest.delinearize(block, space);
    position.assign(extents.size(), nest.index(0));
    for (auto [number, dim] : llvm::enumerate(dims.loops))
      position[dim] = place[number];
    firstRow = nest.mul(place[place.size() - 2], tile);
    firstColumn = nest.mul(place.back(), tile);
    thread = inBlock;
    body();
  });
}

Value ProductBlock::below(Value index, Value bound) {
  return arith::CmpIOp::create(b, nest.loc, arith::CmpIPredicate::ult, index, bound);
}

void ProductBlock::finishAt(Value row, Value column, Value sum) {
  SmallVector<Value> at(position);
  at[*dims.m] = row;
  at[dims.n] = column;
  Value inside = arith::AndIOp::create(b, nest.loc, below(row, extents[*dims.m]),
                                       below(column, extents[dims.n]));
  nest.branch(inside, [&] { finishElement(nest, op, at, sum); });
}
