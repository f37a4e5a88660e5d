//===- ArithFloatRules.cpp - arith on floats and conversions --------------===//
//
// IEEE 754 in double. What the dialect leaves undefined is defined here: a float out of an integer
// type's range becomes the nearest end of that range, NaN becomes 0.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/Reference/ScalarKernels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include <cmath>

using namespace fovea::reference;
using mlir::arith::CmpFPredicate;

/// NaN when one is; -0 is below +0 (arith.maximumf, IEEE 754-2019 maximum).
static double maximum(double a, double b) {
  if (std::isnan(a) || std::isnan(b))
    return a + b;
  if (a == b)
    return std::signbit(a) ? b : a;
  return a > b ? a : b;
}

static double minimum(double a, double b) {
  if (std::isnan(a) || std::isnan(b))
    return a + b;
  if (a == b)
    return std::signbit(a) ? a : b;
  return a < b ? a : b;
}

/// The other one when one is NaN (arith.maxnumf, IEEE 754-2019 maximumNumber).
static double maximumNumber(double a, double b) {
  return std::isnan(a) ? b : std::isnan(b) ? a : maximum(a, b);
}

static double minimumNumber(double a, double b) {
  return std::isnan(a) ? b : std::isnan(b) ? a : minimum(a, b);
}

static bool compare(CmpFPredicate predicate, double a, double b) {
  bool unordered = std::isnan(a) || std::isnan(b);
  switch (predicate) {
  case CmpFPredicate::AlwaysFalse:
    return false;
  case CmpFPredicate::OEQ:
    return a == b;
  case CmpFPredicate::OGT:
    return a > b;
  case CmpFPredicate::OGE:
    return a >= b;
  case CmpFPredicate::OLT:
    return a < b;
  case CmpFPredicate::OLE:
    return a <= b;
  case CmpFPredicate::ONE:
    return !unordered && a != b;
  case CmpFPredicate::ORD:
    return !unordered;
  case CmpFPredicate::UEQ:
    return unordered || a == b;
  case CmpFPredicate::UGT:
    return !(a <= b);
  case CmpFPredicate::UGE:
    return !(a < b);
  case CmpFPredicate::ULT:
    return !(a >= b);
  case CmpFPredicate::ULE:
    return !(a > b);
  case CmpFPredicate::UNE:
    return a != b;
  case CmpFPredicate::UNO:
    return unordered;
  case CmpFPredicate::AlwaysTrue:
    return true;
  }
  return false;
}

static void compareFloats(const Lanes &lanes) {
  auto predicate = static_cast<CmpFPredicate>(lanes.predicate);
  for (int64_t i = 0; i < lanes.count; ++i)
    lanes.result[i].integer = compare(predicate, lanes.args[0][i].real, lanes.args[1][i].real);
}

/// An integer becomes the nearest f32 in one step: by way of double, 64 bits would round twice.
template <typename T> static double toFloat(const Lanes &lanes, T value) {
  if (lanes.mode == Mode::Plain && lanes.to.kind == Format::Kind::F32)
    return static_cast<float>(value);
  return static_cast<double>(value);
}

static void signedToFloat(const Lanes &lanes) {
  for (int64_t i = 0; i < lanes.count; ++i)
    lanes.result[i].real = toFloat(lanes, signedOf(lanes.from.width, lanes.args[0][i].integer));
}

static void unsignedToFloat(const Lanes &lanes) {
  for (int64_t i = 0; i < lanes.count; ++i)
    lanes.result[i].real = toFloat(lanes, unsignedOf(lanes.from.width, lanes.args[0][i].integer));
}

static void floatToSigned(const Lanes &lanes) {
  double end = std::ldexp(1.0, static_cast<int>(lanes.to.width) - 1);
  uint64_t top = uint64_t(1) << (lanes.to.width - 1);
  for (int64_t i = 0; i < lanes.count; ++i) {
    double value = std::trunc(lanes.args[0][i].real);
    int64_t &result = lanes.result[i].integer;
    if (std::isnan(value))
      result = 0;
    else if (value >= end)
      result = static_cast<int64_t>(top - 1);
    else if (value < -end)
      result = static_cast<int64_t>(-top);
    else
      result = static_cast<int64_t>(value);
  }
}

static void floatToUnsigned(const Lanes &lanes) {
  double end = std::ldexp(1.0, static_cast<int>(lanes.to.width));
  for (int64_t i = 0; i < lanes.count; ++i) {
    double value = std::trunc(lanes.args[0][i].real);
    int64_t &result = lanes.result[i].integer;
    if (std::isnan(value) || value <= 0)
      result = 0;
    else if (value >= end)
      result = -1;
    else
      result = static_cast<int64_t>(static_cast<uint64_t>(value));
  }
}

static void bitcast(const Lanes &lanes) {
  for (int64_t i = 0; i < lanes.count; ++i)
    lanes.result[i] = decode(lanes.to, encode(lanes.from, lanes.args[0][i]));
}

void fovea::reference::addArithFloatRules(ScalarTable &table) {
  table["arith.addf"] = {real2<[](double a, double b) { return a + b; }>};
  table["arith.subf"] = {real2<[](double a, double b) { return a - b; }>};
  table["arith.mulf"] = {real2<[](double a, double b) { return a * b; }>};
  table["arith.divf"] = {real2<[](double a, double b) { return a / b; }>};
  table["arith.remf"] = {real2<[](double a, double b) { return std::fmod(a, b); }>};
  table["arith.negf"] = {real1<[](double a) { return -a; }>};
  table["arith.maximumf"] = {real2<maximum>};
  table["arith.minimumf"] = {real2<minimum>};
  table["arith.maxnumf"] = {real2<maximumNumber>};
  table["arith.minnumf"] = {real2<minimumNumber>};
  table["arith.cmpf"] = {compareFloats};
  constexpr Kernel same = real1<[](double a) { return a; }>;
  table["arith.extf"] = table["arith.truncf"] = table["arith.convertf"] = {same};
  table["arith.sitofp"] = {signedToFloat};
  table["arith.uitofp"] = {unsignedToFloat};
  table["arith.fptosi"] = {floatToSigned};
  table["arith.fptoui"] = {floatToUnsigned};
  table["arith.bitcast"] = {bitcast};
  table["math.clampf"] = {
      real3<[](double a, double low, double high) { return minimum(maximum(a, low), high); }>};
}
