//===- LoopGates.cpp - gates of a recurrent cell as scalar loops ----------===//
//
// A task for each row and unit: its sums one after the other, and the cell on scalars.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/Loops/Forms.h"
#include "compiler/Targets/Loops/RegionInliner.h"
#include "compiler/Targets/Loops/ScalarLoops.h"

#include "dialects/Fovea/StructuredOps.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::loops;

static bool handles(Operation *op) { return isa<GatesOp>(op); }

static Refusal refuse(Operation *op) {
  auto gates = cast<GatesOp>(op);
  if (gates.getPanels())
    return {"layout", "the weight is packed for registers"};
  if (elementTypeOf(gates.getWeight()).isInteger(8))
    return {"dtype", "the weight is of i8, whose products need the state rounded"};
  return {};
}

/// The sums of all gates of one unit, in f32.
static Nest::Carried sumsOf(GatesOp op, Nest &nest, Value row, Value unit) {
  ArrayRef<int64_t> order = op.getWeightDims();
  Type f32 = nest.builder.getF32Type();
  SmallVector<Value> zeros(op.getGateCount(), nest.f32(0));
  return nest.loop(nest.index(0), nest.size(op.getState(), 1), nest.index(1), zeros,
                   [&](Value k, ValueRange sums) {
                     Value state = loadWide(nest, op.getState(), {row, k});
                     Nest::Carried next;
                     for (auto [gate, sum] : llvm::enumerate(sums)) {
                       SmallVector<Value> at(3);
                       at[order[0]] = nest.index(gate);
                       at[order[1]] = unit;
                       at[order[2]] = k;
                       Value weight = loadWide(nest, op.getWeight(), at);
                       auto product =
                           arith::MulFOp::create(nest.builder, nest.loc, f32, state, weight);
                       auto total =
                           arith::AddFOp::create(nest.builder, nest.loc, f32, sum, product);
                       relax(product, /*reassociate=*/false);
                       relax(total, /*reassociate=*/false);
                       next.push_back(total);
                     }
                     return next;
                   });
}

static void schedule(Operation *op, Nest &nest) {
  auto gates = cast<GatesOp>(op);
  SmallVector<Value> space = nest.sizes(gates.getInits().front());
  Value work = nest.mul(nest.size(gates.getState(), 1), nest.index(gates.getGateCount()));
  parallelRows(nest, nest.product(space), work, [&](Value number) {
    SmallVector<Value> place = nest.delinearize(number, space);
    finishUnit(nest, gates, place, sumsOf(gates, nest, place[0], place[1]));
  });
}

const LoopForm loops::kLoopGates = {"loop_gates", handles, refuse, schedule};
