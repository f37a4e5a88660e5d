//===- GateTask.h - tasks of gates ----------------------------------------===//
//
// What schedules of fovea.gates share: how many rows go together, and how the cell finishes the
// sums of a row's units.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_CPU_GATETASK_H
#define FOVEA_COMPILER_TARGETS_CPU_GATETASK_H

#include "compiler/Targets/CPU/Forms.h"

#include "dialects/Fovea/StructuredOps.h"

namespace fovea::cpu {

/// Why no schedule reads the operands of gates.
Refusal refuseGates(GatesOp op, const Capabilities &cpu);

/// Base of schedules of gates.
class GateTask {
protected:
  GateTask(GatesOp op, Nest &nest, const Capabilities &cpu);

  /// Rows whose sums fit into registers beside a row of a panel.
  int64_t stripRows() const;

  /// Asks for what the cell reads of the `number` rows from `row` on, units from `unit` on.
  void prefetchCaptures(mlir::Value unit, mlir::Value row, int64_t number);

  /// The same as matrices for a product of `steps` steps to ask ahead for: all requests at once
  /// would leave no room for those of the panel. Some of rows behind the `number` are among them.
  llvm::SmallVector<mlir::Value> capturesAhead(mlir::Value unit, mlir::Value row, int64_t number,
                                               int64_t steps);

  /// The cell on the sums, in f32, of a row's units from `unit` on.
  void finish(mlir::Value row, mlir::Value unit, mlir::ValueRange sums);

  GatesOp op;
  Nest &nest;
  const Capabilities &cpu;
  int64_t gates;
  mlir::Value rows, units, depth;

private:
  /// Captures that differ from row to row and from unit to unit.
  llvm::SmallVector<std::pair<mlir::Value, mlir::AffineMap>> capturesOfElements();
};

} // namespace fovea::cpu

#endif // FOVEA_COMPILER_TARGETS_CPU_GATETASK_H
