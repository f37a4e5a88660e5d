//===- Builders.cpp - expansions for other lowerings ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/MathToArith/Expansions.h"
#include "compiler/Conversion/MathToArith/MathToArith.h"

using namespace mlir;

namespace fovea {

static Value build(OpBuilder &builder, Location loc, Value x, Lanes (*expansion)(Lanes)) {
  ImplicitLocOpBuilder b(loc, builder);
  return expansion(Lanes(b, x)).value();
}

static Lanes sigmoid(Lanes x) { return divideByRegular(1.0, expand::expFlushed(-x) + 1.0); }

Value buildExp2(OpBuilder &builder, Location loc, Value x) {
  return build(builder, loc, x, expand::exp2OfScore);
}
Value buildExp(OpBuilder &builder, Location loc, Value x) {
  return build(builder, loc, x, expand::expFlushed);
}
Value buildTanh(OpBuilder &builder, Location loc, Value x) {
  return build(builder, loc, x, expand::tanh);
}
Value buildSigmoid(OpBuilder &builder, Location loc, Value x) {
  return build(builder, loc, x, sigmoid);
}
Value buildErf(OpBuilder &builder, Location loc, Value x) {
  return build(builder, loc, x, expand::erf);
}

} // namespace fovea
