//===- BufferAccesses.h - which memory operations touch ------------------===//
//
// What an operation reads and writes, and whether two buffers may overlap: for passes that change
// the order of computations on buffers that have no places yet.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_CONVERSION_TENSORTOKERNEL_BUFFERACCESSES_H
#define FOVEA_COMPILER_CONVERSION_TENSORTOKERNEL_BUFFERACCESSES_H

#include "mlir/Dialect/Bufferization/Transforms/BufferViewFlowAnalysis.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace fovea {

/// The buffers that an operation reads and writes.
struct Accesses {
  llvm::SmallVector<mlir::Value> reads, writes;
};

/// What `op` does to memory but for allocations; nothing when that is not known.
std::optional<Accesses> accessesOf(mlir::Operation *op);

/// `value` and what it is a view of, the buffer first.
llvm::SmallVector<mlir::Value> viewsOf(mlir::Value value);

/// Which buffers of a bufferized entry may be the same memory. Operations may be moved meanwhile.
class Overlaps {
public:
  explicit Overlaps(mlir::Operation *entry) : aliases(entry) {}

  /// True unless the two have no element in common: they are views of different buffers, or of
  /// slices of one whose static offsets are apart. Of values in a loop: in the same step, in which
  /// two that a loop exchanges are apart.
  bool mayOverlap(mlir::Value left, mlir::Value right);

  /// True when one may write what the other reads or writes.
  bool mayConflict(const Accesses &left, const Accesses &right);

private:
  std::optional<llvm::SmallVector<mlir::Value>> buffersOf(mlir::Value value);

  mlir::BufferViewFlowAnalysis aliases;
};

/// Erases copies of a buffer to itself, which bufferization leaves.
void eraseSelfCopies(mlir::func::FuncOp entry);

} // namespace fovea

#endif // FOVEA_COMPILER_CONVERSION_TENSORTOKERNEL_BUFFERACCESSES_H
