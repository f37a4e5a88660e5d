//===- RowRegion.h - a region of attention on a row of keys ---------------===//
//
// Runs a score, mask or probability region for chosen keys of one query.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_REFERENCE_ROWREGION_H
#define FOVEA_COMPILER_TARGETS_REFERENCE_ROWREGION_H

#include "compiler/Targets/Reference/Access.h"
#include "compiler/Targets/Reference/Execution.h"
#include "dialects/Fovea/FoveaDialect.h"

namespace fovea::reference {

/// The score, mask or probability region, run for chosen keys of a row.
class RowRegion {
public:
  /// `leading` is 1 when the region's first argument is the score or probability.
  RowRegion(OpRun &run, AttentionOp op, unsigned region, unsigned leading)
      : run(run), op(op), region(region), leading(leading) {}

  bool exists() { return !op->getRegion(region).empty(); }
  mlir::LogicalResult prepare(llvm::ArrayRef<int64_t> extents);
  /// What the region sees of (b, h, i, j) from now on: positions less these.
  void countFrom(std::array<int64_t, 4> start) { origin = start; }
  /// Replaces values[n] by the region's result for key keys[n] of the row `point`; `values` holds
  /// the leading argument on entry.
  mlir::LogicalResult apply(llvm::MutableArrayRef<int64_t> point, llvm::ArrayRef<int64_t> keys,
                            llvm::MutableArrayRef<Cell> values);

private:
  OpRun &run;
  AttentionOp op;
  unsigned region, leading;
  LaneProgram *program = nullptr;
  std::vector<std::optional<Access>> accesses;
  std::array<int64_t, 4> origin = {};
};

} // namespace fovea::reference

#endif // FOVEA_COMPILER_TARGETS_REFERENCE_ROWREGION_H
