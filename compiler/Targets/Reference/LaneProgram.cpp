//===- LaneProgram.cpp - a scalar region compiled to steps ----------------===//
//
// Translation of a block, and the loop over its steps.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/Reference/LaneProgram.h"

#include "compiler/Targets/Reference/Constant.h"
#include "compiler/Targets/Reference/Execution.h"
#include "dialects/Fovea/FoveaDialect.h"

#include <algorithm>

using namespace mlir;
using namespace fovea;
using namespace fovea::reference;

unsigned LaneProgram::newRegister() {
  registers.resize(registers.size() + kLanes, Cell{0});
  return registers.size() / kLanes - 1;
}

unsigned LaneProgram::registerOf(Value value) {
  auto [entry, inserted] = numbers.try_emplace(value, 0);
  if (!inserted) {
    if (auto argument = dyn_cast<BlockArgument>(value); argument && argument.getOwner() == block)
      used[argument.getArgNumber()] = true;
    return entry->second;
  }
  unsigned reg = newRegister();
  entry->second = reg;
  if (value.getParentBlock() != block)
    outers.emplace_back(value, reg);
  return reg;
}

unsigned LaneProgram::tableOf(Value value) {
  for (auto [index, table] : llvm::enumerate(tables))
    if (table.value == value)
      return index;
  tables.push_back({value, nullptr});
  return tables.size() - 1;
}

bool LaneProgram::addOp(Operation &op, Mode mode) {
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    std::optional<Cell> cell = scalarConstant(constant.getValue());
    if (cell)
      constants.emplace_back(*cell, registerOf(constant));
    return cell.has_value();
  }
  if (auto index = dyn_cast<linalg::IndexOp>(op)) {
    indices.emplace_back(index.getDim(), registerOf(index));
    return true;
  }
  Step step{Kind::Scalar, &op, {}, {}, 0, 0};
  OperandRange operands = op.getOperands();
  auto fromOutside = [&](Value table) {
    return table.getDefiningOp() == nullptr || table.getParentBlock() != block;
  };
  if (isa<tensor::ExtractOp, CaptureLoadOp>(op) && fromOutside(operands.front())) {
    step.kind = Kind::Load;
    step.table = tableOf(operands.front());
    operands = operands.drop_front();
  } else if (isa<tensor::DimOp>(op) && fromOutside(operands.front())) {
    step.kind = Kind::Extent;
    step.table = tableOf(operands.front());
    operands = operands.drop_front();
  } else if (isa<CheckedIndexOp>(op)) {
    step.kind = Kind::CheckedIndex;
  } else if (llvm::any_of(op.getOperandTypes(), llvm::IsaPred<ShapedType>)) {
    return false;
  }
  for (Value operand : operands)
    step.args.push_back(registerOf(operand));
  for (OpResult result : op.getResults()) {
    if (step.kind == Kind::Scalar) {
      step.scalar = ScalarStep::of(&op, result.getResultNumber(), mode);
      if (!step.scalar.kernel || isa<ShapedType>(result.getType()))
        return false;
    }
    step.result = registerOf(result);
    steps.push_back(step);
  }
  return true;
}

std::unique_ptr<LaneProgram> LaneProgram::compile(Block &block, Mode mode) {
  auto program = std::make_unique<LaneProgram>();
  program->block = &block;
  program->used.assign(block.getNumArguments(), false);
  for (BlockArgument argument : block.getArguments()) {
    unsigned reg = isa<ShapedType>(argument.getType()) ? 0 : program->newRegister();
    program->arguments.push_back(reg);
    program->numbers[argument] = reg;
  }
  for (Operation &op : block.without_terminator())
    if (!program->addOp(op, mode))
      return nullptr;
  for (Value yielded : block.getTerminator()->getOperands()) {
    if (isa<ShapedType>(yielded.getType()))
      return nullptr;
    program->yields.push_back(program->registerOf(yielded));
  }
  return program;
}

LogicalResult LaneProgram::bind(OpRun &run, ArrayRef<const Array *> given) {
  for (auto [cell, reg] : constants)
    std::fill_n(at(reg), kLanes, cell);
  for (auto [value, reg] : outers)
    std::fill_n(at(reg), kLanes, run.value(value).cell);
  for (Table &table : tables) {
    auto argument = dyn_cast<BlockArgument>(table.value);
    if (argument && argument.getOwner() == block)
      table.array =
          argument.getArgNumber() < given.size() ? given[argument.getArgNumber()] : nullptr;
    else
      table.array = &run.array(table.value);
    if (!table.array)
      return run.fail(RunError::Kind::Invalid, "a region reads an argument that is no table");
  }
  return success();
}

Cell *LaneProgram::index(unsigned dim) {
  for (auto [asked, reg] : indices)
    if (asked == dim)
      return at(reg);
  return nullptr;
}

LogicalResult LaneProgram::load(OpRun &run, const Step &step, int64_t count) {
  const Array &table = *tables[step.table].array;
  Cell *result = at(step.result);
  if (step.args.size() != table.shape.size())
    return run.fail(RunError::Kind::Invalid, "as many indices as dimensions are needed");
  for (int64_t lane = 0; lane < count; ++lane) {
    int64_t offset = 0;
    for (auto [arg, extent] : llvm::zip_equal(step.args, table.shape)) {
      int64_t index = at(arg)[lane].integer;
      if (failed(run.checkIndex(index, extent)))
        return failure();
      offset = offset * extent + index;
    }
    result[lane] = table.data()[offset];
  }
  return success();
}

void LaneProgram::checkIndices(OpRun &run, const Step &step, int64_t count) {
  auto op = cast<CheckedIndexOp>(step.op);
  for (int64_t lane = 0; lane < count; ++lane)
    at(step.result)[lane].integer =
        checkedIndex(run, op, at(step.args[0])[lane].integer, at(step.args[1])[lane].integer);
}

LogicalResult LaneProgram::run(OpRun &run, int64_t count) {
  // Further linalg.index of one dimension share the first one's values.
  for (auto [dim, reg] : indices)
    if (Cell *first = index(dim); first != at(reg))
      std::copy_n(first, count, at(reg));
  for (const Step &step : steps) {
    switch (step.kind) {
    case Kind::Scalar: {
      SmallVector<const Cell *, 4> args;
      for (unsigned arg : step.args)
        args.push_back(at(arg));
      step.scalar.run(at(step.result), args, count);
      break;
    }
    case Kind::Load:
      if (failed(load(run, step, count)))
        return failure();
      break;
    case Kind::Extent: {
      const Array &table = *tables[step.table].array;
      for (int64_t lane = 0; lane < count; ++lane) {
        int64_t dim = at(step.args[0])[lane].integer;
        if (failed(run.checkIndex(dim, table.shape.size())))
          return failure();
        at(step.result)[lane].integer = table.shape[dim];
      }
      break;
    }
    case Kind::CheckedIndex:
      checkIndices(run, step, count);
      break;
    }
  }
  return success();
}
