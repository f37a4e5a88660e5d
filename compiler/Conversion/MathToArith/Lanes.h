//===- Lanes.h - arithmetic on scalars and vectors, written as formulas ---===//
//
// A lane value is an SSA value that is a number or a vector of numbers. Its operators emit arith
// operations, so that an approximation reads as the formula it is and serves every shape.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_CONVERSION_MATHTOARITH_LANES_H
#define FOVEA_COMPILER_CONVERSION_MATHTOARITH_LANES_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/TypeUtilities.h"

#include <initializer_list>

namespace fovea {

/// Unit attribute of divisions of a constant in [2^-20, 2^20] by what is in [1, inf] or NaN.
/// Targets whose divisions are long need not ask about anything else there.
inline constexpr llvm::StringLiteral kRegularDivisorAttr = "fovea.regular_divisor";

/// A scalar or vector operand together with the place where operations on it are created.
class Lanes {
public:
  Lanes(mlir::ImplicitLocOpBuilder &builder, mlir::Value value) : b(&builder), v(value) {}

  mlir::Value value() const { return v; }
  mlir::ImplicitLocOpBuilder &builder() const { return *b; }
  mlir::Type type() const { return v.getType(); }
  mlir::Type element() const { return mlir::getElementTypeOrSelf(v); }
  bool isFloat() const { return mlir::isa<mlir::FloatType>(element()); }
  bool isDouble() const { return element().isF64(); }

  /// The shape of this value with another element type.
  mlir::Type typeOf(mlir::Type other) const {
    auto shaped = mlir::dyn_cast<mlir::VectorType>(type());
    return shaped ? mlir::Type(shaped.clone(other)) : other;
  }
  /// A constant of this value's type; an integer type takes the integral part.
  Lanes like(double constant) const {
    mlir::TypedAttr attr;
    if (auto type = mlir::dyn_cast<mlir::FloatType>(element()))
      attr = b->getFloatAttr(type, constant);
    else if (element().isInteger(1))
      attr = b->getBoolAttr(constant != 0.0);
    else
      attr = b->getIntegerAttr(element(), int64_t(constant));
    if (auto shaped = mlir::dyn_cast<mlir::VectorType>(type()))
      attr = mlir::DenseElementsAttr::get(shaped, mlir::Attribute(attr));
    return make<mlir::arith::ConstantOp>(attr);
  }

  /// Creates an operation and wraps its result.
  template <typename OpTy, typename... Args> Lanes make(Args &&...args) const {
    return Lanes(*b, OpTy::create(*b, std::forward<Args>(args)...));
  }
  template <typename FloatOp, typename IntOp> Lanes binary(Lanes other) const {
    return isFloat() ? make<FloatOp>(v, other.v) : make<IntOp>(v, other.v);
  }
  Lanes compare(mlir::arith::CmpFPredicate f, mlir::arith::CmpIPredicate i, Lanes other) const {
    return isFloat() ? make<mlir::arith::CmpFOp>(f, v, other.v)
                     : make<mlir::arith::CmpIOp>(i, v, other.v);
  }

private:
  mlir::ImplicitLocOpBuilder *b;
  mlir::Value v;
};

// Arithmetic; a number on one side becomes a constant of the other side's type.
#define FOVEA_LANES_BINARY(op, expression)                                                         \
  inline Lanes operator op(Lanes a, Lanes b) { return expression; }                                \
  inline Lanes operator op(Lanes a, double b) { return a op a.like(b); }                           \
  inline Lanes operator op(double a, Lanes b) { return b.like(a) op b; }
FOVEA_LANES_BINARY(+, (a.binary<mlir::arith::AddFOp, mlir::arith::AddIOp>(b)))
FOVEA_LANES_BINARY(-, (a.binary<mlir::arith::SubFOp, mlir::arith::SubIOp>(b)))
FOVEA_LANES_BINARY(*, (a.binary<mlir::arith::MulFOp, mlir::arith::MulIOp>(b)))
FOVEA_LANES_BINARY(/, (a.binary<mlir::arith::DivFOp, mlir::arith::DivSIOp>(b)))
FOVEA_LANES_BINARY(&, a.make<mlir::arith::AndIOp>(a.value(), b.value()))
FOVEA_LANES_BINARY(|, a.make<mlir::arith::OrIOp>(a.value(), b.value()))
FOVEA_LANES_BINARY(^, a.make<mlir::arith::XOrIOp>(a.value(), b.value()))
FOVEA_LANES_BINARY(<<, a.make<mlir::arith::ShLIOp>(a.value(), b.value()))
// Keeps the sign.
FOVEA_LANES_BINARY(>>, a.make<mlir::arith::ShRSIOp>(a.value(), b.value()))

// Comparisons give i1 lanes and are false when an operand is NaN; integers are signed.
#define FOVEA_LANES_COMPARE(op, f, i)                                                              \
  FOVEA_LANES_BINARY(op, a.compare(mlir::arith::CmpFPredicate::f, mlir::arith::CmpIPredicate::i, b))
FOVEA_LANES_COMPARE(<, OLT, slt)
FOVEA_LANES_COMPARE(>, OGT, sgt)
FOVEA_LANES_COMPARE(<=, OLE, sle)
FOVEA_LANES_COMPARE(>=, OGE, sge)
FOVEA_LANES_COMPARE(==, OEQ, eq)
// Unordered, unlike the others: NaN differs from everything.
FOVEA_LANES_COMPARE(!=, UNE, ne)
#undef FOVEA_LANES_COMPARE
#undef FOVEA_LANES_BINARY

/// a / b for b in [1, inf] or NaN.
inline Lanes divideByRegular(double a, Lanes b) {
  auto quotient = mlir::arith::DivFOp::create(b.builder(), b.like(a).value(), b.value());
  quotient->setAttr(kRegularDivisorAttr, b.builder().getUnitAttr());
  return Lanes(b.builder(), quotient);
}

inline Lanes operator-(Lanes a) { return a.make<mlir::arith::NegFOp>(a.value()); }

inline Lanes select(Lanes condition, Lanes yes, Lanes no) {
  return yes.make<mlir::arith::SelectOp>(condition.value(), yes.value(), no.value());
}
inline Lanes select(Lanes condition, double yes, Lanes no) {
  return select(condition, no.like(yes), no);
}
inline Lanes select(Lanes condition, Lanes yes, double no) {
  return select(condition, yes, yes.like(no));
}

/// a * b + c with one rounding.
inline Lanes fma(Lanes a, Lanes b, Lanes c) {
  return a.make<mlir::math::FmaOp>(a.value(), b.value(), c.value());
}
inline Lanes fma(Lanes a, double b, Lanes c) { return fma(a, a.like(b), c); }
inline Lanes fma(Lanes a, Lanes b, double c) { return fma(a, b, a.like(c)); }
inline Lanes fma(Lanes a, double b, double c) { return fma(a, a.like(b), a.like(c)); }

inline Lanes abs(Lanes a) { return a.make<mlir::math::AbsFOp>(a.value()); }
inline Lanes trunc(Lanes a) { return a.make<mlir::math::TruncOp>(a.value()); }
inline Lanes sqrt(Lanes a) { return a.make<mlir::math::SqrtOp>(a.value()); }
inline Lanes copysign(Lanes magnitude, Lanes sign) {
  return magnitude.make<mlir::math::CopySignOp>(magnitude.value(), sign.value());
}

/// min(x, bound) and max(x, bound) as one instruction that gives NaN for NaN.
inline Lanes atMost(Lanes x, double bound) { return select(x > bound, bound, x); }
inline Lanes atLeast(Lanes x, double bound) { return select(x < bound, bound, x); }

/// The bits of a float as an integer of its width, and back.
inline Lanes bits(Lanes a) {
  auto type = a.builder().getIntegerType(a.element().getIntOrFloatBitWidth());
  return a.make<mlir::arith::BitcastOp>(a.typeOf(type), a.value());
}
inline Lanes fromBits(Lanes a) {
  auto &b = a.builder();
  mlir::Type type = b.getF32Type();
  if (a.element().isInteger(64))
    type = b.getF64Type();
  return a.make<mlir::arith::BitcastOp>(a.typeOf(type), a.value());
}

/// Conversions that keep the shape.
inline Lanes toF64(Lanes a) {
  return a.make<mlir::arith::ExtFOp>(a.typeOf(a.builder().getF64Type()), a.value());
}
inline Lanes toF32(Lanes a) {
  return a.make<mlir::arith::TruncFOp>(a.typeOf(a.builder().getF32Type()), a.value());
}
/// f16 and bf16 as f32; others as they are.
inline Lanes widen(Lanes a) {
  if (a.element().getIntOrFloatBitWidth() >= 32)
    return a;
  return a.make<mlir::arith::ExtFOp>(a.typeOf(a.builder().getF32Type()), a.value());
}
/// What was of `type` before it was widened, as that again.
inline mlir::Value narrowTo(mlir::Type type, Lanes a) {
  return a.type() == type ? a.value() : a.make<mlir::arith::TruncFOp>(type, a.value()).value();
}
inline Lanes intTo(mlir::Type element, Lanes a) {
  return a.make<mlir::arith::SIToFPOp>(a.typeOf(element), a.value());
}

/// c0 + c1 x + c2 x^2 + ..., by Horner's rule; needs two coefficients.
inline Lanes polynomial(Lanes x, std::initializer_list<double> coefficients) {
  const double *c = coefficients.end();
  Lanes sum = x.like(*--c);
  while (c != coefficients.begin())
    sum = fma(sum, x, *--c);
  return sum;
}

} // namespace fovea
#endif // FOVEA_COMPILER_CONVERSION_MATHTOARITH_LANES_H
