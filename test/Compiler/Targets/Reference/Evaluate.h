//===- Evaluate.h - modules as text, evaluated by the oracle --------------===//
//
// What the tests of the reference target share: short exact inputs, running a module's text, and
// comparing with numbers.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_TEST_COMPILER_TARGETS_REFERENCE_EVALUATE_H
#define FOVEA_TEST_COMPILER_TARGETS_REFERENCE_EVALUATE_H

#include "compiler/Targets/Reference/Interpreter.h"

#include <gtest/gtest.h>

namespace fovea::reference {

/// A tensor of exactly representable values: element k is ((7 k + 3 seed) mod 11 - 5) / 4.
Tensor wave(llvm::ArrayRef<int64_t> shape, int seed, DType dtype = DType::F32);

using Tensors = std::vector<Tensor>;
template <typename... Ts> Tensors inputs(Ts... tensors) {
  Tensors result;
  (result.push_back(std::move(tensors)), ...);
  return result;
}

/// Results of the function `main` of a module; a failure is a test failure and gives none.
Tensors evaluate(llvm::StringRef module, const Tensors &inputs, Mode mode = Mode::Exact);
/// The error of `main`, which must fail.
RunError evaluateFailing(llvm::StringRef module, const Tensors &inputs,
                         const EvaluateOptions &options = {});
/// As evaluate, with a weight store.
mlir::FailureOr<Tensors> evaluate(llvm::StringRef module, const Tensors &inputs,
                                  const EvaluateOptions &options, const WeightStore &weights,
                                  RunError &error);

/// Elements equal the numbers up to a relative and absolute 1e-13 (the order of exact sums), and
/// infinities and NaN stand where they should.
void expectValues(const Tensor &tensor, llvm::ArrayRef<double> values);

} // namespace fovea::reference

#endif // FOVEA_TEST_COMPILER_TARGETS_REFERENCE_EVALUATE_H
