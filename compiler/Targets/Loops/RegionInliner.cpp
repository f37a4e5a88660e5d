//===- RegionInliner.cpp - scalar regions at one element ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/Loops/RegionInliner.h"

#include "dialects/Fovea/StructuredOps.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::loops;

SmallVector<Value> loops::inlineRegion(Nest &nest, Region &region, ArrayRef<Value> arguments) {
  IRMapping mapping;
  for (auto [argument, value] : llvm::zip_equal(region.getArguments(), arguments))
    if (value)
      mapping.map(argument, value);
  auto known = [&](Value value) { return mapping.lookupOrDefault(value); };
  for (Operation &inner : region.front().without_terminator()) {
    auto table = dyn_cast<CaptureLoadOp>(inner);
    if (!table) {
      nest.builder.clone(inner, mapping);
      continue;
    }
    SmallVector<Value> indices = llvm::map_to_vector(table.getIndices(), known);
    mapping.map(table.getResult(),
                memref::LoadOp::create(nest.builder, nest.loc, known(table.getTable()), indices)
                    .getResult());
  }
  return llvm::map_to_vector(region.front().getTerminator()->getOperands(), known);
}

void loops::finishElement(Nest &nest, ContractOp op, ArrayRef<Value> position, Value sum) {
  SmallVector<Value> arguments{sum};
  for (auto [index, capture] : llvm::enumerate(op.getCaptures()))
    arguments.push_back(memref::LoadOp::create(nest.builder, nest.loc, capture,
                                               nest.apply(op.getCaptureMap(index), position)));
  memref::StoreOp::create(nest.builder, nest.loc,
                          inlineRegion(nest, op.getEpilogue(), arguments)[0], op.getInit(),
                          nest.apply(op.getOutMap(), position));
}

void loops::finishUnit(Nest &nest, GatesOp op, ArrayRef<Value> place, ValueRange sums) {
  SmallVector<Value> arguments(sums);
  for (auto [index, capture] : llvm::enumerate(op.getCaptures()))
    arguments.push_back(isa<MemRefType>(capture.getType())
                            ? memref::LoadOp::create(nest.builder, nest.loc, capture,
                                                     nest.apply(op.getCaptureMap(index), place))
                                  .getResult()
                            : capture);
  for (auto [result, init] :
       llvm::zip_equal(inlineRegion(nest, op.getCell(), arguments), op.getInits()))
    memref::StoreOp::create(nest.builder, nest.loc, result, init, place);
}
