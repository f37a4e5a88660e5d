//===- Scalar.cpp - rules of scalar operations ----------------------------===//
//
// The table of kernels, and what a kernel needs from an operation.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/Reference/Scalar.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Operation.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace fovea::reference;

static const ScalarTable &scalarTable() {
  static const ScalarTable table = [] {
    ScalarTable table;
    addArithIntegerRules(table);
    addArithFloatRules(table);
    addMathRules(table);
    return table;
  }();
  return table;
}

/// True for the rounding modes that the rules compute: none given, or to nearest even.
static bool roundsToNearest(Operation *op) {
  auto rounding = dyn_cast<arith::ArithRoundingModeInterface>(op);
  if (!rounding)
    return true;
  auto mode = rounding.getRoundingModeAttr();
  return !mode || mode.getValue() == arith::RoundingMode::to_nearest_even;
}

static Format formatOf(Type type) { return Format::of(getElementTypeOrSelf(type)); }

ScalarStep ScalarStep::of(Operation *op, unsigned result, Mode mode) {
  ScalarStep step;
  auto found = scalarTable().find(op->getName().getStringRef());
  bool typed = llvm::none_of(op->getOperandTypes(), [](Type type) {
    return formatOf(type).kind == Format::Kind::Unknown;
  });
  if (found == scalarTable().end() || !typed || op->getNumOperands() == 0 || !roundsToNearest(op))
    return step;
  Type type = op->getResult(result).getType();
  step.from = formatOf(op->getOperand(0).getType());
  step.to = formatOf(type);
  step.settled = settledFormat(getElementTypeOrSelf(type), mode);
  step.mode = mode;
  if (auto compare = dyn_cast<arith::CmpIOp>(op))
    step.predicate = static_cast<int64_t>(compare.getPredicate());
  if (auto compare = dyn_cast<arith::CmpFOp>(op))
    step.predicate = static_cast<int64_t>(compare.getPredicate());
  if (step.to.kind != Format::Kind::Unknown)
    step.kernel = found->second[result];
  return step;
}

void ScalarStep::run(Cell *result, ArrayRef<const Cell *> args, int64_t count) const {
  Lanes lanes{result, {}, count, from, to, predicate, mode};
  llvm::copy(args, lanes.args.begin());
  kernel(lanes);
  settle(settled, result, count);
}
