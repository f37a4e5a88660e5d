//===- LoopGates.cpp - gates of a recurrent cell as scalar loops ----------===//
//
// A task for each row and unit: its sums one after the other, and the cell on scalars.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/Loops/GateSums.h"
#include "compiler/Targets/Loops/RegionInliner.h"

#include "dialects/Fovea/StructuredOps.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::loops;

static bool handles(Operation *op) { return isa<GatesOp>(op); }

static Refusal refuse(Operation *op) { return refuseGateSums(cast<GatesOp>(op)); }

static void schedule(Operation *op, Nest &nest) {
  auto gates = cast<GatesOp>(op);
  SmallVector<Value> space = nest.sizes(gates.getInits().front());
  Value work = nest.mul(nest.size(gates.getState(), 1), nest.index(gates.getGateCount()));
  parallelRows(nest, nest.product(space), work, [&](Value number) {
    SmallVector<Value> place = nest.delinearize(number, space);
    RowLanes alone{nest.index(0), 1};
    finishUnit(nest, gates, place, gateSums(nest, gates, place[0], place[1], alone));
  });
}

const LoopForm loops::kLoopGates = {"loop_gates", handles, refuse, schedule};
