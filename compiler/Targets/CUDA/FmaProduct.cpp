//===- FmaProduct.cpp - contraction by tiles of multiply-adds -------------===//
//
// A block computes 64 x 64 elements, each of its threads 4 x 4 of them in registers; what they need
// of both operands goes through the memory of the block, 16 summed elements at a time. Sums are in
// f32 exactly as written, whatever the elements: no tensor core rounds them.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Base/Unrolling.h"
#include "compiler/Targets/CUDA/Forms.h"
#include "compiler/Targets/CUDA/ProductBlock.h"
#include "compiler/Targets/CUDA/SharedMemory.h"
#include "compiler/Targets/Loops/RegionInliner.h"

#include "dialects/Fovea/StructuredOps.h"
#include "dialects/FoveaWarp/FoveaWarpDialect.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::cuda;

/// Elements of a tile along rows and columns, of a thread along both, and summed at a time: by a
/// tile in memory, and by a turn in straight code.
static constexpr int64_t kTile = 64, kPart = 4, kDepth = 16, kTurn = 8;
static constexpr int64_t kAcross = kTile / kPart, kThreads = kAcross * kAcross;

static bool handles(Operation *op) { return isa<ContractOp>(op); }

static Refusal refuse(Operation *op) {
  auto contract = cast<ContractOp>(op);
  std::optional<ProductDims> dims = ProductDims::of(contract);
  if (!contract.getSumType().isF32())
    return {"dtype", "the sums are not of f32"};
  if (!dims || dims->packedWidth != 0 || dims->k.empty())
    return {"shape", "it is no product of rows with columns"};
  if (!dims->m || dims->rowCount().value_or(kTile) < kAcross)
    return {"shape", "it has fewer than " + std::to_string(kAcross) + " rows"};
  return {};
}

namespace {

class FmaProduct : ProductBlock {
public:
  FmaProduct(ContractOp op, Nest &nest)
      : ProductBlock(op, nest), quad(VectorType::get({kPart}, b.getF32Type())) {
    for (unsigned dim : dims.k)
      summed.push_back(extents[dim]);
  }

  void write() {
    writeGrid(nest.index(kTile), kThreads, [&] { writeTile(); });
  }

private:
  Value shared() { return sharedBuffer(nest, {kDepth, kTile}, b.getF32Type()); }

  void writeTile() {
    Value rowTile = shared(), columnTile = shared();
    Value depth = nest.product(summed), across = nest.index(kAcross), part = nest.index(kPart);
    Value row = nest.mul(nest.div(thread, across), part);
    Value column = nest.mul(nest.rem(thread, across), part);
    SmallVector<Value> zeros(kPart * kPart, nest.f32(0));
    Nest::Carried sums = nest.loop(
        nest.index(0), depth, nest.index(kDepth), zeros, [&](Value first, ValueRange carried) {
          fill(rowTile, dims.rows, dims.rowsMap, *dims.m, firstRow, first, depth);
          fill(columnTile, dims.columns, dims.columnsMap, dims.n, firstColumn, first, depth);
          gpu::BarrierOp::create(b, nest.loc);
          Nest::Carried next = multiply(rowTile, columnTile, row, column, carried);
          gpu::BarrierOp::create(b, nest.loc);
          return next;
        });
    finish(row, column, sums);
  }

  /// Tile [kDepth, kTile] of an operand: summed elements from `first` on of the rows (or columns)
  /// from `start` on; 0 where there are none.
  void fill(Value tile, Value operand, AffineMap map, unsigned dim, Value start, Value first,
            Value depth) {
    bool alongDepth = runsAlong(operand, map, dims.k.back());
    Value width = nest.index(alongDepth ? kDepth : kTile);
    for (int64_t turn = 0; turn < kTile * kDepth / kThreads; ++turn) {
      Value number = nest.add(thread, nest.index(turn * kThreads));
      Value outer = nest.div(number, width), inner = nest.rem(number, width);
      Value k = alongDepth ? inner : outer, line = alongDepth ? outer : inner;
      Value wantedK = nest.add(first, k), wantedLine = nest.add(start, line);
      Value there = arith::AndIOp::create(b, nest.loc, below(wantedK, depth),
                                          below(wantedLine, extents[dim]));
      SmallVector<Value> at(position);
      at[dim] = within(wantedLine, extents[dim]);
      for (auto [place, index] :
           llvm::zip_equal(dims.k, nest.delinearize(within(wantedK, depth), summed)))
        at[place] = index;
      Value element = loadWide(nest, operand, nest.apply(map, at));
      element = arith::SelectOp::create(b, nest.loc, there, element, nest.f32(0));
      memref::StoreOp::create(b, nest.loc, element, tile, ValueRange{k, line});
    }
  }

  Value within(Value index, Value bound) { return nest.min(index, nest.sub(bound, nest.index(1))); }

  /// True when neighbors along a dimension are neighbors in memory.
  static bool runsAlong(Value operand, AffineMap map, unsigned dim) {
    auto [strides, offset] = cast<MemRefType>(operand.getType()).getStridesAndOffset();
    AffineExpr last = map.getNumResults() == 0 ? AffineExpr() : map.getResults().back();
    return last && last.isFunctionOfDim(dim) && strides.back() == 1;
  }

  /// Adds what one summed element gives.
  Nest::Carried multiplyAt(Value k, Value rowTile, Value columnTile, Value row, Value column,
                           ValueRange sums) {
    Value left = vector::LoadOp::create(b, nest.loc, quad, rowTile, ValueRange{k, row});
    Value right = vector::LoadOp::create(b, nest.loc, quad, columnTile, ValueRange{k, column});
    Nest::Carried next;
    for (auto [number, sum] : llvm::enumerate(sums))
      next.push_back(math::FmaOp::create(
          b, nest.loc, vector::ExtractOp::create(b, nest.loc, left, number / kPart),
          vector::ExtractOp::create(b, nest.loc, right, number % kPart), sum));
    return next;
  }

  Nest::Carried multiply(Value rowTile, Value columnTile, Value row, Value column,
                         ValueRange carried) {
    Nest::Carried sums = nest.loop(nest.index(0), nest.index(kDepth), nest.index(kTurn), carried,
                                   [&](Value first, ValueRange now) {
                                     Nest::Carried next(now);
                                     for (int64_t turn = 0; turn < kTurn; ++turn)
                                       next = multiplyAt(nest.add(first, nest.index(turn)), rowTile,
                                                         columnTile, row, column, next);
                                     return next;
                                   });
    // The assembler would unroll all turns, load what all of them take, and spill for it.
    keepRolled(sums.front().getDefiningOp<scf::ForOp>());
    return sums;
  }

  /// Of the rows or columns from `first` on, how many the tile has, in one register.
  Value countOf(Value extent, Value first) {
    Value count = nest.min(nest.sub(extent, first), nest.index(kTile));
    return arith::IndexCastUIOp::create(b, nest.loc, b.getI32Type(), count);
  }
  Value isWithin(Value place, Value count) {
    return below(arith::IndexCastUIOp::create(b, nest.loc, b.getI32Type(), place), count);
  }

  void finish(Value row, Value column, ValueRange sums) {
    Value rowCount = countOf(extents[*dims.m], firstRow);
    Value columnCount = countOf(extents[dims.n], firstColumn);
    for (auto [number, sum] : llvm::enumerate(sums)) {
      Value i = nest.add(row, nest.index(number / kPart));
      Value j = nest.add(column, nest.index(number % kPart));
      Value exists =
          arith::AndIOp::create(b, nest.loc, isWithin(i, rowCount), isWithin(j, columnCount));
      SmallVector<Value> at(position);
      at[*dims.m] = nest.add(firstRow, i);
      at[dims.n] = nest.add(firstColumn, j);
      nest.branch(exists, [&] { finishElement(nest, op, at, sum); });
    }
  }

  VectorType quad;
  SmallVector<Value> summed;
};

} // namespace

static void schedule(Operation *op, Nest &nest) { FmaProduct(cast<ContractOp>(op), nest).write(); }

const LoopForm cuda::kFmaProduct = {"fma_product", handles, refuse, schedule};
