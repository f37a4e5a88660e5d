//===- WidenRows.cpp - rows of short floats as f32 ------------------------===//
//
// Whole vectors, then element by element: masked loads of bf16 are no instruction.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CPU/WidenRows.h"

#include "compiler/Targets/CPU/ScalarLoops.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::cpu;

void cpu::widenRows(Nest &nest, Value matrix, const RowRange &rows, Value length, Value wide,
                    int64_t lanes) {
  OpBuilder &b = nest.builder;
  Value step = nest.index(lanes), whole = nest.sub(length, nest.rem(length, step));
  auto type = VectorType::get({lanes}, cast<MemRefType>(matrix.getType()).getElementType());
  nest.loop(nest.index(0), rows.count, nest.index(1), [&](Value row) {
    Value from = nest.add(rows.first, row);
    nest.loop(nest.index(0), whole, step, [&](Value column) {
      Value narrow = vector::LoadOp::create(b, nest.loc, type, matrix, ValueRange{from, column});
      Value elements = arith::ExtFOp::create(b, nest.loc, type.clone(b.getF32Type()), narrow);
      vector::StoreOp::create(b, nest.loc, elements, wide, ValueRange{row, column});
    });
    nest.loop(whole, length, nest.index(1), [&](Value column) {
      memref::StoreOp::create(b, nest.loc, loadWide(nest, matrix, {from, column}), wide,
                              ValueRange{row, column});
    });
  });
}
