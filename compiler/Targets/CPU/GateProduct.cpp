//===- GateProduct.cpp - gates finished in registers ----------------------===//
//
// The gates of as many units as a vector has lanes lie side by side in a panel. Tasks are
// (panel, block of rows); strips of rows run against the panel, one vector of sums per gate, and
// the cell finishes the units of a row while their sums are in registers.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CPU/GateTask.h"

#include "dialects/FoveaKernel/FoveaKernelDialect.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::cpu;

/// Rows of a task, in strips.
static constexpr int64_t kStripsPerTask = 16;
/// Gates of one row up to which sums of every second step are taken apart; of every fourth where
/// the weight has words of two steps, whose floats come late.
static constexpr int64_t kMostOfSeveralChains = 4;
/// With up to so many rows, reading the weight takes most of the time, and no part of it is read
/// twice.
static constexpr int64_t kFewRows = 8;

static bool handles(Operation *op) {
  auto gates = dyn_cast<GatesOp>(op);
  return gates && !elementTypeOf(gates.getWeight()).isInteger(8);
}

static Refusal refuse(Operation *op, const Capabilities &cpu) {
  return refuseGates(cast<GatesOp>(op), cpu);
}

namespace {

/// Writes the schedule of one operation.
class GateProduct : GateTask {
public:
  GateProduct(GatesOp op, Nest &nest, const Capabilities &cpu) : GateTask(op, nest, cpu) {}

  void write() {
    int64_t strip = stripRows(), rowsPerTask = strip * kStripsPerTask;
    Value most = nest.index(rowsPerTask), lanes = nest.index(cpu.lanes);
    SmallVector<Value> space{nest.ceilDiv(units, lanes), nest.ceilDiv(rows, most)};
    nest.parallel(nest.product(space), [&](Value task) {
      SmallVector<Value> place = nest.delinearize(task, space);
      Value first = nest.mul(place[1], most);
      std::optional<int64_t> known = constant(rows);
      bool single = known && *known <= rowsPerTask;
      Value count = single ? rows : nest.min(nest.sub(rows, first), most);
      Value panel = panelAt(place[0]), unit = nest.mul(place[0], lanes);
      Value following =
          nest.min(nest.add(place[0], nest.index(1)), nest.sub(space[0], nest.index(1)));
      // The lowest of even strips tell them apart.
      int64_t height = single && *known > 0 ? *known / llvm::divideCeil(*known, strip) : strip;
      // Units may be updated in place: no row is computed twice. A strip of few rows waits for the
      // panel.
      nest.strips(count, strip, Tail::Even, [&](Value row, int64_t number) {
        SmallVector<Value, 1> ahead;
        if (!known || *known > kFewRows)
          ahead.push_back(partAhead(following, row, height));
        writeStrip(panel, unit, single ? row : nest.add(first, row), number, ahead);
      });
    });
  }

private:
  bool hasPairs() { return cast<MemRefType>(op.getWeight().getType()).getRank() == 4; }

  /// Panel `number` as [K, G * lanes], or [K / 2, G * lanes * 2].
  Value panelAt(Value number) {
    int64_t group = hasPairs() ? 2 : 1;
    Value width = nest.index(gates * cpu.lanes * group), rows = nest.div(depth, nest.index(group));
    Value offset = nest.mul(number, nest.mul(rows, width));
    return nest.view(op.getWeight(), nest.add(nest.offset(op.getWeight()), offset), {rows, width},
                     {width, nest.index(1)});
  }

  /// The part of a panel, [K, lanes], that the strip of at least `height` rows from `row` on asks
  /// for: of G strips all of it.
  Value partAhead(Value panel, Value row, int64_t height) {
    Value lanes = nest.index(cpu.lanes), size = nest.mul(depth, lanes);
    Value part = nest.min(nest.div(row, nest.index(height)), nest.index(gates - 1));
    Value number = nest.add(nest.mul(panel, nest.index(gates)), part);
    Value offset = nest.add(nest.offset(op.getWeight()), nest.mul(number, size));
    return nest.view(op.getWeight(), offset, {depth, lanes}, {lanes, nest.index(1)});
  }

  void writeStrip(Value panel, Value unit, Value row, int64_t number, ValueRange next) {
    SmallVector<Value> ahead(next);
    std::optional<int64_t> steps = constant(depth);
    if (number > 1 && steps && *steps >= number)
      llvm::append_range(ahead, capturesAhead(unit, row, number, *steps));
    else
      prefetchCaptures(unit, row, number);
    auto product = kernel::ProductOp::create(nest.builder, nest.loc, op.getState(), panel, row,
                                             depth, number, gates, cpu.lanes, {}, ahead);
    // Of one row alone: rows of a batch are summed up alike wherever they lie in it.
    if (constant(rows) == 1 && gates <= kMostOfSeveralChains)
      product.setChains(hasPairs() ? 4 : 2);
    OpBuilder::InsertionGuard guard(nest.builder);
    SmallVector<Type> types(1 + gates, VectorType::get({cpu.lanes}, nest.builder.getF32Type()));
    types[0] = nest.builder.getIndexType();
    Block *block = nest.builder.createBlock(&product.getFinish(), {}, types,
                                            SmallVector<Location>(types.size(), nest.loc));
    finish(block->getArgument(0), unit, ValueRange(block->getArguments()).drop_front());
    nest.builder.setInsertionPointToEnd(block);
    kernel::YieldOp::create(nest.builder, nest.loc);
  }
};

} // namespace

static void schedule(Operation *op, Nest &nest, const Capabilities &cpu) {
  GateProduct(cast<GatesOp>(op), nest, cpu).write();
}

const Form cpu::kGateProduct = {"gate_product", handles, refuse, schedule};
