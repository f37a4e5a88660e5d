//===- SizeSlice.cpp - sizes as functions of symbolic dimensions ----------===//
//
// Walks the operations behind a size.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/TensorToKernel/SizeSlice.h"

#include "dialects/FoveaKernel/FoveaKernelDialect.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace fovea;

/// True for a division that may stop the process: the plan computes sizes before anything is
/// checked.
static bool mayTrap(Operation *op) {
  if (!isa<arith::DivSIOp, arith::DivUIOp, arith::CeilDivSIOp, arith::CeilDivUIOp,
           arith::FloorDivSIOp, arith::RemSIOp, arith::RemUIOp>(op))
    return false;
  APInt divisor;
  return !matchPattern(op->getOperand(1), m_ConstantInt(&divisor)) || divisor.isZero();
}

static bool isSizeArithmetic(Operation *op) {
  if (mayTrap(op))
    return false;
  return isa<affine::AffineApplyOp, affine::AffineMinOp, affine::AffineMaxOp>(op) ||
         (isa<arith::ArithDialect>(op->getDialect()) &&
          llvm::all_of(op->getResultTypes(), [](Type type) { return type.isIntOrIndex(); }));
}

bool fovea::isFunctionOfSymbols(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op)
    return false;
  if (isa<kernel::SymbolOp>(op))
    return true;
  return isSizeArithmetic(op) && llvm::all_of(op->getOperands(), isFunctionOfSymbols);
}

Value fovea::cloneSlice(OpBuilder &builder, Value value, ValueRange symbols, IRMapping &mapping) {
  if (Value known = mapping.lookupOrNull(value))
    return known;
  Operation *op = value.getDefiningOp();
  if (auto symbol = dyn_cast<kernel::SymbolOp>(op)) {
    mapping.map(value, symbols[symbol.getIndex()]);
    return symbols[symbol.getIndex()];
  }
  for (Value operand : op->getOperands())
    cloneSlice(builder, operand, symbols, mapping);
  builder.clone(*op, mapping);
  return mapping.lookup(value);
}

/// The value for symbols of 128, where constant folding reaches it.
static std::optional<int64_t> evaluate(Value value, DenseMap<Value, int64_t> &known) {
  auto found = known.find(value);
  if (found != known.end())
    return found->second;
  Operation *op = value.getDefiningOp();
  if (!op)
    return std::nullopt;
  if (isa<kernel::SymbolOp>(op))
    return 128;
  SmallVector<Attribute> operands;
  for (Value operand : op->getOperands()) {
    std::optional<int64_t> constant = evaluate(operand, known);
    if (!constant)
      return std::nullopt;
    operands.push_back(IntegerAttr::get(operand.getType(), *constant));
  }
  SmallVector<OpFoldResult> folded;
  Operation *scratch = op->clone();
  LogicalResult result = scratch->fold(operands, folded);
  scratch->destroy();
  if (failed(result) || folded.empty())
    return std::nullopt;
  auto attr = dyn_cast_or_null<IntegerAttr>(dyn_cast<Attribute>(folded.front()));
  if (!attr)
    return std::nullopt;
  return known[value] = attr.getValue().getSExtValue();
}

int64_t fovea::estimate(Value value) {
  DenseMap<Value, int64_t> known;
  return std::max<int64_t>(1, evaluate(value, known).value_or(4096));
}

int64_t fovea::byteWidth(Type element) {
  if (element.isIndex())
    return 8;
  return std::max<int64_t>(1, llvm::divideCeil(element.getIntOrFloatBitWidth(), 8));
}
