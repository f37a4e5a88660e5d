//===- Plan.cpp - preparing a function for evaluation ---------------------===//
//
// Gives every value a slot, every operation its rule, and finds each value's last use, so that
// tensors are updated in place and memory is given back early.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/Reference/Constant.h"
#include "compiler/Targets/Reference/Rules.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace fovea::reference;

static unsigned slotOf(Value value, PlannedFunction &function) {
  return function.slots.try_emplace(value, function.slots.size()).first->second;
}

/// Uses of `value` by `op` or within its regions.
static unsigned usesWithin(Value value, Operation *op) {
  return llvm::count_if(value.getUses(),
                        [&](OpOperand &use) { return op->isAncestor(use.getOwner()); });
}

/// Marks, for every value that the block defines, the operation that uses it last.
static void markLastUses(Block &block, PlannedFunction &function, PlannedBlock &planned) {
  llvm::DenseMap<Operation *, unsigned> order;
  for (auto [index, op] : llvm::enumerate(block))
    order[&op] = index;
  auto mark = [&](Value value, std::optional<unsigned> definition) {
    std::optional<unsigned> last = definition;
    for (Operation *user : value.getUsers()) {
      unsigned place = order.lookup(block.findAncestorOpInBlock(*user));
      last = last ? std::max(*last, place) : place;
    }
    if (!last)
      return;
    PlannedOp &op = planned.ops[*last];
    op.dead.push_back(slotOf(value, function));
    if (usesWithin(value, op.op) != 1)
      return;
    for (auto [index, operand] : llvm::enumerate(op.op->getOperands()))
      op.last[index] |= operand == value;
  };
  for (BlockArgument argument : block.getArguments())
    mark(argument, std::nullopt);
  for (auto [index, op] : llvm::enumerate(block))
    for (Value result : op.getResults())
      mark(result, index);
}

LogicalResult Execution::planBlock(Block &block, PlannedFunction &function, PlannedBlock &planned,
                                   unsigned depth) {
  constexpr unsigned deepest = 128;
  Operation *parent = block.getParentOp();
  if (depth == deepest)
    return fail(parent, RunError::Kind::Unsupported,
                "regions nested deeper than " + std::to_string(deepest));
  if (!block.getParent()->hasOneBlock() || block.empty() || !isKnownTerminator(&block.back()))
    return fail(parent, RunError::Kind::Unsupported,
                "a region that is not one block with a known terminator");
  for (BlockArgument argument : block.getArguments())
    planned.arguments.push_back(slotOf(argument, function));
  planned.ops.resize(block.getOperations().size());
  for (auto [op, entry] : llvm::zip_equal(block, planned.ops))
    if (failed(planOp(op, function, entry, depth)))
      return failure();
  markLastUses(block, function, planned);
  return success();
}

LogicalResult Execution::planOp(Operation &op, PlannedFunction &function, PlannedOp &planned,
                                unsigned depth) {
  planned.op = &op;
  planned.last.assign(op.getNumOperands(), false);
  for (Value operand : op.getOperands())
    planned.operands.push_back(slotOf(operand, function));
  for (Value result : op.getResults())
    planned.results.push_back(slotOf(result, function));
  for (Region &region : op.getRegions()) {
    planned.regions.emplace_back();
    if (!region.empty() &&
        failed(planBlock(region.front(), function, planned.regions.back(), depth + 1)))
      return failure();
  }
  if (isKnownTerminator(&op))
    return success();
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    if (auto elements = dyn_cast<ElementsAttr>(constant.getValue())) {
      FailureOr<Array> array = allocate(elements.getShapedType().getShape(), &op);
      if (failed(array))
        return failure();
      if (!denseConstant(elements, {array->mutableData(), static_cast<size_t>(array->count)}))
        return fail(&op, RunError::Kind::Unsupported, "a constant that is not dense");
      planned.constant.array = std::move(*array);
    } else if (std::optional<Cell> cell = scalarConstant(constant.getValue())) {
      planned.constant.cell = *cell;
    } else {
      return fail(&op, RunError::Kind::Unsupported, "a constant that is no number");
    }
  }
  planned.rule = findRule(&op);
  if (planned.rule)
    return success();
  for (OpResult result : op.getResults()) {
    planned.steps.push_back(ScalarStep::of(&op, result.getResultNumber(), mode()));
    if (!planned.steps.back().kernel)
      planned.steps.clear();
    if (planned.steps.empty())
      break;
  }
  if (planned.steps.empty())
    return fail(&op, RunError::Kind::Unsupported, "the reference target has no rule for it");
  planned.rule = runScalar;
  return success();
}

FailureOr<PlannedFunction *> Execution::plan(func::FuncOp function) {
  std::unique_ptr<PlannedFunction> &planned = functions[function];
  if (planned)
    return planned.get();
  if (function.isExternal())
    return fail(function, RunError::Kind::Unsupported, "a function without a body");
  planned = std::make_unique<PlannedFunction>();
  if (failed(planBlock(function.front(), *planned, planned->body, 0)))
    return failure();
  return planned.get();
}
