//===- GateProduct.cpp - gates finished in registers ----------------------===//
//
// The gates of as many units as a vector has lanes lie side by side in a panel. Tasks are
// (panel, block of rows); strips of rows run against the panel, one vector of sums per gate, and
// the cell finishes the units of a row while their sums are in registers.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CPU/Forms.h"
#include "compiler/Targets/CPU/LaneRegion.h"

#include "dialects/Fovea/StructuredOps.h"
#include "dialects/FoveaKernel/FoveaKernelDialect.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::cpu;

/// Rows of a task, in strips.
static constexpr int64_t kStripsPerTask = 16;
/// Gates of one row up to which sums of every second step are taken apart.
static constexpr int64_t kMostOfTwoChains = 4;
/// With up to so many rows, reading the weight takes most of the time, and no part of it is read
/// twice.
static constexpr int64_t kFewRows = 8;

static bool handles(Operation *op) { return isa<GatesOp>(op); }

static Refusal refuse(Operation *op, const Capabilities &cpu) {
  auto gates = cast<GatesOp>(op);
  if (!gates.getPanels() || static_cast<int64_t>(*gates.getPanels()) != cpu.lanes)
    return {"layout", "the weight is not packed for this target"};
  for (Value init : gates.getInits())
    if (cast<MemRefType>(init.getType()).getStridesAndOffset().first.back() != 1)
      return {"layout", "the last dimension of an output is not contiguous"};
  return {};
}

namespace {

/// Writes the schedule of one operation.
class GateProduct {
public:
  GateProduct(GatesOp op, Nest &nest, const Capabilities &cpu)
      : op(op), nest(nest), cpu(cpu), gates(op.getGateCount()), rows(nest.size(op.getState(), 0)),
        units(nest.size(op.getInits().front(), 1)), depth(nest.size(op.getState(), 1)) {}

  void write() {
    int64_t strip = gates <= cpu.maxVectors() ? cpu.rowsFor(gates) : kMostSums / gates;
    int64_t rowsPerTask = strip * kStripsPerTask;
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
      // Units may be updated in place: no row is computed twice.
      nest.strips(count, strip, Tail::Exact, [&](Value row, int64_t number) {
        Value ahead = known && *known <= kFewRows ? Value() : partAhead(following, row, strip);
        writeStrip(panel, unit, single ? row : nest.add(first, row), number, ahead);
      });
    });
  }

private:
  /// Sums that fit into registers beside a row of the panel.
  static constexpr int64_t kMostSums = 24;

  /// Panel `number` as [K, G * lanes].
  Value panelAt(Value number) {
    int64_t width = gates * cpu.lanes;
    Value offset = nest.mul(number, nest.mul(depth, nest.index(width)));
    return nest.view(op.getWeight(), nest.add(nest.offset(op.getWeight()), offset),
                     {depth, nest.index(width)}, {nest.index(width), nest.index(1)});
  }

  /// The part of a panel, [K, lanes], that the strip from `row` on asks for: of G strips all of it.
  Value partAhead(Value panel, Value row, int64_t strip) {
    Value lanes = nest.index(cpu.lanes), size = nest.mul(depth, lanes);
    Value part = nest.min(nest.div(row, nest.index(strip)), nest.index(gates - 1));
    Value number = nest.add(nest.mul(panel, nest.index(gates)), part);
    Value offset = nest.add(nest.offset(op.getWeight()), nest.mul(number, size));
    return nest.view(op.getWeight(), offset, {depth, lanes}, {lanes, nest.index(1)});
  }

  /// Asks for what the cell reads of the rows from `row` on, all of which the product comes before.
  void prefetchCaptures(Value unit, Value row, int64_t number) {
    for (auto [index, capture] : llvm::enumerate(op.getCaptures())) {
      AffineMap map = op.getCaptureMap(index);
      if (!map.isFunctionOfDim(0) || !map.isFunctionOfDim(1))
        continue;
      for (int64_t next = 0; next < number; ++next)
        memref::PrefetchOp::create(nest.builder, nest.loc, capture,
                                   nest.apply(map, {nest.add(row, nest.index(next)), unit}),
                                   /*isWrite=*/false, /*localityHint=*/3, /*isDataCache=*/true);
    }
  }

  void writeStrip(Value panel, Value unit, Value row, int64_t number, Value ahead) {
    prefetchCaptures(unit, row, number);
    auto product = kernel::ProductOp::create(nest.builder, nest.loc, op.getState(), panel, row,
                                             depth, number, gates, cpu.lanes, {}, ahead);
    // Of one row alone: rows of a batch are summed up alike wherever they lie in it.
    if (constant(rows) == 1 && gates <= kMostOfTwoChains)
      product.setChains(2);
    OpBuilder::InsertionGuard guard(nest.builder);
    SmallVector<Type> types(1 + gates, VectorType::get({cpu.lanes}, nest.builder.getF32Type()));
    types[0] = nest.builder.getIndexType();
    Block *block = nest.builder.createBlock(&product.getFinish(), {}, types,
                                            SmallVector<Location>(types.size(), nest.loc));
    finish(block->getArgument(0), unit, ValueRange(block->getArguments()).drop_front());
    nest.builder.setInsertionPointToEnd(block);
    kernel::YieldOp::create(nest.builder, nest.loc);
  }

  /// The cell on the sums of a row's units from `unit` on.
  void finish(Value row, Value unit, ValueRange sums) {
    LaneGroup group{1, {row, unit}, cpu.lanes, Value()};
    std::optional<int64_t> known = constant(units);
    if (!known || *known % cpu.lanes != 0)
      group.mask = laneMask(nest, unit, units, cpu.lanes);
    SmallVector<Value> arguments(sums);
    for (auto [index, capture] : llvm::enumerate(op.getCaptures()))
      arguments.push_back(isa<MemRefType>(capture.getType())
                              ? loadLanes(nest, capture, op.getCaptureMap(index), group)
                              : capture);
    SmallVector<Value> results = inlineAllLanes(nest, op.getCell(), arguments, group);
    AffineMap place = nest.builder.getMultiDimIdentityMap(2);
    for (auto [result, init] : llvm::zip_equal(results, op.getInits()))
      storeLanes(nest, result, init, place, group);
  }

  GatesOp op;
  Nest &nest;
  const Capabilities &cpu;
  int64_t gates;
  Value rows, units, depth;
};

} // namespace

static void schedule(Operation *op, Nest &nest, const Capabilities &cpu) {
  GateProduct(cast<GatesOp>(op), nest, cpu).write();
}

const Form cpu::kGateProduct = {"gate_product", handles, refuse, schedule};
