//===- ModuleRules.cpp - weights and run-time checks ----------------------===//
//
// fovea.get_weight, checked_index, require and capture_load.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/Reference/Constant.h"
#include "compiler/Targets/Reference/Execution.h"
#include "dialects/Fovea/FoveaDialect.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::reference;
using Kind = RunError::Kind;

static LogicalResult runGetWeight(OpRun &run) {
  auto op = run.as<GetWeightOp>();
  FailureOr<Array> array = run.execution.weight(op.getWeight(), op);
  if (failed(array))
    return failure();
  run.set(0, std::move(*array));
  return success();
}

int64_t fovea::reference::checkedIndex(OpRun &run, CheckedIndexOp op, int64_t index,
                                       int64_t extent) {
  if (index >= 0 && index < extent)
    return index;
  if (op.getWrap() && index < 0 && extent > 0 && index >= -extent)
    return index + extent;
  run.execution.record({Kind::Index, op.getNode().str(), index, extent,
                        "node '" + op.getNode().str() + "': index " + std::to_string(index) +
                            " is out of range for " + std::to_string(extent) + " elements"});
  return 0;
}

static LogicalResult runCheckedIndex(OpRun &run) {
  auto op = run.as<CheckedIndexOp>();
  run.set(0, checkedIndex(run, op, run.integer(op.getIndex()), run.integer(op.getExtent())));
  return success();
}

static LogicalResult runRequire(OpRun &run) {
  auto op = run.as<RequireOp>();
  if (run.integer(op.getCondition()))
    return success();
  int64_t value = run.integer(op.getValue()), limit = run.integer(op.getLimit());
  Kind kind = Kind::Shape;
  if (op.getFault() != Fault::Shape)
    kind = op.getFault() == Fault::Index ? Kind::Index : Kind::Length;
  run.execution.record({kind, op.getNode().str(), value, limit,
                        "node '" + op.getNode().str() +
                            "': " + stringifyFault(op.getFault()).str() + " " +
                            std::to_string(value) + " against the limit " + std::to_string(limit)});
  return failure();
}

static LogicalResult runCaptureLoad(OpRun &run) {
  const Array &table = run.operand(0).array;
  int64_t offset = 0;
  for (auto [dim, extent] : llvm::enumerate(table.shape)) {
    int64_t index = run.operand(dim + 1).cell.integer;
    if (failed(run.checkIndex(index, extent)))
      return failure();
    offset = offset * extent + index;
  }
  run.set(0, Datum{table.data()[offset], {}});
  return success();
}

void fovea::reference::addModuleRules(RuleTable &table) {
  table["fovea.get_weight"] = runGetWeight;
  table["fovea.checked_index"] = runCheckedIndex;
  table["fovea.require"] = runRequire;
  table["fovea.capture_load"] = runCaptureLoad;
}
