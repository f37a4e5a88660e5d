//===- WidenRows.cpp - rows copied as f32 ---------------------------------===//
//
// Whole vectors, then element by element: masked loads of bf16 are no instruction.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CPU/WidenRows.h"

#include "compiler/Targets/Loops/ScalarLoops.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::cpu;

void cpu::widenRow(Nest &nest, Value matrix, Value row, Value length, Value wide, Value to,
                   int64_t lanes) {
  OpBuilder &b = nest.builder;
  Value step = nest.index(lanes), whole = nest.sub(length, nest.rem(length, step));
  auto type = VectorType::get({lanes}, cast<MemRefType>(matrix.getType()).getElementType());
  nest.loop(nest.index(0), whole, step, [&](Value column) {
    Value elements = vector::LoadOp::create(b, nest.loc, type, matrix, ValueRange{row, column});
    if (!type.getElementType().isF32())
      elements = arith::ExtFOp::create(b, nest.loc, type.clone(b.getF32Type()), elements);
    vector::StoreOp::create(b, nest.loc, elements, wide, ValueRange{to, column});
  });
  nest.loop(whole, length, nest.index(1), [&](Value column) {
    memref::StoreOp::create(b, nest.loc, loadWide(nest, matrix, {row, column}), wide,
                            ValueRange{to, column});
  });
}

void cpu::widenRows(Nest &nest, Value matrix, const RowRange &rows, Value length, Value wide,
                    int64_t lanes) {
  nest.loop(nest.index(0), rows.count, nest.index(1), [&](Value row) {
    widenRow(nest, matrix, nest.add(rows.first, row), length, wide, row, lanes);
  });
}
