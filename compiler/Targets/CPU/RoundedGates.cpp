//===- RoundedGates.cpp - gates by dots of 8-bit integers -----------------===//
//
// Tasks are (some panels, block of rows). A task rounds its rows of the state into scratch memory,
// as integers and one step a row, runs strips of them against its panels, and the cell finishes the
// units of a row while their sums are in registers.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CPU/GateTask.h"
#include "compiler/Targets/CPU/WordPanels.h"
#include "compiler/Targets/Loops/LaneRegion.h"

#include "dialects/FoveaKernel/FoveaKernelDialect.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::cpu;

/// Strips of a task.
static constexpr int64_t kStripsPerTask = 4;
/// Tasks that the units of a block of rows make, each of which rounds the rows for itself: at least
/// so many, more where they have as many panels.
static constexpr int64_t kTasksOfRows = 4, kPanelsPerTask = 8;
/// Elements of a word.
static constexpr int64_t kWord = 4;
/// Vectors that are searched for the largest element at a time, independent of each other.
static constexpr int64_t kChains = 4;
/// The largest integer, and the least that a row's largest element is taken for: its inverse is
/// finite.
static constexpr double kLargest = 127, kLeast = 0x1p-100;
/// Added to x in [-127, 127]: the sum's last bits are those of x rounded to an integer.
static constexpr double kRounder = 0x1.8p23;

static bool handles(Operation *op) {
  auto gates = dyn_cast<GatesOp>(op);
  return gates && elementTypeOf(gates.getWeight()).isInteger(8);
}

static Refusal refuse(Operation *op, const Capabilities &cpu) {
  if (!rowFor("i8", RowUnit::Dot, cpu))
    return {"target", "the target has no dot products of i8"};
  return refuseGates(cast<GatesOp>(op), cpu);
}

namespace {

/// Writes the schedule of one operation.
class RoundedGates : GateTask {
public:
  RoundedGates(GatesOp op, Nest &nest, const Capabilities &cpu)
      : GateTask(op, nest, cpu), isUnsigned(rowFor("i8", RowUnit::Dot, cpu)->takesUnsigned),
        lanes(VectorType::get({cpu.lanes}, nest.builder.getF32Type())),
        integers(VectorType::get({cpu.lanes}, nest.builder.getI32Type())) {}

  void write() {
    auto packed = cast<MemRefType>(op.getWeight().getType());
    int64_t panels = packed.getDimSize(0);
    int64_t tasks =
        std::max<int64_t>(kTasksOfRows, llvm::bit_floor<uint64_t>(panels / kPanelsPerTask));
    int64_t panelsPerTask = llvm::divideCeil(panels, tasks);
    int64_t strip = stripRows(), rowsPerTask = strip * kStripsPerTask;
    std::optional<int64_t> known = constant(rows);
    bool single = known && *known <= rowsPerTask;
    Value most = nest.index(rowsPerTask), step = nest.index(panelsPerTask);
    SmallVector<Value> space{nest.index(llvm::divideCeil(panels, panelsPerTask)),
                             nest.ceilDiv(rows, most)};
    nest.parallel(nest.product(space), [&](Value task) {
      SmallVector<Value> place = nest.delinearize(task, space);
      Value first = single ? nest.index(0) : nest.mul(place[1], most);
      Value count = single ? rows : nest.min(nest.sub(rows, first), most);
      roundRows(first, count, single ? *known : rowsPerTask);
      Value begin = nest.mul(place[0], step);
      Value end = nest.min(nest.add(begin, step), nest.index(panels));
      nest.loop(begin, end, nest.index(1), [&](Value number) {
        Value panel = panelAt(number), unit = nest.mul(number, nest.index(cpu.lanes));
        // Units may be updated in place: no row is computed twice.
        nest.strips(count, strip, Tail::Exact, [&](Value row, int64_t rowsOfStrip) {
          writeStrip(panel, unit, first, row, rowsOfStrip);
        });
      });
    });
  }

private:
  OpBuilder &builder() { return nest.builder; }
  Value splat(double value) { return broadcast(nest, nest.f32(value), cpu.lanes); }

  /// Rounds `count` rows of the state, at most `capacity`, from `first` on.
  void roundRows(Value first, Value count, int64_t capacity) {
    int64_t length = llvm::alignTo(*constant(depth), cpu.lanes);
    words = nest.scratch({capacity, length}, builder().getI8Type());
    steps = nest.scratch({capacity, 1}, builder().getF32Type());
    nest.loop(nest.index(0), count, nest.index(1),
              [&](Value row) { roundRow(nest.add(first, row), row); });
  }

  /// The elements of a row of the state from `k` on, 0 behind the last.
  Value load(Value row, Value k) {
    LaneGroup group{1, {row, k}, cpu.lanes, Value()};
    if (*constant(depth) % cpu.lanes != 0)
      group.mask = laneMask(nest, k, depth, cpu.lanes);
    Value values = loadLanes(nest, op.getState(), builder().getMultiDimIdentityMap(2), group);
    if (values.getType() == lanes)
      return values;
    return arith::ExtFOp::create(builder(), nest.loc, lanes, values);
  }

  /// The larger of magnitudes, as the bits of floats: NaN and infinities are the largest.
  Value larger(Value values, Value bits) {
    OpBuilder &b = builder();
    Value mask = arith::ConstantOp::create(
        b, nest.loc, DenseElementsAttr::get(integers, b.getI32IntegerAttr(0x7fffffff)));
    Value own = arith::BitcastOp::create(b, nest.loc, integers, values);
    return arith::MaxSIOp::create(b, nest.loc, arith::AndIOp::create(b, nest.loc, own, mask), bits);
  }

  /// The largest magnitude of a row of the state, or NaN, or infinite.
  Value largestOf(Value from) {
    OpBuilder &b = builder();
    int64_t all = *constant(depth), turn = kChains * cpu.lanes, whole = all / turn * turn;
    Value zeros = arith::ConstantOp::create(b, nest.loc, b.getZeroAttr(integers));
    auto body = [&](Value k, ValueRange carried) {
      Nest::Carried next;
      for (auto [chain, bits] : llvm::enumerate(carried))
        next.push_back(larger(load(from, nest.add(k, nest.index(chain * cpu.lanes))), bits));
      return next;
    };
    Nest::Carried found = nest.loop(nest.index(0), nest.index(whole), nest.index(turn),
                                    SmallVector<Value>(kChains, zeros), body);
    for (int64_t k = whole, chain = 0; k < all; k += cpu.lanes, ++chain)
      found[chain] = larger(load(from, nest.index(k)), found[chain]);
    Value bits = found.front();
    for (Value other : llvm::drop_begin(found))
      bits = arith::MaxSIOp::create(b, nest.loc, bits, other);
    bits = vector::ReductionOp::create(b, nest.loc, vector::CombiningKind::MAXSI, bits);
    return arith::BitcastOp::create(b, nest.loc, b.getF32Type(), bits);
  }

  void roundRow(Value from, Value row) {
    OpBuilder &b = builder();
    Value largest = largestOf(from);
    Value least = arith::MaxNumFOp::create(b, nest.loc, largest, nest.f32(kLeast));
    // NaN for NaN and infinities, else 0.
    Value poison = arith::SubFOp::create(b, nest.loc, largest, largest);
    Value step = arith::DivFOp::create(b, nest.loc, least, nest.f32(kLargest));
    step = arith::AddFOp::create(b, nest.loc, step, poison);
    memref::StoreOp::create(b, nest.loc, step, steps, ValueRange{row, nest.index(0)});
    Value inverse = arith::DivFOp::create(b, nest.loc, nest.f32(kLargest), least);
    storeRow(from, row, broadcast(nest, inverse, cpu.lanes));
  }

  /// The integers of a row: one rounding each, of the exact product.
  void storeRow(Value from, Value row, Value inverse) {
    OpBuilder &b = builder();
    Value rounder = splat(kRounder + (isUnsigned ? 128 : 0));
    auto bytes = VectorType::get({cpu.lanes}, b.getI8Type());
    nest.loop(nest.index(0), depth, nest.index(cpu.lanes), [&](Value k) {
      Value moved = math::FmaOp::create(b, nest.loc, load(from, k), inverse, rounder);
      Value bits = arith::BitcastOp::create(b, nest.loc, integers, moved);
      Value last = arith::TruncIOp::create(b, nest.loc, bytes, bits);
      vector::StoreOp::create(b, nest.loc, last, words, ValueRange{row, k});
    });
  }

  /// Panel `number` as [words, gates * lanes * 4].
  Value panelAt(Value number) {
    auto packed = cast<MemRefType>(op.getWeight().getType());
    Value width = nest.index(packed.getDimSize(2) * kWord),
          count = nest.index(packed.getDimSize(1));
    Value offset = nest.mul(number, nest.mul(count, width));
    return nest.view(op.getWeight(), nest.add(nest.offset(op.getWeight()), offset), {count, width},
                     {width, nest.index(1)});
  }

  void writeStrip(Value panel, Value unit, Value first, Value row, int64_t number) {
    OpBuilder &b = builder();
    prefetchCaptures(unit, nest.add(first, row), number);
    // What lies behind the depth in the last word is multiplied by 0.
    Value length = nest.index(llvm::alignTo(*constant(depth), kWord));
    auto product = kernel::ProductOp::create(b, nest.loc, words, panel, row, length, number, gates,
                                             cpu.lanes, {}, {}, kernel::Unit::Dot, isUnsigned);
    OpBuilder::InsertionGuard guard(b);
    SmallVector<Type> types(1 + gates, integers);
    types[0] = b.getIndexType();
    Block *block = b.createBlock(&product.getFinish(), {}, types,
                                 SmallVector<Location>(types.size(), nest.loc));
    Value at = block->getArgument(0);
    Value step = memref::LoadOp::create(b, nest.loc, steps, ValueRange{at, nest.index(0)});
    step = broadcast(nest, step, cpu.lanes);
    SmallVector<Value> sums;
    for (auto [gate, sum] : llvm::enumerate(block->getArguments().drop_front())) {
      Value exact = isUnsigned ? withoutExcess(panel, gate, sum) : Value(sum);
      exact = arith::SIToFPOp::create(b, nest.loc, lanes, exact);
      sums.push_back(arith::MulFOp::create(b, nest.loc, exact, step));
    }
    finish(nest.add(first, at), unit, sums);
    b.setInsertionPointToEnd(block);
    kernel::YieldOp::create(b, nest.loc);
  }

  /// Rows are 128 too large, sums by 128 times those of the columns: the panel's last row.
  Value withoutExcess(Value panel, int64_t gate, Value sum) {
    OpBuilder &b = builder();
    auto bytes = VectorType::get({cpu.lanes * kWord}, b.getI8Type());
    Value last = nest.sub(nest.size(panel, 0), nest.index(1));
    Value loaded = vector::LoadOp::create(b, nest.loc, bytes, panel,
                                          ValueRange{last, nest.index(gate * cpu.lanes * kWord)});
    Value excess = vector::BitCastOp::create(b, nest.loc, integers, loaded);
    return arith::SubIOp::create(b, nest.loc, sum, excess);
  }

  bool isUnsigned;
  VectorType lanes, integers;
  /// The rows of a task: integers, and what one stands for.
  Value words, steps;
};

} // namespace

static void schedule(Operation *op, Nest &nest, const Capabilities &cpu) {
  RoundedGates(cast<GatesOp>(op), nest, cpu).write();
}

const Form cpu::kRoundedGates = {"rounded_gates", handles, refuse, schedule};
