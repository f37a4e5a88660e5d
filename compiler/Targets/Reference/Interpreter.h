//===- Interpreter.h - the oracle ------------------------------------------===//
//
// Evaluates a module as it leaves import, op by op, through scalar rules in double precision that
// no other target uses. `fovea verify`, the tests and the fuzzer compare with it.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_REFERENCE_INTERPRETER_H
#define FOVEA_COMPILER_TARGETS_REFERENCE_INTERPRETER_H

#include "compiler/Base/WeightStore.h"
#include "compiler/Data/Tensor.h"

#include "mlir/IR/BuiltinOps.h"

#include <vector>

namespace fovea::reference {

/// Where values are rounded.
enum class Mode {
  /// Nowhere: f32, f16 and bf16 values are doubles, and casts between them do nothing. Inputs,
  /// weights and constants have their storage's rounding.
  Exact,
  /// After every operation, to its result's type; sums of contractions, attention, norms and
  /// recurrences in f32 in the order of their indices. What a plain program would compute.
  Plain,
};

/// Why an evaluation stopped.
struct RunError {
  enum class Kind {
    None,
    /// The checks of the module itself (the fault of fovea.require, of checked_index).
    Index,
    Shape,
    Length,
    /// The memory limit, or the machine's.
    Memory,
    /// An operation, type or attribute without a rule.
    Unsupported,
    /// Wrong inputs, or a module that breaks docs/Spec.md.
    Invalid,
  };
  Kind kind = Kind::None;
  /// Node (the check's, or the operation's location) and, for the module's checks, numbers.
  std::string node;
  int64_t value = 0, limit = 0;
  /// One sentence, complete in itself.
  std::string message;
};

struct EvaluateOptions {
  Mode mode = Mode::Exact;
  /// Round weights and states of recurrent products to 8 bits (Recurrence.h).
  bool roundRecurrent = false;
  /// Round attention's weights to the type of the values.
  bool roundWeights = false;
  /// Round f32 operands of products to tf32 (Working.h).
  bool roundOperands = false;
  /// Bytes of all values alive at one time, at 8 bytes an element.
  uint64_t memoryLimit = uint64_t(16) << 30;
};

/// Evaluates entries of one verified module. Holds references to the module and the weights, which
/// must not change meanwhile. Several threads may evaluate at once when the context allows threads.
class Interpreter {
public:
  Interpreter(mlir::ModuleOp module, const WeightStore &weights)
      : module(module), weights(weights) {}

  /// Runs the function `entry`. `inputs` are as its arguments say: dtype (with fovea.dtype), rank,
  /// static extents, and equal extents for equal symbols of fovea.shape. Results of float type are
  /// f64 in the exact mode and have their own dtype in the plain one. Failure: `error` says why;
  /// nothing is printed.
  mlir::FailureOr<std::vector<Tensor>> evaluate(llvm::StringRef entry,
                                                llvm::ArrayRef<Tensor> inputs,
                                                const EvaluateOptions &options,
                                                RunError &error) const;

private:
  mlir::ModuleOp module;
  const WeightStore &weights;
};

/// True when the interpreter has a rule for the operation (its types may still be refused).
bool hasRule(mlir::Operation *op);

/// The dtype of an element type; `unsignedName` is the value of fovea.dtype or empty. Nothing for
/// types that cannot leave a run.
std::optional<DType> dtypeOf(mlir::Type element, llvm::StringRef unsignedName = "");

} // namespace fovea::reference

#endif // FOVEA_COMPILER_TARGETS_REFERENCE_INTERPRETER_H
