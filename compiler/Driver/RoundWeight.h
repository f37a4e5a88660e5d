//===- RoundWeight.h - weights as integers with scales --------------------===//
//
// Symmetric rounding to 8 bits, a scale for each channel (fovea.weight with `rounds`).
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_DRIVER_ROUNDWEIGHT_H
#define FOVEA_COMPILER_DRIVER_ROUNDWEIGHT_H

#include "mlir/IR/BuiltinTypes.h"

#include <cstdint>
#include <vector>

namespace fovea {

/// A rounded weight.
struct RoundedValues {
  /// In the order of the weight; scales in the order of the other dimensions.
  std::vector<uint8_t> integers;
  std::vector<float> scales;
  /// The largest error of an element, relative to the largest of its channel: at most 1 / 254 but
  /// for the rounding of the scale. The root of the errors' squares over that of the weight's.
  double largestError = 0, rmsError = 0;
  /// Without NaN and infinities; all else holds only then.
  bool isFinite = true;

  std::vector<uint8_t> scaleBytes() const;
};

/// Rounds a weight of f32, f16 or bf16 given as its bytes; elements that differ in dimensions of
/// `along` alone share a scale.
RoundedValues roundWeight(llvm::ArrayRef<uint8_t> bytes, mlir::RankedTensorType type,
                          llvm::ArrayRef<int64_t> along);

} // namespace fovea

#endif // FOVEA_COMPILER_DRIVER_ROUNDWEIGHT_H
