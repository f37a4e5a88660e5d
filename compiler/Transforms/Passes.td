//===- Passes.td - passes at tensor level --------------------*- tablegen -*-===//
//
// One entry per pass: what it needs, what it does, when it gives up.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TRANSFORMS_PASSES
#define FOVEA_COMPILER_TRANSFORMS_PASSES

include "mlir/Pass/PassBase.td"

def ExpandRecurrence : Pass<"fovea-expand-recurrence", "::mlir::func::FuncOp"> {
  let summary = "Expand LSTM and GRU into one product over all steps and a recurrence";
  let description = [{
    Needs nothing. Per direction, the product of the input with W over all steps becomes one
    `fovea.contract` into [T, B, gates, H], with the input bias (and, where the cell only adds it,
    the recurrent bias) in its epilogue; the steps become a `fovea.rnn` whose cell is one product
    with R (two when a GRU resets before its product) and one `linalg.generic` with all gates.
    Weights are viewed, never copied. f16 and bf16 cells keep gates and cell state in f32.
    Never gives up.
  }];
  let statistics = [
    Statistic<"numLstm", "lstm", "LSTM operations expanded">,
    Statistic<"numGru", "gru", "GRU operations expanded">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
    "::mlir::tensor::TensorDialect"];
}

#endif // FOVEA_COMPILER_TRANSFORMS_PASSES
