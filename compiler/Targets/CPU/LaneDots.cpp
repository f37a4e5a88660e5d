//===- LaneDots.cpp - dot products of few rows with many ------------------===//
//
// Sums in registers, one vector per pair of rows, and the tree that adds up their lanes.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CPU/LaneDots.h"

#include "compiler/Conversion/KernelToVector/EvenOdd.h"
#include "compiler/Targets/Loops/LaneRegion.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::cpu;

/// Vectors of a row that one turn of the loop takes.
static constexpr int64_t kVectorsPerTurn = 2;

DotTile cpu::dotTile(int64_t left, int64_t lanes) {
  // A quarter of the lanes: the loads of the right rows serve that many left ones, and as many
  // again stay in registers.
  int64_t strips = llvm::divideCeil(left, lanes / 4);
  int64_t rows = llvm::divideCeil(left, strips);
  return {rows, lanes / static_cast<int64_t>(llvm::PowerOf2Ceil(rows))};
}

SmallVector<Value> cpu::inDotOrder(Nest &nest, ArrayRef<Value> row, Type element) {
  SmallVector<Value> ordered(row);
  int64_t vectors = row.size();
  for (int64_t vector = 0; vector < vectors; ++vector)
    if (isPair(vector, vectors, element))
      std::tie(ordered[vector], ordered[vector + 1]) =
          evenAndOdd(nest.builder, nest.loc, row[vector], row[vector + 1]);
  return ordered;
}

namespace {

class Dots {
public:
  Dots(Nest &nest, Value left, Value right, int64_t lanes, BetweenDots between)
      : nest(nest), left(left), right(right), between(between),
        element(cast<MemRefType>(right.getType()).getElementType()),
        type(VectorType::get({lanes}, nest.builder.getF32Type())), lanes(lanes) {}

  Value run(ArrayRef<Value> leftRows, ArrayRef<Value> rightRows, int64_t depth) {
    Value zero = arith::ConstantOp::create(nest.builder, nest.loc, nest.builder.getZeroAttr(type));
    SmallVector<Value> sums(leftRows.size() * rightRows.size(), zero);
    int64_t turn = kVectorsPerTurn * lanes, whole = depth / turn * turn;
    parts = whole / turn * rightRows.size();
    auto addTurn = [&](Value k, ValueRange carried) {
      part = nest.mul(nest.div(k, nest.index(turn)), nest.index(rightRows.size()));
      return add(leftRows, rightRows, k, kVectorsPerTurn, SmallVector<Value>(carried));
    };
    if (whole == 0 && between)
      between({nest.index(0), 1, 0, nest.index(0), depth});
    if (whole > 0)
      sums = nest.loop(nest.index(0), nest.index(whole), nest.index(turn), sums, addTurn);
    part = Value();
    if (whole < depth)
      sums = add(leftRows, rightRows, nest.index(whole), (depth - whole) / lanes, sums);
    sums.resize(lanes, zero);
    return addLanes(sums);
  }

private:
  /// The sums with `vectors` vectors of each row from element `k` on added.
  SmallVector<Value> add(ArrayRef<Value> leftRows, ArrayRef<Value> rightRows, Value k,
                         int64_t vectors, SmallVector<Value> sums) {
    // The fewer rows of both stay in registers while those of the other come and go.
    bool keepsLeft = leftRows.size() <= rightRows.size();
    SmallVector<SmallVector<Value>> kept;
    auto step = [&](size_t l, size_t r, ArrayRef<Value> lefts, ArrayRef<Value> rights) {
      Value &sum = sums[l * rightRows.size() + r];
      for (int64_t vector = 0; vector < vectors; ++vector)
        sum = vector::FMAOp::create(nest.builder, nest.loc, rights[vector], lefts[vector], sum);
    };
    if (keepsLeft)
      for (Value row : leftRows)
        kept.push_back(leftVectors(row, k, vectors));
    for (auto [r, row] : llvm::enumerate(rightRows)) {
      if (between && part)
        between({nest.add(part, nest.index(r)), parts, int64_t(r), k, vectors * lanes});
      SmallVector<Value> rights = rightVectors(row, k, vectors);
      if (keepsLeft)
        for (size_t l = 0; l < leftRows.size(); ++l)
          step(l, r, kept[l], rights);
      else
        kept.push_back(rights);
    }
    if (!keepsLeft)
      for (auto [l, row] : llvm::enumerate(leftRows)) {
        SmallVector<Value> lefts = leftVectors(row, k, vectors);
        for (size_t r = 0; r < rightRows.size(); ++r)
          step(l, r, lefts, kept[r]);
      }
    return sums;
  }

  SmallVector<Value> leftVectors(Value row, Value k, int64_t vectors) {
    return llvm::map_to_vector(llvm::seq(vectors), [&](int64_t vector) -> Value {
      return vector::LoadOp::create(nest.builder, nest.loc, type, left,
                                    ValueRange{row, nest.add(k, nest.index(vector * lanes))});
    });
  }

  /// `vectors` vectors of a right row as f32, in dot order.
  SmallVector<Value> rightVectors(Value row, Value k, int64_t vectors) {
    SmallVector<Value> loaded;
    while (int64_t(loaded.size()) < vectors) {
      int64_t vector = loaded.size();
      SmallVector<Value> place{row, nest.add(k, nest.index(vector * lanes))};
      if (isPair(vector, vectors, element)) {
        auto [even, odd] = loadEvenAndOdd(nest.builder, nest.loc, right, place, type);
        loaded.append({even, odd});
        continue;
      }
      Value value =
          vector::LoadOp::create(nest.builder, nest.loc, type.clone(element), right, place);
      if (!element.isF32())
        value = arith::ExtFOp::create(nest.builder, nest.loc, type, value);
      loaded.push_back(value);
    }
    return loaded;
  }

  /// One vector whose lane i is the sum of the lanes of sums[i]. Each step halves the number of
  /// vectors: the halves of each segment of x and y become x's two halves added, then y's.
  Value addLanes(SmallVector<Value> sums) {
    for (int64_t half = lanes / 2; half >= 1; half /= 2) {
      SmallVector<int64_t> kept, moved;
      for (int64_t lane = 0; lane < lanes; ++lane) {
        bool second = lane & half;
        kept.push_back(second ? lanes + lane : lane);
        moved.push_back(second ? lanes + lane - half : lane + half);
      }
      for (int64_t pair = 0; pair < half; ++pair) {
        Value x = sums[pair], y = sums[pair + half];
        Value stay = vector::ShuffleOp::create(nest.builder, nest.loc, x, y, kept);
        Value move = vector::ShuffleOp::create(nest.builder, nest.loc, x, y, moved);
        sums[pair] = arith::AddFOp::create(nest.builder, nest.loc, stay, move);
      }
    }
    return sums.front();
  }

  Nest &nest;
  Value left, right;
  BetweenDots between;
  /// What of `parts` the first row of the turn being written is; null outside of turns.
  Value part;
  int64_t parts = 0;
  Type element;
  VectorType type;
  int64_t lanes;
};

} // namespace

Value cpu::laneDots(Nest &nest, Value left, int64_t first, Value right, ArrayRef<Value> rows,
                    const DotTile &tile, int64_t depth, int64_t lanes, BetweenDots between) {
  SmallVector<Value> leftRows = llvm::map_to_vector(llvm::seq<int64_t>(first, first + tile.left),
                                                    [&](int64_t row) { return nest.index(row); });
  // Lanes of rows that do not exist stay 0.
  return Dots(nest, left, right, lanes, between).run(leftRows, rows, depth);
}
