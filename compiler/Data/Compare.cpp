//===- Compare.cpp - how far a tensor is from a reference -----------------===//
//
// One pass for the sums and maxima, one selection for the percentile.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Data/Compare.h"

#include <algorithm>
#include <cmath>
#include <vector>

using namespace fovea;

namespace {
/// Significant bits, exponent of the smallest normal number, and largest finite value.
struct FloatFormat {
  int bits, minExponent;
  double largest;
};
} // namespace

static FloatFormat formatOf(DType dtype) {
  switch (dtype) {
  case DType::F16:
    return {11, -14, 65504};
  case DType::BF16:
    return {8, -126, 0x1.fep127};
  case DType::F32:
    return {24, -126, 0x1.fffffep127};
  default:
    return {53, -1022, 0x1.fffffffffffffp1023};
  }
}

double fovea::ulpAt(DType dtype, double value) {
  if (!isFloat(dtype))
    return 1;
  FloatFormat format = formatOf(dtype);
  int exponent = value == 0 ? format.minExponent : std::ilogb(value);
  return std::ldexp(1.0, std::max(exponent, format.minExponent) - format.bits + 1);
}

/// The reference as `dtype` can hold it: beyond the range the infinity of its sign.
static double inRangeOf(DType dtype, double value) {
  if (!isFloat(dtype) || !std::isfinite(value))
    return value;
  FloatFormat format = formatOf(dtype);
  // Values below half a unit above the largest round down to it.
  bool beyond = std::fabs(value) >= format.largest + ulpAt(dtype, format.largest) / 2;
  return beyond ? std::copysign(HUGE_VAL, value) : value;
}

llvm::Expected<Comparison> fovea::compare(const Tensor &got, const Tensor &reference) {
  if (got.shape() != reference.shape())
    return llvm::createStringError("cannot compare " + describe(got.dtype(), got.shape()) +
                                   " with " + describe(reference.dtype(), reference.shape()));
  Comparison result;
  result.count = got.count();
  std::vector<double> ulps;
  ulps.reserve(got.count());
  bool integers = !isFloat(got.dtype()) && !isFloat(reference.dtype());
  double dot = 0, gotSquares = 0, referenceSquares = 0;
  for (int64_t index = 0; index < got.count(); ++index) {
    double left = got.real(index), right = inRangeOf(got.dtype(), reference.real(index));
    bool nan = std::isnan(left) && std::isnan(right);
    // Wide integers would compare equal as doubles.
    result.differing +=
        integers ? got.integer(index) != reference.integer(index) : left != right && !nan;
    if (std::isnan(left) || std::isnan(right)) {
      result.nanMismatches += !nan;
      continue;
    }
    if (std::isinf(left) || std::isinf(right)) {
      result.infMismatches += left != right;
      continue;
    }
    double distance = std::fabs(left - right);
    if (result.worst < 0 || distance > result.maxAbs) {
      result.maxAbs = distance;
      result.worst = index;
    }
    if (right != 0)
      result.maxRel = std::max(result.maxRel, distance / std::fabs(right));
    ulps.push_back(distance / ulpAt(got.dtype(), right));
    dot += left * right;
    gotSquares += left * left;
    referenceSquares += right * right;
  }
  if (!ulps.empty()) {
    auto place = ulps.begin() + static_cast<int64_t>((ulps.size() - 1) * 0.99);
    std::nth_element(ulps.begin(), place, ulps.end());
    result.ulpP99 = *place;
  }
  if (gotSquares != 0 || referenceSquares != 0)
    result.cosine = gotSquares == 0 || referenceSquares == 0
                        ? 0
                        : dot / (std::sqrt(gotSquares) * std::sqrt(referenceSquares));
  return result;
}
