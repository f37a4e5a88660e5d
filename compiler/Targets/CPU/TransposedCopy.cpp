//===- TransposedCopy.cpp - between rows in memory and rows on the lanes --===//
//
// Squares of as many rows and columns as there are lanes go through registers, the rest element by
// element.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CPU/TransposedCopy.h"

#include "compiler/Targets/Loops/LaneRegion.h"

#include "dialects/Fovea/StructuredOps.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::cpu;

namespace {

/// The copies between one matrix and one panel.
class Copy {
public:
  Copy(Nest &nest, Value matrix, Value firstRow, Value rows, const LanePanel &panel)
      : nest(nest), matrix(matrix), firstRow(firstRow), rows(rows), panel(panel),
        f32(nest.builder.getF32Type()), element(elementTypeOf(matrix)),
        squares(constant(nest.stride(matrix, 1)) == 1 ? panel.columns / panel.lanes * panel.lanes
                                                      : 0) {}

  void load(double scale) {
    Value last = nest.sub(rows, nest.index(1));
    if (squares > 0)
      nest.loop(nest.index(0), nest.index(squares), nest.index(panel.lanes),
                [&](Value column) { loadSquares(column, last, scale); });
    if (squares == panel.columns)
      return;
    nest.loop(nest.index(0), nest.index(panel.vectors * panel.lanes), nest.index(1), [&](Value l) {
      Value row = nest.min(nest.add(firstRow, l), last);
      nest.loop(nest.index(squares), nest.index(panel.columns), nest.index(1), [&](Value column) {
        Value value =
            memref::LoadOp::create(nest.builder, nest.loc, matrix, ValueRange{row, column});
        if (element != f32)
          value = arith::ExtFOp::create(nest.builder, nest.loc, f32, value);
        value = arith::MulFOp::create(nest.builder, nest.loc, value, nest.f32(scale));
        memref::StoreOp::create(nest.builder, nest.loc, value, panel.buffer, ValueRange{column, l});
      });
    });
  }

  void store() {
    for (int64_t vector = 0; vector < panel.vectors; ++vector) {
      Value first = nest.add(firstRow, nest.index(vector * panel.lanes));
      Value left = nest.sub(rows, first);
      Value whole = arith::CmpIOp::create(nest.builder, nest.loc, arith::CmpIPredicate::sge, left,
                                          nest.index(panel.lanes));
      nest.branch(
          whole,
          [&] {
            if (squares > 0)
              nest.loop(nest.index(0), nest.index(squares), nest.index(panel.lanes),
                        [&](Value column) { storeSquare(first, vector, column); });
            storeElements(first, nest.index(panel.lanes), vector, squares);
          },
          [&] { storeElements(first, left, vector, 0); });
    }
  }

private:
  VectorType lanesOf(Type type) { return VectorType::get({panel.lanes}, type); }

  void loadSquares(Value column, Value last, double scale) {
    Value factor = broadcast(nest, nest.f32(scale), panel.lanes);
    for (int64_t vector = 0; vector < panel.vectors; ++vector) {
      SmallVector<Value> square;
      for (int64_t l = 0; l < panel.lanes; ++l) {
        Value row = nest.min(nest.add(firstRow, nest.index(vector * panel.lanes + l)), last);
        Value lanes = vector::LoadOp::create(nest.builder, nest.loc, lanesOf(element), matrix,
                                             ValueRange{row, column});
        if (element != f32)
          lanes = arith::ExtFOp::create(nest.builder, nest.loc, lanesOf(f32), lanes);
        square.push_back(lanes);
      }
      for (auto [offset, lanes] : llvm::enumerate(transpose(nest, square))) {
        Value scaled = arith::MulFOp::create(nest.builder, nest.loc, lanes, factor);
        vector::StoreOp::create(
            nest.builder, nest.loc, scaled, panel.buffer,
            ValueRange{nest.add(column, nest.index(offset)), nest.index(vector * panel.lanes)});
      }
    }
  }

  void storeSquare(Value first, int64_t vector, Value column) {
    SmallVector<Value> square;
    for (int64_t offset = 0; offset < panel.lanes; ++offset)
      square.push_back(vector::LoadOp::create(
          nest.builder, nest.loc, lanesOf(f32), panel.buffer,
          ValueRange{nest.add(column, nest.index(offset)), nest.index(vector * panel.lanes)}));
    for (auto [l, lanes] : llvm::enumerate(transpose(nest, square))) {
      if (element != f32)
        lanes = arith::TruncFOp::create(nest.builder, nest.loc, lanesOf(element), lanes);
      vector::StoreOp::create(nest.builder, nest.loc, lanes, matrix,
                              ValueRange{nest.add(first, nest.index(l)), column});
    }
  }

  /// Rows first .. first + count of one lane group, element by element from column `from` on.
  void storeElements(Value first, Value count, int64_t vector, int64_t from) {
    if (from == panel.columns)
      return;
    nest.loop(nest.index(0), count, nest.index(1), [&](Value l) {
      nest.loop(nest.index(from), nest.index(panel.columns), nest.index(1), [&](Value column) {
        Value lane = nest.add(nest.index(vector * panel.lanes), l);
        Value value =
            memref::LoadOp::create(nest.builder, nest.loc, panel.buffer, ValueRange{column, lane});
        if (element != f32)
          value = arith::TruncFOp::create(nest.builder, nest.loc, element, value);
        memref::StoreOp::create(nest.builder, nest.loc, value, matrix,
                                ValueRange{nest.add(first, l), column});
      });
    });
  }

  Nest &nest;
  Value matrix, firstRow, rows;
  const LanePanel &panel;
  Type f32, element;
  int64_t squares;
};

} // namespace

void cpu::loadTransposed(Nest &nest, Value matrix, Value firstRow, Value rows, double scale,
                         const LanePanel &panel) {
  Copy(nest, matrix, firstRow, rows, panel).load(scale);
}

void cpu::storeTransposed(Nest &nest, const LanePanel &panel, Value matrix, Value firstRow,
                          Value rows) {
  Copy(nest, matrix, firstRow, rows, panel).store();
}
