//===- TileSteps.cpp - attention on one tile of keys ----------------------===//
//
// S = Q K^T by products, regions and exponentials element by element, O += P V by products. An
// excluded key has the weight 0, which does not keep an infinity or a NaN of its value out of a
// product: where a tile mixes, 0 * V shows them, and they are added to the rows that keep them and
// taken out of the tile before the product, which is then to the bit what it is for finite ones.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CUDA/TileAttention.h"

#include "compiler/Targets/Loops/ScalarLoops.h"

#include "dialects/Fovea/StructuredOps.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include <cmath>

using namespace mlir;
using namespace fovea;
using namespace fovea::cuda;

/// Elements of 16 bits in a row of all banks: a swizzle moves none out of it.
static constexpr int64_t kBankColumns = 64;
static_assert(kPiece <= kBankColumns);

TileSteps::TileSteps(AttentionOp op, Nest &nest, int64_t tileKeys)
    : AttentionBlock(op, nest), tileKeys(tileKeys), fragments(nest, elementTypeOf(op.getKey())) {}

void TileSteps::placeShared() {
  Type element = elementTypeOf(op.getKey());
  queries.emplace(nest, element, ArrayRef<int64_t>{kQueries}, depth);
  keys.emplace(nest, element, ArrayRef<int64_t>{2, tileKeys}, depth);
  values.emplace(nest, element, ArrayRef<int64_t>{2, tileKeys}, width);
  // Behind the load into registers, a warp's queries are nobody's. Where they are needed longer,
  // the keys of a tile are nobody's behind its scores.
  // A tile of few keys has no place for them.
  if (hasOwnSpill())
    spill.emplace(nest, element, ArrayRef<int64_t>{kQueries}, kPiece);
  else
    spill = keepsQueries() ? queries : keys;
}

SmallVector<Value> TileSteps::spilledAt(const KeyTile &tile, Value line, Value column) {
  if (keepsQueries() || hasOwnSpill())
    return {line, column};
  // Tiles have fewer keys than queries then: a row of keys holds the lines that are multiples of
  // tileKeys apart.
  Value rows = nest.index(tileKeys), banks = nest.index(kBankColumns);
  return {tile.stage, nest.rem(line, rows),
          nest.add(nest.mul(nest.div(line, rows), banks), column)};
}

void TileSteps::loadQueries() {
  if (!keepsQueries())
    return;
  for (Piece piece : piecesOf(depth))
    queryPieces.push_back(fragments.loadA(
        *queries, {nest.mul(number, nest.index(kRows)), nest.index(piece.first)}, piece.size));
}

bool TileSteps::mayExclude() {
  std::optional<int64_t> count = constant(extent[Dim::J]);
  return !op.getMask().empty() || keyPartsOf(op) > 1 || !count || *count % tileKeys != 0;
}

SmallVector<Value> TileSteps::pairAt(const KeyTile &tile, const Piece &piece, Value row,
                                     Value column) {
  // What regions read at positions that do not exist is that of the last which do.
  Value key = nest.add(nest.add(tile.first, nest.index(piece.first)), column);
  Value last = nest.sub(extent[Dim::I], nest.index(1));
  return at(nest.min(queryOf(row), last), key);
}

Fragments::Values TileSteps::changed(const KeyTile &tile, ValueRange scores, bool excludes) {
  Values result;
  for (auto [piece, score] : llvm::zip_equal(piecesOf(tileKeys), scores))
    result.push_back(fragments.mapOne(score, [&](Value row, Value column, ValueRange x) {
      SmallVector<Value> pair = pairAt(tile, piece, row, column);
      Value key = pair[Dim::J];
      pair[Dim::J] = nest.min(key, nest.sub(tile.end, nest.index(1)));
      Value scaled = scalesLate() ? x[0] : mulf(x[0], f32(scale()));
      Value value = modified(scaled, pair, excludes);
      if (!excludes)
        return value;
      return select(compare(arith::CmpIPredicate::slt, key, tile.end), value, infinity());
    }));
  return result;
}

Fragments::Values TileSteps::scoresOf(const KeyTile &tile) {
  Values scores;
  for (Piece keysOfPiece : piecesOf(tileKeys)) {
    Value score = fragments.splat(0, fragments.sum(keysOfPiece.size));
    for (auto [place, piece] : llvm::enumerate(piecesOf(depth))) {
      Value ofQueries =
          keepsQueries()
              ? queryPieces[place]
              : fragments.loadA(*queries,
                                {nest.mul(number, nest.index(kRows)), nest.index(piece.first)},
                                piece.size);
      Value ofKeys = fragments.loadB(
          *keys, {tile.stage, nest.index(keysOfPiece.first), nest.index(piece.first)}, piece.size,
          keysOfPiece.size, /*transposed=*/true);
      score = fragments.multiply(ofQueries, ofKeys, score);
    }
    scores.push_back(score);
  }
  if (!mayExclude())
    return scalesLate() ? scores : changed(tile, scores, /*excludes=*/false);
  auto write = [&](bool excludes) {
    return [&, excludes](OpBuilder &, Location) {
      bool changes = excludes || !scalesLate();
      scf::YieldOp::create(b, nest.loc, changes ? changed(tile, scores, excludes) : scores);
    };
  };
  auto either = scf::IfOp::create(b, nest.loc, tile.whole, write(false), write(true));
  return Values(either.getResults());
}

Value TileSteps::shiftOf(Value maximum) {
  return fragments.mapOne(maximum, [&](Value, Value, ValueRange x) {
    Value most = safe(x[0]);
    return scalesLate() ? mulf(most, f32(-scale())) : most;
  });
}

Value TileSteps::rescaleOf(Value before, Value shift) {
  return fragments.mapOne({before, shift}, [&](Value, Value, ValueRange x) {
    return scalesLate() ? approx(warp::Approximation::Ex2, fma(x[0], f32(scale()), x[1]))
                        : weigh(x[0], x[1]);
  });
}

Fragments::Values TileSteps::weightsOf(ValueRange scores, Value shift) {
  Values weights;
  for (Value score : scores)
    weights.push_back(rescaleOf(score, shift));
  return weights;
}

Value TileSteps::reduced(warp::RowReduction kind, ValueRange pieces) {
  Value all = pieces.front();
  if (pieces.size() > 1)
    all = fragments.mapOne(pieces, [&](Value, Value, ValueRange x) {
      Value folded = x.front();
      for (Value next : x.drop_front())
        folded = kind == warp::RowReduction::Add
                     ? addf(folded, next)
                     : Value(arith::MaximumFOp::create(b, nest.loc, folded, next));
      return folded;
    });
  return fragments.reduce(kind, all);
}

Fragments::Values TileSteps::probabilities(const KeyTile &tile, ValueRange scores,
                                           ValueRange weights) {
  Values result;
  for (auto [piece, score, weight] : llvm::zip_equal(piecesOf(tileKeys), scores, weights))
    result.push_back(fragments.mapOne({score, weight}, [&](Value row, Value column, ValueRange x) {
      SmallVector<Value> pair = pairAt(tile, piece, row, column);
      pair[Dim::J] = nest.min(pair[Dim::J], nest.sub(tile.end, nest.index(1)));
      Value excluded = compare(arith::CmpFPredicate::OEQ, x[0], infinity());
      return select(excluded, f32(0), probability(x[1], pair));
    }));
  return result;
}

Fragments::Values TileSteps::addValues(const KeyTile &tile, ValueRange weights, Values sums) {
  if (!op.getMask().empty()) {
    auto keep = [&](OpBuilder &, Location) { scf::YieldOp::create(b, nest.loc, sums); };
    auto mixes = [&](OpBuilder &, Location) {
      auto repair = [&](OpBuilder &, Location) {
        Values added = addNonFinite(tile, weights, sums);
        clearNonFinite(tile);
        scf::YieldOp::create(b, nest.loc, added);
      };
      auto either = scf::IfOp::create(b, nest.loc, hasNonFinite(tile), repair, keep);
      scf::YieldOp::create(b, nest.loc, either.getResults());
    };
    sums = Values(scf::IfOp::create(b, nest.loc, tile.whole, keep, mixes).getResults());
  }
  for (auto [piece, weight] : llvm::zip_equal(piecesOf(tileKeys), weights)) {
    Value left = fragments.convert(weight);
    for (auto [place, channels] : llvm::enumerate(piecesOf(width)))
      sums[place] = fragments.multiply(
          left,
          fragments.loadB(*values,
                          {tile.stage, nest.index(piece.first), nest.index(channels.first)},
                          piece.size, channels.size, /*transposed=*/false),
          sums[place]);
  }
  return sums;
}

/// Whether some value of channels is not finite, in pieces of one size: they have one sum, in which
/// a NaN stays, so that the look takes the registers of one piece.
Value TileSteps::hasNonFinite(const KeyTile &tile, ArrayRef<Piece> pieces) {
  Value sum = fragments.splat(0, fragments.sum(pieces.front().size));
  for (Piece channels : pieces)
    for (Piece piece : piecesOf(tileKeys))
      sum = fragments.multiply(
          fragments.convert(fragments.splat(0, fragments.sum(piece.size))),
          fragments.loadB(*values,
                          {tile.stage, nest.index(piece.first), nest.index(channels.first)},
                          piece.size, channels.size, /*transposed=*/false),
          sum);
  return warp::HasNanOp::create(b, nest.loc, sum);
}

/// All warps look at the same tile and find the same.
Value TileSteps::hasNonFinite(const KeyTile &tile) {
  SmallVector<Piece> pieces = piecesOf(width);
  size_t whole = width / kPiece;
  Value found;
  for (ArrayRef<Piece> some :
       {ArrayRef(pieces).take_front(whole), ArrayRef(pieces).drop_front(whole)}) {
    if (some.empty())
      continue;
    Value here = hasNonFinite(tile, some);
    found = found ? Value(arith::OrIOp::create(b, nest.loc, found, here)) : here;
  }
  return found;
}

Value TileSteps::isNonFinite(Value x) {
  Value zero = subf(x, x);
  return compare(arith::CmpFPredicate::UNO, zero, zero);
}

Value TileSteps::valueAt(const KeyTile &tile, Value key, Value channel) {
  return loadWide(nest, values->buffer, {tile.stage, key, values->columnOf(nest, key, channel)});
}

/// Weights with NaN for excluded keys. A kept key with it makes the row NaN by the product.
Value TileSteps::marked(const KeyTile &tile, const Piece &piece, Value weight) {
  return fragments.mapOne(weight, [&](Value row, Value column, ValueRange x) {
    SmallVector<Value> pair = pairAt(tile, piece, row, column);
    Value exists = compare(arith::CmpIPredicate::slt, pair[Dim::J], tile.end);
    pair[Dim::J] = nest.min(pair[Dim::J], nest.sub(tile.end, nest.index(1)));
    return select(both(exists, keeps(pair)), x[0], f32(NAN));
  });
}

/// Adds weight * value of one key of the tile, which has place `place` in its piece, in channels
/// from `first` on.
Value TileSteps::addKey(const KeyTile &tile, Value key, Value place, Value first, Value sum) {
  return fragments.mapOne(sum, [&](Value row, Value column, ValueRange x) {
    Value line = nest.add(nest.mul(number, nest.index(kRows)), row);
    Value value = valueAt(tile, key, nest.add(first, column));
    Value weight =
        loadWide(nest, spill->buffer, spilledAt(tile, line, spill->columnOf(nest, line, place)));
    Value kept = compare(arith::CmpFPredicate::ORD, weight, weight);
    return select(both(kept, isNonFinite(value)), fma(weight, value, x[0]), x[0]);
  });
}

/// Adds weight * value for values that are not finite and keys that the row keeps.
Fragments::Values TileSteps::addNonFinite(const KeyTile &tile, ValueRange weights, Values sums) {
  Value line = nest.mul(number, nest.index(kRows));
  // All warps have their scores: weights may take the place of keys.
  gpu::BarrierOp::create(b, nest.loc);
  for (auto [piece, weight] : llvm::zip_equal(piecesOf(tileKeys), weights)) {
    warp::SyncWarpOp::create(b, nest.loc);
    warp::StoreFragmentOp::create(b, nest.loc, marked(tile, piece, weight), spill->buffer,
                                  spilledAt(tile, line, nest.index(0)), ValueRange(),
                                  spill->swizzle);
    warp::SyncWarpOp::create(b, nest.loc);
    Value first = nest.index(piece.first);
    for (auto [channels, sum] : llvm::zip_equal(piecesOf(width), sums)) {
      Value from = nest.index(channels.first);
      auto add = [&](Value place, ValueRange now) {
        return Nest::Carried{addKey(tile, nest.add(first, place), place, from, now[0])};
      };
      sum = nest.loop(nest.index(0), nest.index(piece.size), nest.index(1), sum, add).front();
    }
  }
  return sums;
}

void TileSteps::clearNonFinite(const KeyTile &tile) {
  Type element = elementTypeOf(op.getValue());
  Value zero = arith::ConstantOp::create(b, nest.loc, b.getFloatAttr(element, 0));
  Value columns = nest.index(width), all = nest.index(tileKeys * width);
  gpu::BarrierOp::create(b, nest.loc);
  nest.loop(thread, all, nest.index(kBlockThreads), [&](Value place) {
    Value row = nest.div(place, columns), column = nest.rem(place, columns);
    nest.branch(isNonFinite(valueAt(tile, row, column)), [&] {
      memref::StoreOp::create(b, nest.loc, zero, values->buffer,
                              ValueRange{tile.stage, row, values->columnOf(nest, row, column)});
    });
  });
  gpu::BarrierOp::create(b, nest.loc);
}
