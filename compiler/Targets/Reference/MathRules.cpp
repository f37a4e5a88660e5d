//===- MathRules.cpp - math -----------------------------------------------===//
//
// The C library's functions in double, and integer formulas.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/Reference/ScalarKernels.h"

#include <bit>
#include <cmath>

using namespace fovea::reference;
using S = int64_t;
using U = uint64_t;
using W = unsigned;

/// Power by squaring with wrap-around; a negative exponent truncates 1 / base^|exponent| (0 for
/// base 0).
static S integerPower(S base, S exponent, W) {
  if (exponent < 0) {
    if (base == 1)
      return 1;
    return base == -1 ? (exponent & 1 ? -1 : 1) : 0;
  }
  U result = 1, factor = static_cast<U>(base);
  for (U left = static_cast<U>(exponent); left != 0; left >>= 1) {
    if (left & 1)
      result *= factor;
    factor *= factor;
  }
  return static_cast<S>(result);
}

static void floatToIntegerPower(const Lanes &lanes) {
  for (int64_t i = 0; i < lanes.count; ++i)
    lanes.result[i].real =
        std::pow(lanes.args[0][i].real, static_cast<double>(lanes.args[1][i].integer));
}

static double smallestNormal(Format::Kind kind) {
  switch (kind) {
  case Format::Kind::F16:
    return 0x1p-14;
  case Format::Kind::F64:
    return 0x1p-1022;
  default:
    return 0x1p-126;
  }
}

static void isNormal(const Lanes &lanes) {
  double smallest = smallestNormal(lanes.from.kind);
  for (int64_t i = 0; i < lanes.count; ++i) {
    double value = std::fabs(lanes.args[0][i].real);
    lanes.result[i].integer = std::isfinite(value) && value >= smallest;
  }
}

static void addIntegerRules(ScalarTable &table) {
  table["math.absi"] = {signed1<[](S a, W) { return a < 0 ? static_cast<S>(-U(a)) : a; }>};
  table["math.ctlz"] = {
      unsigned1<[](U a, W w) { return static_cast<U>(std::countl_zero(a)) - (64 - w); }>};
  table["math.cttz"] = {
      unsigned1<[](U a, W w) { return a ? static_cast<U>(std::countr_zero(a)) : U(w); }>};
  table["math.ctpop"] = {unsigned1<[](U a, W) { return static_cast<U>(std::popcount(a)); }>};
  table["math.ipowi"] = {signed2<integerPower>};
  table["math.fpowi"] = {floatToIntegerPower};
}

static void addRounding(ScalarTable &table) {
  table["math.absf"] = {real1<[](double a) { return std::fabs(a); }>};
  table["math.ceil"] = {real1<[](double a) { return std::ceil(a); }>};
  table["math.floor"] = {real1<[](double a) { return std::floor(a); }>};
  table["math.trunc"] = {real1<[](double a) { return std::trunc(a); }>};
  // Halves away from zero.
  table["math.round"] = {real1<[](double a) { return std::round(a); }>};
  // Halves to even: the rounding direction is never changed.
  table["math.roundeven"] = {real1<[](double a) { return std::nearbyint(a); }>};
  table["math.copysign"] = {real2<[](double a, double b) { return std::copysign(a, b); }>};
  table["math.isfinite"] = {test1<[](double a) { return std::isfinite(a); }>};
  table["math.isinf"] = {test1<[](double a) { return std::isinf(a); }>};
  table["math.isnan"] = {test1<[](double a) { return std::isnan(a); }>};
  table["math.isnormal"] = {isNormal};
}

static void addTrigonometry(ScalarTable &table) {
  constexpr Kernel sine = real1<[](double a) { return std::sin(a); }>;
  constexpr Kernel cosine = real1<[](double a) { return std::cos(a); }>;
  table["math.sin"] = {sine};
  table["math.cos"] = {cosine};
  table["math.sincos"] = {sine, cosine};
  table["math.tan"] = {real1<[](double a) { return std::tan(a); }>};
  table["math.asin"] = {real1<[](double a) { return std::asin(a); }>};
  table["math.acos"] = {real1<[](double a) { return std::acos(a); }>};
  table["math.atan"] = {real1<[](double a) { return std::atan(a); }>};
  table["math.atan2"] = {real2<[](double a, double b) { return std::atan2(a, b); }>};
  table["math.sinh"] = {real1<[](double a) { return std::sinh(a); }>};
  table["math.cosh"] = {real1<[](double a) { return std::cosh(a); }>};
  table["math.tanh"] = {real1<[](double a) { return std::tanh(a); }>};
  table["math.asinh"] = {real1<[](double a) { return std::asinh(a); }>};
  table["math.acosh"] = {real1<[](double a) { return std::acosh(a); }>};
  table["math.atanh"] = {real1<[](double a) { return std::atanh(a); }>};
}

void fovea::reference::addMathRules(ScalarTable &table) {
  addIntegerRules(table);
  addRounding(table);
  addTrigonometry(table);
  table["math.exp"] = {real1<[](double a) { return std::exp(a); }>};
  table["math.exp2"] = {real1<[](double a) { return std::exp2(a); }>};
  table["math.expm1"] = {real1<[](double a) { return std::expm1(a); }>};
  table["math.log"] = {real1<[](double a) { return std::log(a); }>};
  table["math.log2"] = {real1<[](double a) { return std::log2(a); }>};
  table["math.log10"] = {real1<[](double a) { return std::log10(a); }>};
  table["math.log1p"] = {real1<[](double a) { return std::log1p(a); }>};
  table["math.sqrt"] = {real1<[](double a) { return std::sqrt(a); }>};
  table["math.rsqrt"] = {real1<[](double a) { return 1 / std::sqrt(a); }>};
  table["math.cbrt"] = {real1<[](double a) { return std::cbrt(a); }>};
  table["math.powf"] = {real2<[](double a, double b) { return std::pow(a, b); }>};
  table["math.erf"] = {real1<[](double a) { return std::erf(a); }>};
  table["math.erfc"] = {real1<[](double a) { return std::erfc(a); }>};
  table["math.fma"] = {real3<[](double a, double b, double c) { return std::fma(a, b, c); }>};
}
