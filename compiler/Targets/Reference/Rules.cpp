//===- Rules.cpp - the table of rules -------------------------------------===//
//
// All families in one table, and the rule that all scalar operations share.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/Reference/Rules.h"

#include "compiler/Targets/Reference/Constant.h"
#include "dialects/Fovea/FoveaDialect.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace fovea::reference;

/// arith.constant: the plan holds the value.
static LogicalResult runConstant(OpRun &run) {
  run.set(0, run.plan.constant);
  return success();
}

static const RuleTable &ruleTable() {
  static const RuleTable table = [] {
    RuleTable table;
    table["arith.constant"] = runConstant;
    addTensorRules(table);
    addSliceRules(table);
    addLinalgRules(table);
    addControlRules(table);
    addModuleRules(table);
    addAttentionRule(table);
    addContractRule(table);
    addNormRules(table);
    addRnnRule(table);
    addLstmRule(table);
    addGruRule(table);
    return table;
  }();
  return table;
}

Rule fovea::reference::findRule(Operation *op) {
  const RuleTable &table = ruleTable();
  if (Rule rule = table.lookup(op->getName().getStringRef()))
    return rule;
  // Every structured operation is the generic that its region and maps spell out.
  return isa<linalg::LinalgOp>(op) ? table.lookup("linalg.generic") : nullptr;
}

bool fovea::reference::isKnownTerminator(Operation *op) {
  return isa<func::ReturnOp, scf::YieldOp, scf::ConditionOp, linalg::YieldOp, tensor::YieldOp,
             fovea::YieldOp>(op);
}

bool fovea::reference::hasRule(Operation *op) {
  if (isKnownTerminator(op) || findRule(op))
    return true;
  return op->getNumResults() > 0 && ScalarStep::of(op, 0, Mode::Exact).kernel;
}

LogicalResult fovea::reference::runScalar(OpRun &run) {
  Operation *op = run.op();
  for (auto [number, step] : llvm::enumerate(run.plan.steps)) {
    if (!isa<ShapedType>(op->getResult(number).getType())) {
      SmallVector<const Cell *, 4> args;
      for (unsigned slot : run.plan.operands)
        args.push_back(&run.frame.slots[slot].cell);
      Datum datum;
      step.run(&datum.cell, args, 1);
      run.set(number, std::move(datum));
      continue;
    }
    // Tensors of one shape; a scalar among them (the condition of a select) is spread.
    const Array *shaped = nullptr;
    for (auto [index, type] : llvm::enumerate(op->getOperandTypes())) {
      if (!isa<ShapedType>(type))
        continue;
      const Array &array = run.operand(index).array;
      if (shaped && shaped->shape != array.shape)
        return run.fail(RunError::Kind::Shape, "operands have different shapes");
      shaped = &array;
    }
    FailureOr<Array> result = run.allocate(shaped->shape);
    if (failed(result))
      return failure();
    SmallVector<const Cell *, 4> args;
    SmallVector<std::shared_ptr<Cell[]>, 1> spread;
    for (auto [index, type] : llvm::enumerate(op->getOperandTypes())) {
      const Datum &operand = run.operand(index);
      if (isa<ShapedType>(type)) {
        args.push_back(operand.array.data());
        continue;
      }
      spread.push_back(run.scratch(shaped->count));
      if (!spread.back())
        return failure();
      std::fill_n(spread.back().get(), shaped->count, operand.cell);
      args.push_back(spread.back().get());
    }
    step.run(result->mutableData(), args, shaped->count);
    run.set(number, std::move(*result));
  }
  return success();
}
