//===- WarpSums.cpp - sums of products whose terms a warp shares ----------===//
//
// For few rows with weights whose summed dimension lies along memory: neighboring lanes read
// neighbors, and the sums of lanes are joined by shuffles.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CUDA/Forms.h"
#include "compiler/Targets/Loops/GateSums.h"
#include "compiler/Targets/Loops/ProductDims.h"
#include "compiler/Targets/Loops/RegionInliner.h"

#include "dialects/Fovea/StructuredOps.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::loops;
using cuda::kFewRows;

static Value add(Nest &nest, Value a, Value b) {
  auto sum = arith::AddFOp::create(nest.builder, nest.loc, a, b);
  relax(sum, /*reassociate=*/false);
  return sum;
}

/// The first lane goes on with what all have summed.
static void onFirstLane(Nest &nest, const RowLanes &lanes, function_ref<void()> body) {
  Value first = arith::CmpIOp::create(nest.builder, nest.loc, arith::CmpIPredicate::eq, lanes.lane,
                                      nest.index(0));
  nest.branch(first, body);
}

//===----------------------------------------------------------------------===//
// Contractions
//===----------------------------------------------------------------------===//

static bool isStaticOne(Value buffer, AffineMap map, unsigned dim) {
  std::optional<unsigned> place = map.getResultPosition(getAffineDimExpr(dim, map.getContext()));
  return place && cast<MemRefType>(buffer.getType()).getStridesAndOffset().first[*place] == 1;
}

static bool handlesContract(Operation *op) { return isa<ContractOp>(op); }

static Refusal refuseContract(Operation *op) {
  auto contract = cast<ContractOp>(op);
  std::optional<ProductDims> dims = ProductDims::of(contract);
  if (!contract.getSumType().isF32())
    return {"dtype", "the sums are not of f32"};
  if (!dims || dims->k.size() != 1 || dims->packedWidth != 0)
    return {"shape", "it is no product of rows with columns over one dimension"};
  if (dims->rowCount().value_or(kFewRows + 1) > kFewRows)
    return {"shape", "it has more than " + std::to_string(kFewRows) + " rows"};
  if (!isStaticOne(dims->columns, dims->columnsMap, dims->k.front()))
    return {"layout", "the summed dimension does not lie along the columns' memory"};
  return {};
}

static void scheduleContract(Operation *op, Nest &nest) {
  auto contract = cast<ContractOp>(op);
  SmallVector<Value> extents = extentsOf(nest, contract), space;
  SmallVector<unsigned> parallel;
  for (auto [dim, extent] : llvm::enumerate(extents))
    if (!contract.isReduction(dim)) {
      parallel.push_back(dim);
      space.push_back(extent);
    }
  unsigned summed = ProductDims::of(contract)->k.front();
  parallelSharedRows(
      nest, nest.product(space), extents[summed], [&](Value number, const RowLanes &lanes) {
        SmallVector<Value> position(extents.size(), nest.index(0));
        for (auto [dim, index] : llvm::zip_equal(parallel, nest.delinearize(number, space)))
          position[dim] = index;
        auto load = [&](Value buffer, AffineMap map) {
          return loadWide(nest, buffer, nest.apply(map, position));
        };
        Value part = nest.loop(lanes.lane, extents[summed], nest.index(lanes.count), nest.f32(0),
                               [&](Value k, ValueRange sum) {
                                 position[summed] = k;
                                 return Nest::Carried{addProduct(
                                     nest, sum[0], load(contract.getLhs(), contract.getLhsMap()),
                                     load(contract.getRhs(), contract.getRhsMap()))};
                               })
                         .front();
        Value sum = lanes.combine(nest, part, [&](Value a, Value b) { return add(nest, a, b); });
        position[summed] = nest.index(0);
        onFirstLane(nest, lanes, [&] { finishElement(nest, contract, position, sum); });
      });
}

//===----------------------------------------------------------------------===//
// Gates
//===----------------------------------------------------------------------===//

static bool handlesGates(Operation *op) { return isa<GatesOp>(op); }

static Refusal refuseGates(Operation *op) { return refuseGateRows(cast<GatesOp>(op)); }

static void scheduleGates(Operation *op, Nest &nest) {
  auto gates = cast<GatesOp>(op);
  SmallVector<Value> space = nest.sizes(gates.getInits().front());
  Value depth = nest.size(gates.getState(), 1);
  parallelSharedRows(nest, nest.product(space), depth, [&](Value number, const RowLanes &lanes) {
    SmallVector<Value> place = nest.delinearize(number, space);
    SmallVector<Value> sums = gateSums(nest, gates, place[0], place[1], lanes);
    onFirstLane(nest, lanes, [&] { finishUnit(nest, gates, place, sums); });
  });
}

const LoopForm cuda::kWarpProduct = {"warp_product", handlesContract, refuseContract,
                                     scheduleContract};
const LoopForm cuda::kWarpGates = {"warp_gates", handlesGates, refuseGates, scheduleGates};
