//===- Evaluate.cpp - modules as text, evaluated by the oracle ------------===//
//
// Parsing, running, comparing.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Compiler/Targets/Reference/Evaluate.h"

#include "dialects/Fovea/FoveaDialect.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Parser/Parser.h"

#include <cmath>

using namespace fovea;
using namespace fovea::reference;

Tensor fovea::reference::wave(llvm::ArrayRef<int64_t> shape, int seed, DType dtype) {
  Tensor tensor = Tensor::zeros(dtype, shape);
  for (int64_t k = 0; k < tensor.count(); ++k)
    tensor.setReal(k, static_cast<double>((7 * k + 3 * seed) % 11 - 5) / 4);
  return tensor;
}

mlir::FailureOr<Tensors> fovea::reference::evaluate(llvm::StringRef text, const Tensors &inputs,
                                                    const EvaluateOptions &options,
                                                    const WeightStore &weights, RunError &error) {
  mlir::MLIRContext context;
  context.loadDialect<FoveaDialect, mlir::scf::SCFDialect>();
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  if (!module) {
    ADD_FAILURE() << "the module does not parse or verify";
    return mlir::failure();
  }
  return Interpreter(*module, weights).evaluate("main", inputs, options, error);
}

Tensors fovea::reference::evaluate(llvm::StringRef module, const Tensors &inputs, Mode mode) {
  EvaluateOptions options;
  options.mode = mode;
  RunError error;
  mlir::FailureOr<Tensors> results = evaluate(module, inputs, options, WeightStore(), error);
  if (succeeded(results))
    return std::move(*results);
  ADD_FAILURE() << error.message;
  return {};
}

RunError fovea::reference::evaluateFailing(llvm::StringRef module, const Tensors &inputs,
                                           const EvaluateOptions &options) {
  RunError error;
  EXPECT_TRUE(failed(evaluate(module, inputs, options, WeightStore(), error)));
  EXPECT_NE(error.kind, RunError::Kind::None);
  EXPECT_FALSE(error.message.empty());
  return error;
}

void fovea::reference::expectValues(const Tensor &tensor, llvm::ArrayRef<double> values) {
  ASSERT_EQ(tensor.count(), static_cast<int64_t>(values.size()));
  for (auto [index, value] : llvm::enumerate(values)) {
    double got = tensor.real(index);
    if (std::isfinite(value))
      EXPECT_NEAR(got, value, 1e-13 * (1 + std::fabs(value))) << "element " << index;
    else if (std::isnan(value))
      EXPECT_TRUE(std::isnan(got)) << "element " << index << " is " << got;
    else
      EXPECT_EQ(got, value) << "element " << index;
  }
}
