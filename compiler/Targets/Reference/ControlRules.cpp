//===- ControlRules.cpp - scf and calls -----------------------------------===//
//
// Branches, loops and calls. Loop-carried tensors are moved from iteration to iteration, so that a
// loop of inserts costs one store each.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/Reference/Execution.h"
#include "dialects/Fovea/FoveaDialect.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

#include <utility>

using namespace mlir;
using namespace fovea;
using namespace fovea::reference;
using Kind = RunError::Kind;

static void setAll(OpRun &run, Data &data) {
  for (unsigned index = 0; index < run.op()->getNumResults(); ++index)
    run.set(index, std::move(data[index]));
}

static LogicalResult runIf(OpRun &run) {
  bool condition = run.operand(0).cell.integer;
  if (!condition && run.op()->getRegion(1).empty())
    return success();
  FailureOr<Data> data = run.run(condition ? 0 : 1, {});
  if (failed(data))
    return failure();
  setAll(run, *data);
  return success();
}

static LogicalResult runFor(OpRun &run) {
  auto op = run.as<scf::ForOp>();
  unsigned width = Format::of(op.getInductionVar().getType()).width;
  int64_t lower = run.integer(op.getLowerBound()), upper = run.integer(op.getUpperBound());
  int64_t step = run.integer(op.getStep());
  uint64_t stride = op.getUnsignedCmp() ? unsignedOf(width, step) : static_cast<uint64_t>(step);
  if (stride == 0 || (step < 0 && !op.getUnsignedCmp()))
    return run.fail(Kind::Invalid, "expected a positive step, got " + std::to_string(step));
  Data carried{Datum{}};
  for (unsigned index = 3; index < op->getNumOperands(); ++index)
    carried.push_back(run.take(index));
  bool enters =
      op.getUnsignedCmp() ? unsignedOf(width, lower) < unsignedOf(width, upper) : lower < upper;
  uint64_t distance = unsignedOf(
      width, static_cast<int64_t>(static_cast<uint64_t>(upper) - static_cast<uint64_t>(lower)));
  uint64_t trips = enters ? (distance - 1) / stride + 1 : 0;
  bool mayEnd = !op.getBody()->getOps<ProceedIfOp>().empty();
  for (uint64_t trip = 0; trip < trips; ++trip) {
    auto value = static_cast<int64_t>(static_cast<uint64_t>(lower) + trip * stride);
    carried.front() = Datum{{wrapTo(width, value)}, {}};
    Data before = mayEnd ? carried : Data();
    FailureOr<Data> next = run.run(0, carried);
    if (failed(next) && std::exchange(run.execution.leavesLoop, false)) {
      carried = std::move(before);
      break;
    }
    if (failed(next))
      return failure();
    for (auto [index, datum] : llvm::enumerate(*next))
      carried[index + 1] = std::move(datum);
  }
  for (unsigned index = 0; index < op->getNumResults(); ++index)
    run.set(index, std::move(carried[index + 1]));
  return success();
}

/// Ends the loop around by a failure that is no error.
static LogicalResult runProceedIf(OpRun &run) {
  run.execution.leavesLoop = !run.operand(0).cell.integer;
  return failure(run.execution.leavesLoop);
}

static LogicalResult runWhile(OpRun &run) {
  Data carried;
  for (unsigned index = 0; index < run.op()->getNumOperands(); ++index)
    carried.push_back(run.take(index));
  while (true) {
    // The condition is the first operand of the terminator, what goes on are the others.
    FailureOr<Data> before = run.run(0, carried);
    if (failed(before))
      return failure();
    bool condition = before->front().cell.integer;
    carried.assign(std::make_move_iterator(before->begin() + 1),
                   std::make_move_iterator(before->end()));
    if (!condition)
      break;
    FailureOr<Data> after = run.run(1, carried);
    if (failed(after))
      return failure();
    carried = std::move(*after);
  }
  setAll(run, carried);
  return success();
}

static LogicalResult runCall(OpRun &run) {
  auto op = run.as<func::CallOp>();
  auto callee = run.execution.getModule().lookupSymbol<func::FuncOp>(op.getCallee());
  if (!callee)
    return run.fail(Kind::Invalid, "no function '" + op.getCallee() + "'");
  Data arguments;
  for (unsigned index = 0; index < op->getNumOperands(); ++index)
    arguments.push_back(run.take(index));
  FailureOr<Data> results = run.execution.call(callee, std::move(arguments));
  if (failed(results))
    return failure();
  setAll(run, *results);
  return success();
}

void fovea::reference::addControlRules(RuleTable &table) {
  table["scf.if"] = runIf;
  table["scf.for"] = runFor;
  table["scf.while"] = runWhile;
  table["fovea.proceed_if"] = runProceedIf;
  table["func.call"] = runCall;
}
