//===- Compare.h - how far a tensor is from a reference -------------------===//
//
// The statistics that tests, `fovea verify` and the benchmarks quote.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_DATA_COMPARE_H
#define FOVEA_COMPILER_DATA_COMPARE_H

#include "compiler/Data/Tensor.h"

namespace fovea {

/// Differences between a tensor and its reference. All but the mismatch counts are over the
/// elements that are finite on both sides.
struct Comparison {
  int64_t count = 0;
  /// Largest |got - reference|, and its element (-1 when none is finite).
  double maxAbs = 0;
  int64_t worst = -1;
  /// Largest |got - reference| / |reference| over reference != 0.
  double maxRel = 0;
  /// 99th percentile of |got - reference| in units in the last place, of got's dtype, at the
  /// reference's magnitude; for integers of |got - reference|.
  double ulpP99 = 0;
  /// Cosine of the angle between the two; 1 when both are zero, 0 when one is.
  double cosine = 1;
  /// Elements where one side alone is NaN, or that are infinite on one side alone or with
  /// different signs.
  int64_t nanMismatches = 0, infMismatches = 0;
  /// Elements that differ at all (the meaningful number for integers and bool).
  int64_t differing = 0;

  /// NaN and infinities stand at the same places.
  bool sameClasses() const { return nanMismatches == 0 && infMismatches == 0; }
};

/// Compares tensors of one shape, of any dtypes. An f32 result whose f64 reference leaves f32's
/// range agrees when it is the infinity of that sign. Fails when the shapes differ.
llvm::Expected<Comparison> compare(const Tensor &got, const Tensor &reference);

/// The unit in the last place of `dtype` at magnitude |value|; 1 for integers.
double ulpAt(DType dtype, double value);

} // namespace fovea

#endif // FOVEA_COMPILER_DATA_COMPARE_H
