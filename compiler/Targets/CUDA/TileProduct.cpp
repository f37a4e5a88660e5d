//===- TileProduct.cpp - contraction by tiles of a block's warps ----------===//
//
// Tensor cores: a block of four warps computes 64 x 64 elements, each warp 16 rows of them, from
// rows of both operands that go through a ring of two stages in the memory of the block. Products
// of f16 or bf16 are exact, sums are in f32.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CUDA/Forms.h"
#include "compiler/Targets/CUDA/ProductBlock.h"
#include "compiler/Targets/CUDA/RowCopies.h"

#include "dialects/Fovea/StructuredOps.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::cuda;

/// Rows and columns of a block, and summed elements of a stage.
static constexpr int64_t kTile = kWarps * kRows, kDepth = 64;

static bool handles(Operation *op) { return isa<ContractOp>(op); }

/// True when the columns' operand has the summed elements of a column next to each other.
static bool hasColumnsAsRows(const ProductDims &dims) {
  AffineExpr last = dims.columnsMap.getResults().back();
  return last == getAffineDimExpr(dims.k.front(), last.getContext());
}

static int64_t extentOf(ContractOp op, unsigned dim) {
  auto [operand, position] = bearerOf(op, dim);
  return cast<ShapedType>(operand.getType()).getDimSize(position);
}

static Refusal refuse(Operation *op) {
  auto contract = cast<ContractOp>(op);
  Type element = elementTypeOf(contract.getLhs());
  bool isShort = element.isF16() || element.isBF16();
  if (!isShort || elementTypeOf(contract.getRhs()) != element || !contract.getSumType().isF32())
    return {"dtype", "the elements of both operands are not of f16 or of bf16, or sums not of f32"};
  std::optional<ProductDims> dims = ProductDims::of(contract);
  if (!dims || dims->packedWidth != 0 || dims->k.size() != 1)
    return {"shape", "it is no product of rows with columns over one dimension"};
  if (!dims->m || dims->rowCount().value_or(kTile) < kRows)
    return {"shape", "it has fewer than " + std::to_string(kRows) + " rows"};
  unsigned k = dims->k.front();
  int64_t depth = extentOf(contract, k), columns = extentOf(contract, dims->n);
  if (ShapedType::isDynamic(depth) || depth % kDepth != 0)
    return {"shape", "the summed dimension is no multiple of " + std::to_string(kDepth)};
  bool asRows = hasColumnsAsRows(*dims);
  if (!asRows && (ShapedType::isDynamic(columns) || columns % kTile != 0))
    return {"shape", "the number of columns is no multiple of " + std::to_string(kTile)};
  unsigned along = asRows ? k : dims->n;
  if (!runsAlone(dims->rowsMap, k) || !runsAlone(dims->columnsMap, along))
    return {"layout", "rows of an operand do not run along one of its dimensions"};
  if (Refusal refusal = refuseRows(dims->rows, dims->rowsMap, k))
    return refusal;
  return refuseRows(dims->columns, dims->columnsMap, along);
}

namespace {

class TileProduct : ProductBlock {
public:
  TileProduct(ContractOp op, Nest &nest)
      : ProductBlock(op, nest), k(dims.k.front()), asRows(hasColumnsAsRows(dims)),
        fragments(nest, elementTypeOf(op.getLhs())) {}

  void write() {
    writeGrid(kTile, kBlockThreads, [&] { writeTile(); });
  }

private:
  using Values = Fragments::Values;

  void writeTile() {
    Type element = elementTypeOf(op.getLhs());
    rows.emplace(nest, element, ArrayRef<int64_t>{2, kTile}, kDepth);
    columns.emplace(nest, element, ArrayRef<int64_t>{2, asRows ? kTile : kDepth},
                    asRows ? kDepth : kTile);
    copiers = {thread, areAligned(nest, {dims.rows, dims.columns})};
    Value line = nest.mul(nest.div(thread, nest.index(warp::kWarp)), nest.index(kRows));
    finish(nest.add(firstRow, line), sweep(line));
  }

  /// Sums of this warp's rows, in pieces of columns.
  Values sweep(Value line) {
    Value zero = nest.index(0), one = nest.index(1), depth = nest.index(kDepth);
    Values carried;
    for (Piece piece : piecesOf(kTile))
      carried.push_back(fragments.splat(0, fragments.sum(piece.size)));
    size_t count = carried.size();
    carried.append({copyStage(zero, zero), zero});
    auto step = [&](Value first, ValueRange now) {
      Value group = now[count], here = now[count + 1];
      // Behind this barrier the stage has landed, and nobody uses the other one any more.
      warp::WaitOp::create(b, nest.loc, group);
      gpu::BarrierOp::create(b, nest.loc);
      Value other = nest.sub(one, here), next = nest.add(first, depth);
      Value later = copyStage(next, other);
      Values sums = multiply(line, here, now.take_front(count));
      sums.append({later, other});
      return Nest::Carried(sums);
    };
    Values result = nest.loop(zero, extents[k], depth, carried, step);
    result.truncate(count);
    return result;
  }

  Values multiply(Value line, Value stage, ValueRange before) {
    Values sums(before);
    for (Piece depth : piecesOf(kDepth)) {
      Value inner = nest.index(depth.first);
      Value left = fragments.loadA(*rows, {stage, line, inner}, depth.size);
      for (auto [sum, piece] : llvm::zip_equal(sums, piecesOf(kTile))) {
        Value outer = nest.index(piece.first);
        Value right = asRows ? fragments.loadB(*columns, {stage, outer, inner}, depth.size,
                                               piece.size, /*transposed=*/true)
                             : fragments.loadB(*columns, {stage, inner, outer}, depth.size,
                                               piece.size, /*transposed=*/false);
        sum = fragments.multiply(left, right, sum);
      }
    }
    return sums;
  }

  /// Begins to copy the summed elements from `first` on, if there are any; the group to wait for.
  Value copyStage(Value first, Value stage) {
    Value none = warp::StartCopiesOp::create(b, nest.loc);
    auto fetch = [&](OpBuilder &, Location) {
      auto source = [&](Value operand, AffineMap map, unsigned rowDim, unsigned columnDim,
                        Value firstOfColumns, int64_t width) {
        auto at = [this, map, rowDim, columnDim, firstOfColumns](Value row, Value column) {
          SmallVector<Value> point(position);
          point[rowDim] = row;
          point[columnDim] = nest.add(firstOfColumns, column);
          return nest.apply(map, point);
        };
        return RowSource{operand, at, width};
      };
      RowSource ofRows = source(dims.rows, dims.rowsMap, *dims.m, k, first, kDepth);
      Value begun =
          copyRows(nest, ofRows, {firstRow, extents[*dims.m], kTile}, *rows, stage, copiers, none);
      RowSource ofColumns =
          asRows ? source(dims.columns, dims.columnsMap, dims.n, k, first, kDepth)
                 : source(dims.columns, dims.columnsMap, k, dims.n, firstColumn, kTile);
      RowRange range = asRows ? RowRange{firstColumn, extents[dims.n], kTile}
                              : RowRange{first, extents[k], kDepth};
      begun = copyRows(nest, ofColumns, range, *columns, stage, copiers, begun);
      scf::YieldOp::create(b, nest.loc, begun);
    };
    auto skip = [&](OpBuilder &, Location) { scf::YieldOp::create(b, nest.loc, none); };
    Value some = arith::CmpIOp::create(b, nest.loc, arith::CmpIPredicate::slt, first, extents[k]);
    auto begun = scf::IfOp::create(b, nest.loc, some, fetch, skip);
    return warp::CommitOp::create(b, nest.loc, begun.getResult(0));
  }

  void finish(Value row, ArrayRef<Value> sums) {
    for (auto [piece, sum] : llvm::zip_equal(piecesOf(kTile), sums)) {
      Value column = nest.add(firstColumn, nest.index(piece.first));
      fragments.mapOne(sum, [&](Value i, Value j, ValueRange x) {
        finishAt(nest.add(row, i), nest.add(column, j), x[0]);
        return x[0];
      });
    }
  }

  unsigned k;
  /// Whether columns lie in shared memory as rows.
  bool asRows;
  Fragments fragments;
  std::optional<SharedRows> rows, columns;
  Copiers copiers;
};

} // namespace

static void schedule(Operation *op, Nest &nest) { TileProduct(cast<ContractOp>(op), nest).write(); }

const LoopForm cuda::kTileProduct = {"tile_product", handles, refuse, schedule};
