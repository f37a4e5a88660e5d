//===- Approximate.cpp - functions that the hardware approximates ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Emulator/Approximate.h"
#include "runtime/include/fovea_device_abi.h"

namespace fovea::emulator {

float approximate(int32_t function, float x) {
  double flushed = flushDenormal(x);
  switch (function) {
  case FOVEA_APPROX_EX2:
    return flushDenormal(float(std::exp2(flushed)));
  case FOVEA_APPROX_LG2:
    return flushDenormal(float(std::log2(flushed)));
  case FOVEA_APPROX_RCP:
    return flushDenormal(float(1 / flushed));
  case FOVEA_APPROX_RSQRT:
    return flushDenormal(float(1 / std::sqrt(flushed)));
  case FOVEA_APPROX_TANH:
    return float(std::tanh(double(x)));
  }
  return std::numeric_limits<float>::quiet_NaN();
}

} // namespace fovea::emulator
