//===- ScalarValues.cpp - scalar functions evaluated at import ------------===//
//
// The functions that models apply to constants, on numbers.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Onnx/ScalarMath.h"

#include <cmath>

using namespace fovea::onnx_frontend;

// clang-format off

std::optional<double> fovea::onnx_frontend::evaluateUnary(Unary function, double x) {
  switch (function) {
  case Unary::Identity: return x;
  case Unary::Abs: return std::fabs(x);
  case Unary::Neg: return -x;
  case Unary::Sqrt: return std::sqrt(x);
  case Unary::Floor: return std::floor(x);
  case Unary::Ceil: return std::ceil(x);
  case Unary::Exp: return std::exp(x);
  case Unary::Log: return std::log(x);
  case Unary::Sin: return std::sin(x);
  case Unary::Cos: return std::cos(x);
  case Unary::Tanh: return std::tanh(x);
  case Unary::Erf: return std::erf(x);
  case Unary::Reciprocal: return 1 / x;
  case Unary::Sigmoid: return 1 / (1 + std::exp(-x));
  case Unary::Round: return std::nearbyint(x);
  default: return std::nullopt;
  }
}

/// std::fmin and fmax drop NaNs, which ONNX keeps.
static double extreme(double x, double y, bool least) {
  if (std::isnan(x) || std::isnan(y))
    return x + y;
  return least ? std::fmin(x, y) : std::fmax(x, y);
}

std::optional<double> fovea::onnx_frontend::evaluateBinary(Binary function, double x, double y) {
  switch (function) {
  case Binary::Add: return x + y;
  case Binary::Sub: return x - y;
  case Binary::Mul: return x * y;
  case Binary::Div: return x / y;
  case Binary::Min: return extreme(x, y, true);
  case Binary::Max: return extreme(x, y, false);
  case Binary::Pow: return std::pow(x, y);
  case Binary::Equal: return x == y;
  case Binary::Less: return x < y;
  case Binary::LessOrEqual: return x <= y;
  case Binary::Greater: return x > y;
  case Binary::GreaterOrEqual: return x >= y;
  default: return std::nullopt;
  }
}

std::optional<int64_t> fovea::onnx_frontend::evaluateUnary(Unary function, int64_t x,
                                                           bool isBool) {
  switch (function) {
  case Unary::Identity: return x;
  case Unary::Not: return isBool ? std::optional<int64_t>(!x) : std::nullopt;
  case Unary::Neg: return static_cast<int64_t>(0 - static_cast<uint64_t>(x));
  case Unary::Abs: return x < 0 ? static_cast<int64_t>(0 - static_cast<uint64_t>(x)) : x;
  case Unary::Sign: return (x > 0) - (x < 0);
  default: return std::nullopt;
  }
}

static int64_t divide(int64_t x, int64_t y, bool isUnsigned) {
  if (y == 0)
    return 0;
  if (isUnsigned)
    return static_cast<int64_t>(static_cast<uint64_t>(x) / static_cast<uint64_t>(y));
  return y == -1 ? static_cast<int64_t>(0 - static_cast<uint64_t>(x)) : x / y;
}

static int64_t remainder(int64_t x, int64_t y, bool isUnsigned, bool floored) {
  if (y == 0)
    return 0;
  if (isUnsigned)
    return static_cast<int64_t>(static_cast<uint64_t>(x) % static_cast<uint64_t>(y));
  int64_t rest = y == -1 ? 0 : x % y;
  return floored && rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest;
}

std::optional<int64_t> fovea::onnx_frontend::evaluateBinary(Binary function, int64_t x, int64_t y,
                                                            bool isUnsigned) {
  auto ux = static_cast<uint64_t>(x), uy = static_cast<uint64_t>(y);
  bool less = isUnsigned ? ux < uy : x < y;
  switch (function) {
  case Binary::Add: return static_cast<int64_t>(ux + uy);
  case Binary::Sub: return static_cast<int64_t>(ux - uy);
  case Binary::Mul: return static_cast<int64_t>(ux * uy);
  case Binary::Div: return divide(x, y, isUnsigned);
  case Binary::Mod: return remainder(x, y, isUnsigned, true);
  case Binary::FMod: return remainder(x, y, isUnsigned, false);
  case Binary::Min: return less ? x : y;
  case Binary::Max: return less ? y : x;
  case Binary::And: return x & y;
  case Binary::Or: return x | y;
  case Binary::Xor: return x ^ y;
  case Binary::Equal: return x == y;
  case Binary::Less: return less;
  case Binary::LessOrEqual: return less || x == y;
  case Binary::Greater: return !less && x != y;
  case Binary::GreaterOrEqual: return !less;
  default: return std::nullopt;
  }
}
// clang-format on
