//===- TileProduct.cpp - contraction by tiles of a block's warps ----------===//
//
// Tensor cores: the four warps of a block compute a square tile of the result, each a quarter of
// it, from rows of both operands that go through a ring of stages in the memory of the block.
// Products of f16 or bf16 are exact, sums are in f32. Operands of f32 are rounded to tf32, where
// that was asked for; their products are exact, too. Where there are enough large tiles for all
// multiprocessors blocks have large ones, which need fewer loads for each product.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CUDA/Forms.h"
#include "compiler/Targets/CUDA/ProductBlock.h"
#include "compiler/Targets/CUDA/RowCopies.h"
#include "compiler/Targets/CUDA/SharedMemory.h"

#include "dialects/Fovea/StructuredOps.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::cuda;

/// Rows and columns of a block's tile; bytes of summed elements of a stage, and stages.
static constexpr int64_t kLargeTile = 128, kSmallTile = 64, kDepthBytes = 64, kStages = 4;
/// Large tiles from which on no multiprocessor of 132 is left without one.
static constexpr int64_t kManyTiles = 128;
/// Elements of a row of what goes to results through the memory of the block: with the distance of
/// 8 more, rows begin in different banks.
static constexpr int64_t kResultColumns = kLargeTile / 2, kResultPitch = kResultColumns + 8;

static bool handles(Operation *op) { return isa<ContractOp>(op); }

/// True when the columns' operand has the summed elements of a column next to each other.
static bool hasColumnsAsRows(const ProductDims &dims) {
  AffineExpr last = dims.columnsMap.getResults().back();
  return last == getAffineDimExpr(dims.k.back(), last.getContext());
}

/// True of a product that this form would compute of rounded operands.
static bool isOfF32(Operation *op) {
  auto contract = cast<ContractOp>(op);
  return elementTypeOf(contract.getLhs()).isF32() && elementTypeOf(contract.getRhs()).isF32();
}

static Refusal refuse(Operation *op, bool tf32) {
  auto contract = cast<ContractOp>(op);
  Type element = elementTypeOf(contract.getLhs());
  bool isShort = element.isF16() || element.isBF16();
  if (isOfF32(op) && !tf32)
    return {"dtype",
            "its operands are of f32, which tensor cores would round to tf32, and that was "
            "not asked for: compile with products=tf32"};
  if ((!isShort && !isOfF32(op)) || elementTypeOf(contract.getRhs()) != element ||
      !contract.getSumType().isF32())
    return {"dtype", "the elements of both operands are not of f16 or of bf16, or sums not of f32"};
  std::optional<ProductDims> dims = ProductDims::of(contract);
  if (!dims || dims->packedWidth != 0 || dims->k.empty())
    return {"shape", "it is no product of rows with columns"};
  if (!dims->m || dims->rowCount().value_or(kRows) < kRows)
    return {"shape", "it has fewer than " + std::to_string(kRows) + " rows"};
  unsigned k = dims->k.back();
  bool asRows = hasColumnsAsRows(*dims);
  unsigned along = asRows ? k : dims->n;
  if (!runsAlone(dims->rowsMap, k) || !runsAlone(dims->columnsMap, along))
    return {"layout", "rows of an operand do not run along one of its dimensions"};
  if (Refusal refusal = refuseScattered(dims->rows, dims->rowsMap, k))
    return refusal;
  return refuseScattered(dims->columns, dims->columnsMap, along);
}

namespace {

class TileProduct : ProductBlock {
public:
  TileProduct(ContractOp op, Nest &nest)
      : ProductBlock(op, nest), k(dims.k.back()), asRows(hasColumnsAsRows(dims)),
        element(elementTypeOf(op.getLhs())),
        depth(kDepthBytes * 8 / element.getIntOrFloatBitWidth()),
        fragments(nest, element.isF32() ? Type(b.getTF32Type()) : element) {}

  void write() {
    Value many = nest.index(kManyTiles), large = nest.index(kLargeTile);
    Value isLarge =
        b.createOrFold<arith::CmpIOp>(nest.loc, arith::CmpIPredicate::uge, countTiles(large), many);
    Value tile = b.createOrFold<arith::SelectOp>(nest.loc, isLarge, large, nest.index(kSmallTile));
    std::optional<int64_t> known = constant(tile);
    writeGrid(tile, kBlockThreads, [&] {
      placeShared(known.value_or(kLargeTile));
      if (known)
        return writeTile(*known);
      nest.branch(isLarge, [&] { writeTile(kLargeTile); }, [&] { writeTile(kSmallTile); });
    });
  }

private:
  using Values = Fragments::Values;

  void placeShared(int64_t tile) {
    rows.emplace(nest, element, ArrayRef<int64_t>{kStages, tile}, depth);
    columns.emplace(nest, element, ArrayRef<int64_t>{kStages, asRows ? tile : depth},
                    asRows ? depth : tile);
    results = sharedBuffer(nest, {kWarps, kRows, kResultPitch}, b.getF32Type());
  }

  void writeTile(int64_t size) {
    tile = size;
    quarter = size / 2;
    Value aligned = areAligned(
        nest, {{dims.rows, dims.rowsMap, k}, {dims.columns, dims.columnsMap, asRows ? k : dims.n}});
    copiers = {thread, aligned, /*wholeApart=*/true};
    number = nest.div(thread, nest.index(warp::kWarp));
    line = nest.mul(nest.div(number, nest.index(2)), nest.index(quarter));
    side = nest.mul(nest.rem(number, nest.index(2)), nest.index(quarter));
    finish(sweep());
  }

  /// Sums of this warp's quarter: by groups of kRows rows, in pieces of columns.
  Values sweep() {
    Value zero = nest.index(0), one = nest.index(1), stages = nest.index(kStages);
    Values carried;
    for (int64_t row = 0; row < quarter; row += kRows)
      for (Piece piece : piecesOf(quarter))
        carried.push_back(fragments.splat(0, fragments.sum(piece.size)));
    size_t count = carried.size();
    summed.clear();
    for (unsigned dim : dims.k)
      summed.push_back(dim == k ? nest.ceilDiv(extents[k], nest.index(depth)) : extents[dim]);
    steps = nest.product(summed);
    for (int64_t stage = 0; stage < kStages - 1; ++stage)
      carried.push_back(copyStage(nest.index(stage), nest.index(stage)));
    carried.push_back(zero);
    auto step = [&](Value number, ValueRange now) {
      ValueRange groups = now.slice(count, kStages - 1);
      Value here = now.back();
      // Behind this barrier the stage has landed, and nobody uses the one before it any more.
      warp::WaitOp::create(b, nest.loc, groups.front(), kStages - 2);
      gpu::BarrierOp::create(b, nest.loc);
      Value before = nest.rem(nest.add(here, nest.index(kStages - 1)), stages);
      Value later = copyStage(nest.add(number, nest.index(kStages - 1)), before);
      Values next = multiply(here, now.take_front(count));
      next.append(groups.begin() + 1, groups.end());
      next.append({later, nest.rem(nest.add(here, one), stages)});
      return Nest::Carried(next);
    };
    Values result = nest.loop(zero, steps, one, carried, step);
    result.truncate(count);
    return result;
  }

  Values multiply(Value stage, ValueRange before) {
    Values sums(before);
    SmallVector<Piece> pieces = piecesOf(quarter);
    for (Piece part : piecesOf(depth)) {
      Value inner = nest.index(part.first);
      Values left;
      for (int64_t row = 0; row < quarter; row += kRows)
        left.push_back(
            fragments.loadA(*rows, {stage, nest.add(line, nest.index(row)), inner}, part.size));
      for (auto [place, piece] : llvm::enumerate(pieces)) {
        Value outer = nest.add(side, nest.index(piece.first));
        Value right = asRows ? fragments.loadB(*columns, {stage, outer, inner}, part.size,
                                               piece.size, /*transposed=*/true)
                             : fragments.loadB(*columns, {stage, inner, outer}, part.size,
                                               piece.size, /*transposed=*/false);
        for (auto [row, rowsOf] : llvm::enumerate(left)) {
          Value &sum = sums[row * pieces.size() + place];
          sum = fragments.multiply(rowsOf, right, sum);
        }
      }
    }
    return sums;
  }

  /// Begins to copy the summed elements of step `step`, if there is one: some of dimension k, for
  /// one point of the other summed dimensions. The group to wait for.
  Value copyStage(Value step, Value stage) {
    Value none = warp::StartCopiesOp::create(b, nest.loc);
    auto fetch = [&](OpBuilder &, Location) {
      SmallVector<Value> around(position);
      for (auto [dim, place] : llvm::zip_equal(dims.k, nest.delinearize(step, summed)))
        around[dim] = place;
      Value first = nest.mul(around[k], nest.index(depth));
      auto source = [&](Value operand, AffineMap map, unsigned rowDim, unsigned columnDim,
                        Value firstOfColumns, int64_t width) -> RowSource {
        auto at = [this, around, map, rowDim, columnDim, firstOfColumns](Value row, Value column) {
          SmallVector<Value> point(around);
          point[rowDim] = row;
          point[columnDim] = nest.add(firstOfColumns, column);
          return nest.apply(map, point);
        };
        Value end = extents[columnDim];
        std::optional<int64_t> known = constant(end);
        // Of a static multiple all columns exist.
        if (known && *known % width == 0)
          return {operand, at, width};
        return {operand, at, width, nest.sub(end, firstOfColumns)};
      };
      RowSource ofRows = source(dims.rows, dims.rowsMap, *dims.m, k, first, depth);
      Value begun =
          copyRows(nest, ofRows, {firstRow, extents[*dims.m], tile}, *rows, stage, copiers, none);
      RowSource ofColumns =
          asRows ? source(dims.columns, dims.columnsMap, dims.n, k, first, depth)
                 : source(dims.columns, dims.columnsMap, k, dims.n, firstColumn, tile);
      RowRange range = asRows ? RowRange{firstColumn, extents[dims.n], tile}
                              : RowRange{first, extents[k], depth};
      begun = copyRows(nest, ofColumns, range, *columns, stage, copiers, begun);
      scf::YieldOp::create(b, nest.loc, begun);
    };
    auto skip = [&](OpBuilder &, Location) { scf::YieldOp::create(b, nest.loc, none); };
    Value some = arith::CmpIOp::create(b, nest.loc, arith::CmpIPredicate::slt, step, steps);
    auto begun = scf::IfOp::create(b, nest.loc, some, fetch, skip);
    return warp::CommitOp::create(b, nest.loc, begun.getResult(0));
  }

  /// Sums go through the memory of the block, so that neighbors of a row are stored by neighbors
  /// and there is one epilogue for a group of rows.
  void finish(ArrayRef<Value> sums) {
    SmallVector<Piece> pieces = piecesOf(quarter);
    Value lane = nest.rem(thread, nest.index(warp::kWarp)), width = nest.index(quarter);
    for (int64_t row = 0; row < quarter; row += kRows) {
      for (auto [piece, sum] :
           llvm::zip_equal(pieces, sums.slice(row / kRows * pieces.size(), pieces.size())))
        warp::StoreFragmentOp::create(b, nest.loc, sum, results,
                                      ValueRange{number, nest.index(0), nest.index(piece.first)},
                                      ValueRange(), /*swizzle=*/0, /*pairs=*/true);
      warp::SyncWarpOp::create(b, nest.loc);
      Value all = nest.index(kRows * quarter), step = nest.index(warp::kWarp);
      nest.loop(lane, all, step, [&](Value place) {
        Value i = nest.div(place, width), j = nest.rem(place, width);
        Value sum = memref::LoadOp::create(b, nest.loc, results, ValueRange{number, i, j});
        Value first = nest.add(nest.add(firstRow, line), nest.index(row));
        finishAt(nest.add(first, i), nest.add(nest.add(firstColumn, side), j), sum);
      });
      warp::SyncWarpOp::create(b, nest.loc);
    }
  }

  /// The summed dimension that lies along memory.
  unsigned k;
  /// Whether columns lie in shared memory as rows.
  bool asRows;
  /// Of operands in memory, and how many are summed in a stage.
  Type element;
  int64_t depth;
  Fragments fragments;
  /// Rows and columns of the tile, and of a warp's part of it.
  int64_t tile = 0, quarter = 0;
  std::optional<SharedRows> rows, columns;
  /// [warp, row, column] of sums on their way to results.
  Value results;
  Copiers copiers;
  /// Steps of `depth` elements of dimension k, by summed dimension and in all.
  SmallVector<Value> summed;
  Value steps;
  /// This warp, and the first row and column of its part of the tile.
  Value number, line, side;
};

} // namespace

static void schedule(Operation *op, Nest &nest) { TileProduct(cast<ContractOp>(op), nest).write(); }

BoundForm cuda::tileProduct(bool tf32) {
  auto refuseWhere = [tf32](Operation *op) { return refuse(op, tf32); };
  BoundForm form{"tile_product", false, handles, refuseWhere, schedule, nullptr};
  form.roundsOperands = isOfF32;
  return form;
}
