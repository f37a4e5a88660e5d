//===- ScalarMath.cpp - functions of one or two doubles -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/CPU/ScalarMath.h"
#include "runtime/include/fovea_abi.h"

#include <cmath>

namespace fovea::cpu {

double scalarMath(int64_t function, double a, double b) {
  switch (function) {
  case FOVEA_MATH_EXP:
    return std::exp(a);
  case FOVEA_MATH_LOG:
    return std::log(a);
  case FOVEA_MATH_SIN:
    return std::sin(a);
  case FOVEA_MATH_COS:
    return std::cos(a);
  case FOVEA_MATH_TANH:
    return std::tanh(a);
  case FOVEA_MATH_ERF:
    return std::erf(a);
  case FOVEA_MATH_POW:
    return std::pow(a, b);
  case FOVEA_MATH_FMOD:
    return std::fmod(a, b);
  case FOVEA_MATH_EXPM1:
    return std::expm1(a);
  case FOVEA_MATH_LOG1P:
    return std::log1p(a);
  }
  return std::nan("");
}

} // namespace fovea::cpu
