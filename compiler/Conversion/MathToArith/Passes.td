//===- Passes.td - elementary functions ----------------------*- tablegen -*-===//
//
// The pass that leaves no elementary function to a math library.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_MATH_TO_ARITH_PASSES
#define FOVEA_MATH_TO_ARITH_PASSES

include "mlir/Pass/PassBase.td"

def MathToArith : Pass<"fovea-math-to-arith", "::mlir::ModuleOp"> {
  let summary = "Write elementary functions as arithmetic";
  let description = [{
    Needs math operations and `arith.remf` on scalars or vectors of f16, bf16, f32, f64 or integers.
    Writes those that would become calls of a math library as straight-line arithmetic on operands
    of the same shape, f16 and bf16 by way of f32; `sqrt`, `fma`, `floor`, `ceil`, `trunc`,
    `roundeven`, `absf` and `copysign` are instructions and stay. Of f64 the basic functions become
    calls of `@fovea_math_f64` (a private declaration that a later conversion binds to the host),
    lane by lane. An `exp` that is only added to a constant omits the steps for subnormal results,
    and powers with small constant exponents become multiplications. The target must have fused
    multiply-add. Gives up on tensors, on other float types and on scalable vectors of f64: these
    operations stay. Accuracy and cost: docs/Rationale/VectorMath.md.
  }];
  let statistics = [Statistic<"numExpanded", "expanded", "operations written as arithmetic">,
    Statistic<"numHostCalls", "host-calls", "calls of the host's double-precision functions">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
    "::mlir::math::MathDialect", "::mlir::vector::VectorDialect"];
}

def ExpandHostMath : Pass<"fovea-expand-host-math", "::mlir::ModuleOp"> {
  let summary = "Write functions of f64 as arithmetic where the host cannot be called";
  let description = [{
    Needs calls of `@fovea_math_f64` as fovea-math-to-arith makes them. Those of exp, log, sin, cos,
    tanh, erf, pow, expm1 and log1p become straight-line arithmetic, within 3 units in the last
    place (sin and cos for |x| <= 2^50). Gives up on fmod, which takes a loop, and on a function
    that is not a constant: these calls stay.
  }];
  let statistics = [Statistic<"numExpanded", "expanded", "calls written as arithmetic">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
    "::mlir::math::MathDialect", "::mlir::vector::VectorDialect"];
}

#endif // FOVEA_MATH_TO_ARITH_PASSES
