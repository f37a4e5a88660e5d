//===- HostCall.cpp - double-precision functions of the host --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/MathToArith/Expansions.h"
#include "compiler/Conversion/MathToArith/MathToArith.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;

namespace fovea::expand {

/// Declares the host's function in the module around the insertion point, once.
static void declareHostMath(OpBuilder &builder) {
  Operation *parent = builder.getInsertionBlock()->getParentOp();
  auto module = dyn_cast<ModuleOp>(parent);
  if (!module)
    module = parent->getParentOfType<ModuleOp>();
  if (module.lookupSymbol(kHostMathName))
    return;
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(module.getBody());
  Type f64 = builder.getF64Type();
  auto type = builder.getFunctionType({builder.getI64Type(), f64, f64}, f64);
  func::FuncOp::create(builder, module.getLoc(), kHostMathName, type).setPrivate();
}

Lanes host(fovea_math function, Lanes a, Lanes b) {
  ImplicitLocOpBuilder &builder = a.builder();
  declareHostMath(builder);
  Value number = arith::ConstantIntOp::create(builder, builder.getI64Type(), int64_t(function));
  auto call = [&](Value x, Value y) -> Value {
    return func::CallOp::create(builder, kHostMathName, builder.getF64Type(),
                                ValueRange{number, x, y})
        .getResult(0);
  };
  auto vectorType = dyn_cast<VectorType>(a.type());
  if (!vectorType)
    return Lanes(builder, call(a.value(), b.value()));
  Lanes result = a.like(0.0);
  SmallVector<int64_t> strides = computeStrides(vectorType.getShape());
  for (int64_t lane = 0; lane < vectorType.getNumElements(); ++lane) {
    SmallVector<int64_t> at = delinearize(lane, strides);
    Value x = vector::ExtractOp::create(builder, a.value(), at);
    Value y = a.value() == b.value() ? x : vector::ExtractOp::create(builder, b.value(), at);
    result = result.make<vector::InsertOp>(call(x, y), result.value(), at);
  }
  return result;
}

} // namespace fovea::expand

StringRef fovea::nameOfHostMath(int64_t number) {
  // Without a default, so that the compiler warns of a function that has no name here.
  switch (static_cast<fovea_math>(number)) {
  case FOVEA_MATH_EXP:
    return "exp";
  case FOVEA_MATH_LOG:
    return "log";
  case FOVEA_MATH_SIN:
    return "sin";
  case FOVEA_MATH_COS:
    return "cos";
  case FOVEA_MATH_TANH:
    return "tanh";
  case FOVEA_MATH_ERF:
    return "erf";
  case FOVEA_MATH_POW:
    return "pow";
  case FOVEA_MATH_FMOD:
    return "fmod";
  case FOVEA_MATH_EXPM1:
    return "expm1";
  case FOVEA_MATH_LOG1P:
    return "log1p";
  }
  return "";
}
