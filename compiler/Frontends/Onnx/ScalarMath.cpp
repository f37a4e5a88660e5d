//===- ScalarMath.cpp - scalar functions of elementwise operators ---------===//
//
// Bodies of elementwise operators. Integer arithmetic wraps and never traps.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Onnx/ScalarMath.h"

#include "compiler/Frontends/Onnx/Emitter.h"

#include <cmath>

using namespace mlir;
using namespace fovea;
using namespace fovea::onnx_frontend;

using B = ImplicitLocOpBuilder;

static Value real(B &b, Type type, double value) { return Emitter::scalar(b, type, value); }
static Value whole(B &b, Type type, int64_t value) { return Emitter::integer(b, type, value); }

static Value compareF(B &b, arith::CmpFPredicate predicate, Value x, Value y) {
  return arith::CmpFOp::create(b, predicate, x, y);
}
static Value compareI(B &b, arith::CmpIPredicate predicate, Value x, Value y) {
  return arith::CmpIOp::create(b, predicate, x, y);
}
static Value select(B &b, Value condition, Value yes, Value no) {
  return arith::SelectOp::create(b, condition, yes, no);
}
static Value addF(B &b, Value x, Value y) { return arith::AddFOp::create(b, x, y); }
static Value subF(B &b, Value x, Value y) { return arith::SubFOp::create(b, x, y); }
static Value mulF(B &b, Value x, Value y) { return arith::MulFOp::create(b, x, y); }
static Value divF(B &b, Value x, Value y) { return arith::DivFOp::create(b, x, y); }

bool fovea::onnx_frontend::isComparison(Binary function) { return function >= Binary::Equal; }

Value fovea::onnx_frontend::emitWiden(B &b, Value x) {
  Type type = x.getType();
  if (type.isF16() || type.isBF16())
    return arith::ExtFOp::create(b, b.getF32Type(), x);
  return x;
}

Value fovea::onnx_frontend::emitNarrow(B &b, Type type, Value x) {
  if (x.getType() == type)
    return x;
  return arith::TruncFOp::create(b, type, x);
}

/// 1 / (1 + exp(-x)).
static Value sigmoid(B &b, Value x) {
  Value one = real(b, x.getType(), 1);
  Value negated = arith::NegFOp::create(b, x);
  return divF(b, one, addF(b, one, math::ExpOp::create(b, negated)));
}

/// max(x, 0) + log(1 + exp(-|x|)), which neither overflows nor loses small values.
static Value softplus(B &b, Value x) {
  Value zero = real(b, x.getType(), 0);
  Value decayed = math::ExpOp::create(b, arith::NegFOp::create(b, math::AbsFOp::create(b, x)));
  return addF(b, arith::MaximumFOp::create(b, x, zero), math::Log1pOp::create(b, decayed));
}

static Value gelu(B &b, Value x, bool byTanh) {
  Type type = x.getType();
  Value inner;
  if (byTanh) {
    Value cubed = mulF(b, x, mulF(b, x, x));
    Value sum = addF(b, x, mulF(b, real(b, type, 0.044715), cubed));
    inner = math::TanhOp::create(b, mulF(b, real(b, type, std::sqrt(2 / M_PI)), sum));
  } else {
    inner = math::ErfOp::create(b, mulF(b, x, real(b, type, M_SQRT1_2)));
  }
  return mulF(b, mulF(b, real(b, type, 0.5), x), addF(b, real(b, type, 1), inner));
}

/// x > 0 ? x : otherwise.
static Value positiveOr(B &b, Value x, Value otherwise) {
  return select(b, compareF(b, arith::CmpFPredicate::OGT, x, real(b, x.getType(), 0)), x,
                otherwise);
}

static Value clampF(B &b, Value x, double low, double high) {
  Value raised = arith::MaximumFOp::create(b, x, real(b, x.getType(), low));
  return arith::MinimumFOp::create(b, raised, real(b, x.getType(), high));
}

static Value parametric(B &b, Unary function, Value x, double alpha, double beta) {
  Type type = x.getType();
  Value zero = real(b, type, 0), one = real(b, type, 1), a = real(b, type, alpha);
  Value bias = real(b, type, beta);
  auto expm1 = [&](Value y) -> Value { return math::ExpM1Op::create(b, y); };
  switch (function) {
  case Unary::Celu:
    return addF(b, arith::MaximumFOp::create(b, x, zero),
                arith::MinimumFOp::create(b, zero, mulF(b, a, expm1(divF(b, x, a)))));
  case Unary::Elu:
    return positiveOr(b, x, mulF(b, a, expm1(x)));
  case Unary::HardSigmoid:
    return clampF(b, addF(b, mulF(b, a, x), bias), 0, 1);
  case Unary::LeakyRelu:
    return select(b, compareF(b, arith::CmpFPredicate::OLT, x, zero), mulF(b, a, x), x);
  case Unary::Selu:
    return mulF(b, bias, positiveOr(b, x, mulF(b, a, expm1(x))));
  case Unary::Shrink: { // alpha: bias, beta: lambd
    Value below = select(b, compareF(b, arith::CmpFPredicate::OLT, x, real(b, type, -beta)),
                         addF(b, x, a), zero);
    return select(b, compareF(b, arith::CmpFPredicate::OGT, x, bias), subF(b, x, a), below);
  }
  case Unary::Swish:
    return mulF(b, x, sigmoid(b, mulF(b, a, x)));
  case Unary::ScaledTanh:
    return mulF(b, a, math::TanhOp::create(b, mulF(b, bias, x)));
  case Unary::Affine:
    return addF(b, mulF(b, a, x), bias);
  default:
    return select(b, compareF(b, arith::CmpFPredicate::OGT, x, a), x, mulF(b, zero, one));
  }
}

// clang-format off
static Value unaryFloat(B &b, Unary function, Value x, double alpha, double beta) {
  Type type = x.getType();
  switch (function) {
  case Unary::Identity: return x;
  case Unary::Abs: return math::AbsFOp::create(b, x);
  case Unary::Acos: return math::AcosOp::create(b, x);
  case Unary::Acosh: return math::AcoshOp::create(b, x);
  case Unary::Asin: return math::AsinOp::create(b, x);
  case Unary::Asinh: return math::AsinhOp::create(b, x);
  case Unary::Atan: return math::AtanOp::create(b, x);
  case Unary::Atanh: return math::AtanhOp::create(b, x);
  case Unary::Ceil: return math::CeilOp::create(b, x);
  case Unary::Cos: return math::CosOp::create(b, x);
  case Unary::Cosh: return math::CoshOp::create(b, x);
  case Unary::Erf: return math::ErfOp::create(b, x);
  case Unary::Exp: return math::ExpOp::create(b, x);
  case Unary::Floor: return math::FloorOp::create(b, x);
  case Unary::Gelu: return gelu(b, x, false);
  case Unary::GeluTanh: return gelu(b, x, true);
  case Unary::Log: return math::LogOp::create(b, x);
  case Unary::Neg: return arith::NegFOp::create(b, x);
  case Unary::Reciprocal: return divF(b, real(b, type, 1), x);
  case Unary::Relu: return arith::MaximumFOp::create(b, x, real(b, type, 0));
  case Unary::Round: return math::RoundEvenOp::create(b, x);
  case Unary::Sigmoid: return sigmoid(b, x);
  case Unary::Sin: return math::SinOp::create(b, x);
  case Unary::Sinh: return math::SinhOp::create(b, x);
  case Unary::Softplus: return softplus(b, x);
  case Unary::Sqrt: return math::SqrtOp::create(b, x);
  case Unary::Tan: return math::TanOp::create(b, x);
  case Unary::Tanh: return math::TanhOp::create(b, x);
  case Unary::Mish: return mulF(b, x, math::TanhOp::create(b, softplus(b, x)));
  case Unary::HardSwish: {
    Value gate = addF(b, mulF(b, real(b, type, 1.0 / 6), x), real(b, type, 0.5));
    return mulF(b, x, clampF(b, gate, 0, 1));
  }
  case Unary::Softsign:
    return divF(b, x, addF(b, real(b, type, 1), math::AbsFOp::create(b, x)));
  case Unary::Sign: {
    Value negative = compareF(b, arith::CmpFPredicate::OLT, x, real(b, type, 0));
    Value rest = select(b, negative, real(b, type, -1), x);
    return select(b, compareF(b, arith::CmpFPredicate::OGT, x, real(b, type, 0)),
                  real(b, type, 1), rest);
  }
  default: return parametric(b, function, x, alpha, beta);
  }
}
// clang-format on

/// IsInf: alpha and beta tell whether negative and positive infinities count.
static Value isInfinite(B &b, Value x, bool negative, bool positive) {
  Value inf = real(b, x.getType(), std::numeric_limits<double>::infinity());
  Value low = real(b, x.getType(), -std::numeric_limits<double>::infinity());
  Value no = whole(b, b.getI1Type(), 0);
  Value result = positive ? compareF(b, arith::CmpFPredicate::OEQ, x, inf) : no;
  if (negative)
    result = arith::OrIOp::create(b, result, compareF(b, arith::CmpFPredicate::OEQ, x, low));
  return result;
}

static Value unaryInteger(B &b, Unary function, Dtype dtype, Value x) {
  Type type = x.getType();
  Value zero = whole(b, type, 0);
  bool isSigned = !isUnsigned(dtype);
  switch (function) {
  case Unary::Abs:
    return isSigned ? math::AbsIOp::create(b, x).getResult() : x;
  case Unary::Neg:
    return arith::SubIOp::create(b, zero, x);
  case Unary::Not:
    return arith::XOrIOp::create(b, x, whole(b, type, 1));
  case Unary::BitwiseNot:
    return arith::XOrIOp::create(b, x, whole(b, type, -1));
  case Unary::Relu:
    return isSigned ? arith::MaxSIOp::create(b, x, zero).getResult() : x;
  case Unary::Sign: {
    Value negative = compareI(b, arith::CmpIPredicate::slt, x, zero);
    Value some = whole(b, type, 1);
    Value sign = isSigned ? select(b, negative, whole(b, type, -1), some) : some;
    return select(b, compareI(b, arith::CmpIPredicate::eq, x, zero), zero, sign);
  }
  default:
    return x;
  }
}

Value fovea::onnx_frontend::emitUnary(B &b, Unary function, Dtype dtype, Value x, double alpha,
                                      double beta) {
  if (!isFloat(dtype))
    return unaryInteger(b, function, dtype, x);
  if (function == Unary::IsNaN)
    return compareF(b, arith::CmpFPredicate::UNO, x, x);
  if (function == Unary::IsInf)
    return isInfinite(b, x, alpha != 0, beta != 0);
  Value result = unaryFloat(b, function, emitWiden(b, x), alpha, beta);
  return emitNarrow(b, x.getType(), result);
}

/// Python's remainder (sign of the divisor) for floats.
static Value floorModF(B &b, Value x, Value y) {
  Value rest = arith::RemFOp::create(b, x, y), zero = real(b, x.getType(), 0);
  Value differs = arith::XOrIOp::create(b, compareF(b, arith::CmpFPredicate::OLT, rest, zero),
                                        compareF(b, arith::CmpFPredicate::OLT, y, zero));
  Value adjust =
      arith::AndIOp::create(b, differs, compareF(b, arith::CmpFPredicate::ONE, rest, zero));
  return select(b, adjust, addF(b, rest, y), rest);
}

/// Quotient or remainder that does not trap: x / 0 is 0, and x / -1 is -x.
static Value divideI(B &b, Dtype dtype, Value x, Value y, bool remainder, bool floored) {
  Type type = x.getType();
  Value zero = whole(b, type, 0), one = whole(b, type, 1);
  Value byZero = compareI(b, arith::CmpIPredicate::eq, y, zero);
  if (isUnsigned(dtype)) {
    Value safe = select(b, byZero, one, y);
    Value result = remainder ? arith::RemUIOp::create(b, x, safe).getResult()
                             : arith::DivUIOp::create(b, x, safe).getResult();
    return select(b, byZero, zero, result);
  }
  Value byMinusOne = compareI(b, arith::CmpIPredicate::eq, y, whole(b, type, -1));
  Value safe = select(b, arith::OrIOp::create(b, byZero, byMinusOne), one, y);
  if (!remainder) {
    Value negated = arith::SubIOp::create(b, zero, x);
    Value result = select(b, byMinusOne, negated, arith::DivSIOp::create(b, x, safe));
    return select(b, byZero, zero, result);
  }
  Value rest = arith::RemSIOp::create(b, x, safe);
  if (floored) {
    Value signs =
        compareI(b, arith::CmpIPredicate::slt, arith::XOrIOp::create(b, rest, safe), zero);
    Value some = compareI(b, arith::CmpIPredicate::ne, rest, zero);
    rest = select(b, arith::AndIOp::create(b, signs, some), arith::AddIOp::create(b, rest, safe),
                  rest);
  }
  return rest;
}

// clang-format off
static Value binaryInteger(B &b, Binary function, Dtype dtype, Value x, Value y) {
  bool bare = isUnsigned(dtype) || dtype == Dtype::Bool;
  using P = arith::CmpIPredicate;
  switch (function) {
  case Binary::Add: return arith::AddIOp::create(b, x, y);
  case Binary::Sub: return arith::SubIOp::create(b, x, y);
  case Binary::Mul: return arith::MulIOp::create(b, x, y);
  case Binary::And: return arith::AndIOp::create(b, x, y);
  case Binary::Or: return arith::OrIOp::create(b, x, y);
  case Binary::Xor: return arith::XOrIOp::create(b, x, y);
  case Binary::Div: return divideI(b, dtype, x, y, false, false);
  case Binary::Mod: return divideI(b, dtype, x, y, true, true);
  case Binary::FMod: return divideI(b, dtype, x, y, true, false);
  case Binary::Pow: return math::IPowIOp::create(b, x, y);
  case Binary::Min:
    return bare ? arith::MinUIOp::create(b, x, y).getResult()
                : arith::MinSIOp::create(b, x, y).getResult();
  case Binary::Max:
    return bare ? arith::MaxUIOp::create(b, x, y).getResult()
                : arith::MaxSIOp::create(b, x, y).getResult();
  case Binary::Equal: return compareI(b, P::eq, x, y);
  case Binary::Less: return compareI(b, bare ? P::ult : P::slt, x, y);
  case Binary::LessOrEqual: return compareI(b, bare ? P::ule : P::sle, x, y);
  case Binary::Greater: return compareI(b, bare ? P::ugt : P::sgt, x, y);
  case Binary::GreaterOrEqual: return compareI(b, bare ? P::uge : P::sge, x, y);
  }
  return x;
}

static Value binaryFloat(B &b, Binary function, Value x, Value y) {
  using P = arith::CmpFPredicate;
  switch (function) {
  case Binary::Add: return addF(b, x, y);
  case Binary::Sub: return subF(b, x, y);
  case Binary::Mul: return mulF(b, x, y);
  case Binary::Div: return divF(b, x, y);
  case Binary::Min: return arith::MinimumFOp::create(b, x, y);
  case Binary::Max: return arith::MaximumFOp::create(b, x, y);
  case Binary::Pow: return math::PowFOp::create(b, x, y);
  case Binary::Mod: return floorModF(b, x, y);
  case Binary::FMod: return arith::RemFOp::create(b, x, y);
  case Binary::Equal: return compareF(b, P::OEQ, x, y);
  case Binary::Less: return compareF(b, P::OLT, x, y);
  case Binary::LessOrEqual: return compareF(b, P::OLE, x, y);
  case Binary::Greater: return compareF(b, P::OGT, x, y);
  case Binary::GreaterOrEqual: return compareF(b, P::OGE, x, y);
  default: return x;
  }
}
// clang-format on

Value fovea::onnx_frontend::emitBinary(B &b, Binary function, Dtype dtype, Value x, Value y) {
  if (!isFloat(dtype))
    return binaryInteger(b, function, dtype, x, y);
  bool wide = function == Binary::Pow || function == Binary::Mod || function == Binary::FMod;
  if (!wide || !isHalf(dtype))
    return binaryFloat(b, function, x, y);
  return emitNarrow(b, x.getType(), binaryFloat(b, function, emitWiden(b, x), emitWiden(b, y)));
}

/// Float to integer with saturation; no value of x makes the conversion undefined.
static Value floatToInteger(B &b, Dtype to, Type target, Value x) {
  Type type = x.getType();
  unsigned bits = target.getIntOrFloatBitWidth();
  bool bare = isUnsigned(to);
  // The least float above the range and the greatest below it.
  Value high = real(b, type, std::ldexp(1.0, bare ? bits : bits - 1));
  Value low = real(b, type, bare ? -1.0 : -std::ldexp(1.0, bits - 1));
  Value tooHigh = compareF(b, arith::CmpFPredicate::OGE, x, high);
  Value tooLow = compareF(b, bare ? arith::CmpFPredicate::OLE : arith::CmpFPredicate::OLT, x, low);
  Value odd = arith::OrIOp::create(b, arith::OrIOp::create(b, tooHigh, tooLow),
                                   compareF(b, arith::CmpFPredicate::UNO, x, x));
  Value safe = select(b, odd, real(b, type, 0), x);
  Value result = bare ? arith::FPToUIOp::create(b, target, safe).getResult()
                      : arith::FPToSIOp::create(b, target, safe).getResult();
  APInt most = bare ? APInt::getMaxValue(bits) : APInt::getSignedMaxValue(bits);
  APInt least = bare ? APInt::getMinValue(bits) : APInt::getSignedMinValue(bits);
  result = select(b, tooHigh, arith::ConstantOp::create(b, b.getIntegerAttr(target, most)), result);
  return select(b, tooLow, arith::ConstantOp::create(b, b.getIntegerAttr(target, least)), result);
}

static Value floatToFloat(B &b, Type target, Value x) {
  if (x.getType() == target)
    return x;
  // f16 and bf16 are converted through f32: neither holds the other.
  Value wide = emitWiden(b, x);
  unsigned have = wide.getType().getIntOrFloatBitWidth(), want = target.getIntOrFloatBitWidth();
  if (have == want)
    return wide;
  if (have < want)
    return arith::ExtFOp::create(b, target, wide);
  return arith::TruncFOp::create(b, target, wide);
}

Value fovea::onnx_frontend::emitCast(B &b, Dtype from, Dtype to, Value x) {
  Type target = mlirType(b.getContext(), to), type = x.getType();
  if (from == to)
    return x;
  if (to == Dtype::Bool) {
    if (isFloat(from))
      return compareF(b, arith::CmpFPredicate::UNE, x, real(b, type, 0));
    return compareI(b, arith::CmpIPredicate::ne, x, whole(b, type, 0));
  }
  if (isFloat(from))
    return isFloat(to) ? floatToFloat(b, target, x)
                       : floatToInteger(b, to, target, emitWiden(b, x));
  bool bare = isUnsigned(from) || from == Dtype::Bool;
  if (isFloat(to)) {
    Type wide = isHalf(to) ? b.getF32Type() : target;
    Value result = bare ? arith::UIToFPOp::create(b, wide, x).getResult()
                        : arith::SIToFPOp::create(b, wide, x).getResult();
    return emitNarrow(b, target, result);
  }
  unsigned have = type.getIntOrFloatBitWidth(), want = target.getIntOrFloatBitWidth();
  if (have == want)
    return x;
  if (have > want)
    return arith::TruncIOp::create(b, target, x);
  return bare ? arith::ExtUIOp::create(b, target, x).getResult()
              : arith::ExtSIOp::create(b, target, x).getResult();
}
