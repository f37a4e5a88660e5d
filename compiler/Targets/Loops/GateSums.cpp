//===- GateSums.cpp - sums of a recurrent cell's gates on scalars ---------===//
//
// One loop over the state, for all gates.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/Loops/GateSums.h"

#include "dialects/Fovea/StructuredOps.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::loops;

Refusal loops::refuseGateSums(GatesOp op) {
  if (op.getPanels())
    return {"layout", "the weight is packed for registers"};
  if (elementTypeOf(op.getWeight()).isInteger(8))
    return {"dtype", "the weight is of i8, whose products need the state rounded"};
  return {};
}

Refusal loops::refuseGateRows(GatesOp op) {
  if (Refusal refusal = refuseGateSums(op))
    return refusal;
  int64_t depth = op.getWeightDims()[2];
  if (cast<MemRefType>(op.getWeight().getType()).getStridesAndOffset().first[depth] != 1)
    return {"layout", "the summed dimension does not lie along the weight's memory"};
  return {};
}

SmallVector<Value> loops::gateSums(Nest &nest, GatesOp op, Value row, Value unit,
                                   const RowLanes &lanes) {
  ArrayRef<int64_t> order = op.getWeightDims();
  auto add = [&](Value a, Value b) -> Value {
    auto sum = arith::AddFOp::create(nest.builder, nest.loc, a, b);
    relax(sum, /*reassociate=*/false);
    return sum;
  };
  SmallVector<Value> zeros(op.getGateCount(), nest.f32(0));
  Nest::Carried sums = nest.loop(lanes.lane, nest.size(op.getState(), 1), nest.index(lanes.count),
                                 zeros, [&](Value k, ValueRange carried) {
                                   Value state = loadWide(nest, op.getState(), {row, k});
                                   Nest::Carried next;
                                   for (auto [gate, sum] : llvm::enumerate(carried)) {
                                     SmallVector<Value> at(3);
                                     at[order[0]] = nest.index(gate);
                                     at[order[1]] = unit;
                                     at[order[2]] = k;
                                     Value weight = loadWide(nest, op.getWeight(), at);
                                     next.push_back(addProduct(nest, sum, state, weight));
                                   }
                                   return next;
                                 });
  for (Value &sum : sums)
    sum = lanes.combine(nest, sum, add);
  return sums;
}
