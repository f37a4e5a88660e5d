//===- RoundWeight.cpp - weights as integers with scales ------------------===//
//
// Scales of all channels, then integers and their errors, both in the weight's order.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Driver/RoundWeight.h"

#include "compiler/Data/SmallFloat.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <cmath>
#include <cstring>

using namespace mlir;
using namespace fovea;

/// Largest integer of a rounded weight.
static constexpr float kLargest = 127;

std::vector<uint8_t> RoundedValues::scaleBytes() const {
  std::vector<uint8_t> bytes(scales.size() * sizeof(float));
  std::memcpy(bytes.data(), scales.data(), bytes.size());
  return bytes;
}

static std::vector<float> valuesOf(ArrayRef<uint8_t> bytes, RankedTensorType type) {
  std::vector<float> values(type.getNumElements());
  if (type.getElementType().isF32()) {
    std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  }
  auto decode = type.getElementType().isF16() ? decodeF16 : decodeBF16;
  for (auto [place, value] : llvm::enumerate(values)) {
    uint16_t bits = 0;
    std::memcpy(&bits, bytes.data() + place * sizeof(bits), sizeof(bits));
    value = static_cast<float>(decode(bits));
  }
  return values;
}

/// The channel of every element.
static std::vector<int64_t> channelsOf(ArrayRef<int64_t> shape, ArrayRef<int64_t> along,
                                       int64_t &count) {
  int64_t rank = shape.size();
  SmallVector<int64_t> step(rank), index(rank);
  count = 1;
  for (int64_t dim = rank - 1; dim >= 0; --dim)
    if (!llvm::is_contained(along, dim))
      step[dim] = count, count *= shape[dim];
  std::vector<int64_t> channels(ShapedType::getNumElements(shape));
  for (int64_t &channel : channels) {
    for (int64_t dim = 0; dim < rank; ++dim)
      channel += index[dim] * step[dim];
    for (int64_t dim = rank - 1; dim >= 0 && ++index[dim] == shape[dim]; --dim)
      index[dim] = 0;
  }
  return channels;
}

RoundedValues fovea::roundWeight(ArrayRef<uint8_t> bytes, RankedTensorType type,
                                 ArrayRef<int64_t> along) {
  RoundedValues result;
  std::vector<float> values = valuesOf(bytes, type);
  int64_t count = 0;
  std::vector<int64_t> channels = channelsOf(type.getShape(), along, count);
  std::vector<float> largest(count);
  for (auto [value, channel] : llvm::zip_equal(values, channels)) {
    result.isFinite &= std::isfinite(value);
    largest[channel] = std::max(largest[channel], std::fabs(value));
  }
  for (float most : largest)
    result.scales.push_back(most / kLargest);
  double errors = 0, squares = 0;
  result.integers.reserve(values.size());
  for (auto [value, channel] : llvm::zip_equal(values, channels)) {
    float scale = result.scales[channel];
    float integer = scale > 0 && result.isFinite
                        ? std::clamp(std::nearbyint(value / scale), -kLargest, kLargest)
                        : 0;
    result.integers.push_back(static_cast<uint8_t>(static_cast<int8_t>(integer)));
    double error = std::fabs(static_cast<double>(value) - static_cast<double>(integer) * scale);
    if (largest[channel] > 0)
      result.largestError = std::max(result.largestError, error / largest[channel]);
    errors += error * error;
    squares += static_cast<double>(value) * value;
  }
  result.rmsError = squares > 0 ? std::sqrt(errors / squares) : 0;
  return result;
}
