//===- Scalar.h - rules of scalar operations ------------------------------===//
//
// The rules of arith and math, one small kernel per operation, over lanes: one lane for a scalar,
// all elements for an operation on tensors, a block of them inside a compiled region.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_REFERENCE_SCALAR_H
#define FOVEA_COMPILER_TARGETS_REFERENCE_SCALAR_H

#include "compiler/Targets/Reference/Settle.h"

#include "llvm/ADT/StringMap.h"

#include <array>

namespace fovea::reference {

/// One application of a scalar rule. `result` overlaps no argument or is one of them.
struct Lanes {
  Cell *result;
  std::array<const Cell *, 4> args;
  int64_t count;
  /// Formats of the first argument and of the result, as the IR says (whatever the mode).
  Format from, to;
  /// Predicate of a comparison.
  int64_t predicate;
  Mode mode;
};
using Kernel = void (*)(const Lanes &);

/// Kernels by operation name; a second kernel computes the second result.
using ScalarTable = llvm::StringMap<std::array<Kernel, 2>>;
void addArithIntegerRules(ScalarTable &table);
void addArithFloatRules(ScalarTable &table);
void addMathRules(ScalarTable &table);

/// A scalar operation ready to run: its kernel and what it needs from the IR.
struct ScalarStep {
  Kernel kernel = nullptr;
  Format from, to, settled;
  int64_t predicate = 0;
  Mode mode = Mode::Exact;

  /// The step that computes result `result` of `op`; its kernel is null when there is no rule for
  /// the operation, or it has an attribute that the rule would ignore.
  static ScalarStep of(mlir::Operation *op, unsigned result, Mode mode);
  /// Computes `count` lanes and settles them.
  void run(Cell *result, llvm::ArrayRef<const Cell *> args, int64_t count) const;
};

} // namespace fovea::reference

#endif // FOVEA_COMPILER_TARGETS_REFERENCE_SCALAR_H
