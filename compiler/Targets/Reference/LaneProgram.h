//===- LaneProgram.h - a scalar region compiled to steps ------------------===//
//
// Regions of linalg, attention and contraction run once per element. They are translated once into
// a flat list of steps over registers, and every step works on a block of lanes.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_REFERENCE_LANEPROGRAM_H
#define FOVEA_COMPILER_TARGETS_REFERENCE_LANEPROGRAM_H

#include "compiler/Targets/Reference/Scalar.h"

#include "mlir/IR/Block.h"
#include "llvm/ADT/DenseMap.h"

#include <vector>

namespace fovea::reference {

class OpRun;

/// Steps, registers of kLanes cells, and the values from outside that the region uses.
class LaneProgram {
public:
  static constexpr int64_t kLanes = 128;

  /// Null when the block has an operation that is no step: one with regions, or on tensors.
  static std::unique_ptr<LaneProgram> compile(mlir::Block &block, Mode mode);

  /// Reads the outer values; before the first run, and again when they may have changed. `tables`
  /// are the arrays of shaped block arguments, by argument.
  mlir::LogicalResult bind(OpRun &run, llvm::ArrayRef<const Array *> tables = {});

  /// Register of a block argument, to be filled before each run.
  Cell *argument(unsigned index) { return at(arguments[index]); }
  bool usesArgument(unsigned index) const { return used[index]; }
  /// Register of a linalg.index dimension; null when the region does not ask for it.
  Cell *index(unsigned dim);
  /// Lanes [0, count) of everything; fails when an index leaves its table.
  mlir::LogicalResult run(OpRun &run, int64_t count);
  /// Register of a yielded value.
  const Cell *yielded(unsigned index) { return at(yields[index]); }

private:
  enum class Kind { Scalar, Load, Extent, CheckedIndex };
  struct Step {
    Kind kind;
    mlir::Operation *op;
    ScalarStep scalar;
    llvm::SmallVector<unsigned, 3> args;
    unsigned result;
    /// Load and Extent: number of the table.
    unsigned table;
  };
  struct Table {
    mlir::Value value;
    const Array *array;
  };

  Cell *at(unsigned reg) { return registers.data() + reg * kLanes; }
  unsigned newRegister();
  unsigned registerOf(mlir::Value value);
  unsigned tableOf(mlir::Value value);
  bool addOp(mlir::Operation &op, Mode mode);
  mlir::LogicalResult load(OpRun &run, const Step &step, int64_t count);
  void checkIndices(OpRun &run, const Step &step, int64_t count);

  mlir::Block *block = nullptr;
  std::vector<Step> steps;
  std::vector<Cell> registers;
  llvm::SmallVector<unsigned> arguments, yields;
  llvm::SmallVector<bool> used;
  llvm::SmallVector<std::pair<unsigned, unsigned>> indices;
  /// Scalars from outside and constants, with their registers.
  llvm::SmallVector<std::pair<mlir::Value, unsigned>> outers;
  llvm::SmallVector<std::pair<Cell, unsigned>> constants;
  llvm::SmallVector<Table> tables;
  llvm::DenseMap<mlir::Value, unsigned> numbers;
};

} // namespace fovea::reference

#endif // FOVEA_COMPILER_TARGETS_REFERENCE_LANEPROGRAM_H
