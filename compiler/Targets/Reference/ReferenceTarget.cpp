//===- ReferenceTarget.cpp - the oracle as a target -----------------------===//
//
// Hands over to the interpreter.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/Reference/ReferenceTarget.h"

#include "compiler/Targets/Reference/Interpreter.h"

using namespace fovea;
using namespace fovea::reference;

std::vector<Finding> ReferenceTarget::examine(const EmissionOptions &) const {
  return {{true, name().str(), "scalar rules in double precision, in the compiler's process"}};
}

mlir::FailureOr<std::vector<Tensor>>
ReferenceTarget::evaluate(mlir::ModuleOp module, const WeightStore &weights, llvm::StringRef entry,
                          llvm::ArrayRef<Tensor> inputs, Rounding rounding,
                          EvaluationFailure &why) const {
  EvaluateOptions options;
  options.mode = rounding == Rounding::Storage ? Mode::Plain : Mode::Exact;
  options.roundRecurrent = rounding == Rounding::Recurrent;
  options.roundWeights = rounding == Rounding::AttentionWeights;
  options.roundOperands = rounding == Rounding::ProductOperands;
  RunError error;
  auto outputs = Interpreter(module, weights).evaluate(entry, inputs, options, error);
  if (failed(outputs))
    why = {error.kind == RunError::Kind::Unsupported, error.node, error.message};
  return outputs;
}
