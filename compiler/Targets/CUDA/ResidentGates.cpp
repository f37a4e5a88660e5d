//===- ResidentGates.cpp - gates whose weights stay in a block ------------===//
//
// For steps of a recurrence: a block has the weights of a few units in its memory, and computes
// these units of all rows. Where the blocks stay for all steps, so do the weights.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CUDA/Forms.h"
#include "compiler/Targets/CUDA/SharedMemory.h"
#include "compiler/Targets/Loops/GateSums.h"
#include "compiler/Targets/Loops/ProductDims.h"
#include "compiler/Targets/Loops/RegionInliner.h"
#include "compiler/Targets/Loops/ScalarLoops.h"
#include "compiler/Targets/Loops/StepLaunches.h"

#include "dialects/Fovea/StructuredOps.h"
#include "dialects/FoveaKernel/FoveaKernelDialect.h"
#include "dialects/FoveaWarp/FoveaWarpDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::loops;
using cuda::kFewRows;

/// Bytes of a block's memory that the gates of one loop take together: half of what a block has on
/// every device since compute capability 8.0, and little enough for several blocks side by side.
static constexpr int64_t kKeptByBlock = 48 << 10;
/// Bytes that all blocks together can keep on the smallest device with 108 multiprocessors.
static constexpr int64_t kKeptByAll = 16 << 20;
/// Blocks that units are spread over while their warps have one each.
static constexpr int64_t kManyBlocks = 128;

/// Threads of a block.
static constexpr int64_t kThreads = 128;

static bool handles(Operation *op) { return isa<GatesOp>(op); }

/// Calls `see` with the kernels that the outermost loop of each launch of `kernel` launches, loop
/// by loop behind `begin`; false when a launch is in no loop.
static bool walkLoops(func::FuncOp kernel, function_ref<void()> begin,
                      function_ref<void(func::FuncOp)> see) {
  auto module = kernel->getParentOfType<ModuleOp>();
  bool inLoops = true;
  forLaunches(module, [&](kernel::LaunchOp own, scf::ForOp steps) {
    if (own.getKernel() != kernel.getName())
      return;
    inLoops &= steps != nullptr;
    if (!steps)
      return;
    begin();
    steps.walk([&](kernel::LaunchOp launch) {
      see(module.lookupSymbol<func::FuncOp>(launch.getKernel()));
    });
  });
  return inLoops;
}

/// Launches of gates in the loop of each launch of `kernel`, at most; 0 when one is in no loop.
static int64_t gatesBeside(func::FuncOp kernel) {
  int64_t most = 0, count = 0;
  bool inLoops = walkLoops(
      kernel, [&] { count = 0; },
      [&](func::FuncOp callee) {
        // Kernels that are scheduled already have no gates, but what they keep.
        callee.walk([&](Operation *op) { count += isa<GatesOp, kernel::KeepOp>(op); });
        most = std::max(most, count);
      });
  return inLoops ? most : 0;
}

/// True when a loop of the kernel launches products of many rows, whose blocks are larger: both
/// kinds need the block for themselves, and the loop would not be one launch.
static bool isBesideLargeBlocks(func::FuncOp kernel) {
  bool found = false;
  walkLoops(
      kernel, [] {},
      [&](func::FuncOp callee) {
        callee.walk([&](ContractOp contract) {
          std::optional<ProductDims> dims = ProductDims::of(contract);
          found |= !dims || dims->rowCount().value_or(kFewRows + 1) > kFewRows;
        });
        callee.walk([&](kernel::GridOp grid) { found |= grid.getThreads() > kThreads; });
      });
  return found;
}

/// Bytes of the weights of one unit.
static int64_t bytesOfUnit(GatesOp gates) {
  return gates.getGateCount() * gates.getDepth() *
         elementTypeOf(gates.getWeight()).getIntOrFloatBitWidth() / 8;
}

/// Units of a block: one for each of four warps, or more where there would be very many blocks, but
/// no more than the memory holds.
static int64_t unitsOfBlock(GatesOp gates, int64_t beside) {
  int64_t warps = kThreads / warp::kWarp;
  int64_t wanted = llvm::alignTo(llvm::divideCeil(gates.getUnits(), kManyBlocks), warps);
  return std::min(wanted, kKeptByBlock / beside / bytesOfUnit(gates));
}

static Refusal refuse(Operation *op) {
  auto gates = cast<GatesOp>(op);
  if (Refusal refusal = refuseGateRows(gates))
    return refusal;
  if (ShapedType::isDynamic(gates.getUnits()) || ShapedType::isDynamic(gates.getDepth()))
    return {"shape", "the run alone knows how many units or inputs the gates have"};
  if (gates.getUnits() == 0 || gates.getDepth() == 0)
    return {"shape", "there are no units or no inputs"};
  int64_t beside = gatesBeside(gates->getParentOfType<func::FuncOp>());
  if (beside == 0)
    return {"order", "it is not launched by the steps of a loop alone"};
  if (isBesideLargeBlocks(gates->getParentOfType<func::FuncOp>()))
    return {"threads", "other kernels of its loop have larger blocks"};
  int64_t bytes = bytesOfUnit(gates);
  if (bytes * gates.getUnits() > kKeptByAll)
    return {"shared", "its weights have " + std::to_string(bytes * gates.getUnits()) +
                          " bytes, blocks keep " + std::to_string(kKeptByAll) + " together"};
  if (unitsOfBlock(gates, beside) < 1)
    return {"shared", "the weights of a unit have " + std::to_string(bytes) +
                          " bytes, a block keeps " + std::to_string(kKeptByBlock / beside)};
  return {};
}

namespace {

/// One schedule: the block's units, and where their weights lie.
class ResidentGates {
public:
  ResidentGates(GatesOp op, Nest &nest)
      : op(op), nest(nest), b(nest.builder), gates(op.getGateCount()), depth(op.getDepth()),
        units(unitsOfBlock(op, gatesBeside(op->getParentOfType<func::FuncOp>()))) {}

  void write() {
    int64_t blocks = llvm::divideCeil(op.getUnits(), units);
    nest.grid(nest.index(blocks), kThreads, [&](Value block, Value inBlock) {
      first = nest.mul(block, nest.index(units));
      thread = inBlock;
      kept = cuda::sharedBuffer(nest, {units, gates, depth}, elementTypeOf(op.getWeight()));
      keepWeights();
      computeUnits();
    });
  }

private:
  Value lessThan(Value index, int64_t bound) {
    return arith::CmpIOp::create(b, nest.loc, arith::CmpIPredicate::ult, index, nest.index(bound));
  }

  /// Threads take turns; units that there are not have the weights of the last.
  void keepWeights() {
    auto keep = kernel::KeepOp::create(b, nest.loc, op.getWeight());
    OpBuilder::InsertionGuard guard(b);
    b.createBlock(&keep.getBody());
    Value last = nest.index(op.getUnits() - 1);
    nest.loop(thread, nest.index(units * gates * depth), nest.index(kThreads), [&](Value place) {
      Value extents[] = {nest.index(units), nest.index(gates), nest.index(depth)};
      SmallVector<Value> own = nest.delinearize(place, extents);
      SmallVector<Value> at =
          placeOfWeight(nest.min(nest.add(first, own[0]), last), own[1], own[2]);
      Value weight = memref::LoadOp::create(b, nest.loc, op.getWeight(), at);
      memref::StoreOp::create(b, nest.loc, weight, kept, own);
    });
    kernel::YieldOp::create(b, nest.loc);
  }

  SmallVector<Value> placeOfWeight(Value unit, Value gate, Value k) {
    ArrayRef<int64_t> order = op.getWeightDims();
    SmallVector<Value> at(3);
    at[order[0]] = gate;
    at[order[1]] = unit;
    at[order[2]] = k;
    return at;
  }

  /// The number of the warp, from its first lane: the assembler sees that loops over it do not part
  /// lanes, and keeps no registers for a shuffle of some of them.
  Value warpNumber() {
    auto constant = [&](int64_t number) -> Value {
      return arith::ConstantIntOp::create(b, nest.loc, number, 32);
    };
    Value number = arith::IndexCastUIOp::create(b, nest.loc, b.getI32Type(),
                                                nest.div(thread, nest.index(warp::kWarp)));
    Value first = gpu::ShuffleOp::create(b, nest.loc, number, constant(0), constant(warp::kWarp),
                                         gpu::ShuffleMode::IDX)
                      .getShuffleResult();
    return arith::IndexCastUIOp::create(b, nest.loc, b.getIndexType(), first);
  }

  /// Warps take turns over the units of all rows.
  void computeUnits() {
    Value width = nest.index(warp::kWarp), own = nest.index(units);
    RowLanes lanes{nest.rem(thread, width), warp::kWarp};
    Value rows = nest.size(op.getInits().front(), 0);
    nest.loop(warpNumber(), nest.mul(rows, own), nest.index(kThreads / warp::kWarp),
              [&](Value item) {
                Value row = nest.div(item, own), unit = nest.rem(item, own);
                Value place = nest.add(first, unit);
                nest.branch(lessThan(place, op.getUnits()), [&] {
                  Nest::Carried sums = sumsOf(row, unit, lanes);
                  Value isFirst = arith::CmpIOp::create(b, nest.loc, arith::CmpIPredicate::eq,
                                                        lanes.lane, nest.index(0));
                  nest.branch(isFirst, [&] { finishUnit(nest, op, {row, place}, sums); });
                });
              });
  }

  /// The sums of all gates, the same in all lanes. Lane l adds the terms l, l + 32, ...; the number
  /// of its turns is a constant, those behind the end add zeros.
  Nest::Carried sumsOf(Value row, Value unit, const RowLanes &lanes) {
    int64_t whole = depth / warp::kWarp;
    SmallVector<Value> zeros(gates, nest.f32(0));
    auto at = [&](Value turn) {
      return nest.add(nest.mul(turn, nest.index(warp::kWarp)), lanes.lane);
    };
    Nest::Carried sums = nest.loop(nest.index(0), nest.index(whole), nest.index(1), zeros,
                                   [&](Value turn, ValueRange carried) {
                                     return addTerms(row, unit, at(turn), Value(), carried);
                                   });
    if (depth % warp::kWarp != 0) {
      Value k = at(nest.index(whole));
      sums = addTerms(row, unit, nest.min(k, nest.index(depth - 1)), lessThan(k, depth), sums);
    }
    for (Value &sum : sums)
      sum = lanes.combine(nest, sum, [&](Value x, Value y) {
        return arith::AddFOp::create(b, nest.loc, x, y).getResult();
      });
    return sums;
  }

  /// Sums with the terms of one k, or with zeros unless it `exists` (null: it does).
  Nest::Carried addTerms(Value row, Value unit, Value k, Value exists, ValueRange sums) {
    auto load = [&](Value buffer, ArrayRef<Value> at) {
      Value value = loadWide(nest, buffer, at);
      return exists ? arith::SelectOp::create(b, nest.loc, exists, value, nest.f32(0)).getResult()
                    : value;
    };
    Value state = load(op.getState(), {row, k});
    Nest::Carried next;
    for (auto [gate, sum] : llvm::enumerate(sums)) {
      Value weight = load(kept, {unit, nest.index(int64_t(gate)), k});
      next.push_back(addProduct(nest, sum, state, weight));
    }
    return next;
  }

  GatesOp op;
  Nest &nest;
  OpBuilder &b;
  const int64_t gates, depth, units;
  /// The block's first unit; this thread's number in the block; the units' weights, by gate and k.
  Value first, thread, kept;
};

} // namespace

static void schedule(Operation *op, Nest &nest) { ResidentGates(cast<GatesOp>(op), nest).write(); }

const LoopForm cuda::kResidentGates = {"resident_gates", handles, refuse, schedule};
