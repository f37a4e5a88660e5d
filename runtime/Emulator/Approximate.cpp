//===- Approximate.cpp - functions that the hardware approximates ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Emulator/Approximate.h"
#include "runtime/include/fovea_device_abi.h"

#include <bit>

namespace fovea::emulator {

/// Half of the last bit that is kept is added to the magnitude; what is too large becomes infinite.
static float roundToTf32(float x) {
  constexpr uint32_t kDropped = 0x1fff, kHalf = 0x1000, kNan = 0x7fffffff;
  if (std::isnan(x))
    return std::bit_cast<float>(kNan);
  return std::bit_cast<float>((std::bit_cast<uint32_t>(x) + kHalf) & ~kDropped);
}

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
  case FOVEA_APPROX_TF32:
    return roundToTf32(x);
  }
  return std::numeric_limits<float>::quiet_NaN();
}

} // namespace fovea::emulator
