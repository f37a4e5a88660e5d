//===- GateMath.cpp - activation functions of recurrent cells -------------===//
//
// Scalar code for the activations and the clipping of LSTM and GRU.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Transforms/GateMath.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace fovea;

namespace {
/// Operators on floats of one type, so that the formulas below read as such.
class Floats {
public:
  Floats(ImplicitLocOpBuilder &builder, Type type) : builder(builder), type(type) {}

  Value number(double value) {
    return arith::ConstantOp::create(builder, builder.getFloatAttr(type, value));
  }
  Value add(Value a, Value b) { return arith::AddFOp::create(builder, a, b); }
  Value mul(Value a, Value b) { return arith::MulFOp::create(builder, a, b); }
  Value div(Value a, Value b) { return arith::DivFOp::create(builder, a, b); }
  Value neg(Value a) { return arith::NegFOp::create(builder, a); }
  Value exp(Value a) { return math::ExpOp::create(builder, a); }
  Value abs(Value a) { return math::AbsFOp::create(builder, a); }
  Value tanh(Value a) { return math::TanhOp::create(builder, a); }
  Value log1p(Value a) { return math::Log1pOp::create(builder, a); }
  Value expm1(Value a) { return math::ExpM1Op::create(builder, a); }

  /// `a` below (or, with Ogt, above) `b` ? yes : no.
  Value choose(arith::CmpFPredicate predicate, Value a, Value b, Value yes, Value no) {
    Value condition = arith::CmpFOp::create(builder, predicate, a, b);
    return arith::SelectOp::create(builder, condition, yes, no);
  }

private:
  ImplicitLocOpBuilder &builder;
  Type type;
};
} // namespace

/// log(1 + exp(x)), which overflows nowhere: max(x, 0) + log1p(exp(-|x|)).
static Value softplus(Floats f, Value x) {
  Value zero = f.number(0);
  Value positive = f.choose(arith::CmpFPredicate::OLT, x, zero, zero, x);
  return f.add(positive, f.log1p(f.exp(f.neg(f.abs(x)))));
}

Value fovea::applyActivation(ImplicitLocOpBuilder &builder, ActivationAttr activation, Value x) {
  using Predicate = arith::CmpFPredicate;
  Floats f(builder, x.getType());
  switch (activation.getKind()) {
  case ActivationKind::Sigmoid:
    return f.div(f.number(1), f.add(f.number(1), f.exp(f.neg(x))));
  case ActivationKind::Tanh:
    return f.tanh(x);
  case ActivationKind::Relu:
    return f.choose(Predicate::OLT, x, f.number(0), f.number(0), x);
  case ActivationKind::LeakyRelu:
    return f.choose(Predicate::OLT, x, f.number(0), f.mul(f.number(activation.alphaOr(0.01)), x),
                    x);
  case ActivationKind::ThresholdedRelu:
    return f.choose(Predicate::OLT, x, f.number(activation.alphaOr(1)), f.number(0), x);
  case ActivationKind::ScaledTanh:
    return f.mul(f.number(activation.alphaOr(1)), f.tanh(f.mul(f.number(activation.betaOr(1)), x)));
  case ActivationKind::HardSigmoid: {
    Value line =
        f.add(f.mul(f.number(activation.alphaOr(0.2)), x), f.number(activation.betaOr(0.5)));
    Value below = f.choose(Predicate::OLT, line, f.number(0), f.number(0), line);
    return f.choose(Predicate::OGT, below, f.number(1), f.number(1), below);
  }
  case ActivationKind::Elu:
    return f.choose(Predicate::OLT, x, f.number(0),
                    f.mul(f.number(activation.alphaOr(1)), f.expm1(x)), x);
  case ActivationKind::Softsign:
    return f.div(x, f.add(f.number(1), f.abs(x)));
  case ActivationKind::Softplus:
    return softplus(f, x);
  case ActivationKind::Affine:
    return f.add(f.mul(f.number(activation.alphaOr(1)), x), f.number(activation.betaOr(0)));
  }
  llvm_unreachable("an activation without a formula");
}

Value fovea::applyClip(ImplicitLocOpBuilder &builder, std::optional<double> bound, Value x) {
  if (!bound)
    return x;
  Floats f(builder, x.getType());
  Value above = f.choose(arith::CmpFPredicate::OGT, x, f.number(*bound), f.number(*bound), x);
  return f.choose(arith::CmpFPredicate::OLT, above, f.number(-*bound), f.number(-*bound), above);
}
