//===- RowRegion.cpp - a region of attention on a row of keys -------------===//
//
// Fills positions and captures lane by lane.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/Reference/RowRegion.h"

#include "dialects/Fovea/StructuredOps.h"

#include <algorithm>

using namespace mlir;
using namespace fovea;
using namespace fovea::reference;
using Kind = RunError::Kind;

LogicalResult RowRegion::prepare(ArrayRef<int64_t> extents) {
  if (!exists())
    return success();
  program = run.program(region);
  if (!program)
    return run.fail(Kind::Unsupported, "a region that is not elementwise");
  SmallVector<const Array *> tables(leading + 4, nullptr);
  for (auto [index, capture] : llvm::enumerate(op.getCaptures())) {
    AffineMap map = op.getCaptureMap(index);
    const Array &array = run.array(capture);
    bool table = isTable(capture, map);
    tables.push_back(table ? &array : nullptr);
    accesses.emplace_back();
    if (table)
      continue;
    accesses.back().emplace(map, array.shape);
    if (!accesses.back()->contains(extents))
      return run.fail(Kind::Shape, "a capture's map leaves the capture");
  }
  return program->bind(run, tables);
}

LogicalResult RowRegion::apply(MutableArrayRef<int64_t> point, ArrayRef<int64_t> keys,
                               MutableArrayRef<Cell> values) {
  for (size_t start = 0; start < keys.size(); start += LaneProgram::kLanes) {
    int64_t lanes = std::min<int64_t>(keys.size() - start, LaneProgram::kLanes);
    if (leading)
      std::copy_n(values.data() + start, lanes, program->argument(0));
    for (int64_t lane = 0; lane < lanes; ++lane) {
      point[AttentionOp::J] = keys[start + lane];
      for (unsigned dim = 0; dim < 4; ++dim)
        program->argument(leading + dim)[lane].integer = point[dim] - origin[dim];
      for (auto [index, access] : llvm::enumerate(accesses)) {
        if (!access)
          continue;
        int64_t offset = access->at(point);
        if (offset < 0)
          return run.fail(Kind::Shape, "a capture's map leaves the capture");
        program->argument(leading + 4 + index)[lane] =
            run.array(op.getCaptures()[index]).data()[offset];
      }
    }
    if (failed(program->run(run, lanes)))
      return failure();
    std::copy_n(program->yielded(0), lanes, values.data() + start);
  }
  point[AttentionOp::J] = 0;
  return success();
}
