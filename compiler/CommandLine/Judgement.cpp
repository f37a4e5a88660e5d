//===- Judgement.cpp - is an output right ----------------------------------===//
//
// Tolerances by dtype.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/CommandLine/Judgement.h"

#include <cmath>

using namespace fovea;
using namespace fovea::cli;

/// The absolute term of the tolerance at magnitude 1.
static double unitOf(DType dtype) {
  switch (dtype) {
  case DType::F64:
    return 1e-12;
  case DType::F32:
    return 1e-5;
  case DType::F16:
    return 2e-3;
  case DType::BF16:
    return 2e-2;
  default:
    return 0;
  }
}

/// Largest finite magnitude, at least 1.
static double scaleOf(const Tensor &tensor) {
  double scale = 1;
  for (int64_t index = 0; index < tensor.count(); ++index)
    if (double value = std::abs(tensor.real(index)); std::isfinite(value))
      scale = std::max(scale, value);
  return scale;
}

/// Passes when the differences are within the tolerance and `classes` agree with got's.
static llvm::Expected<Judgement> judgeWithin(const Tensor &got, const Tensor &reference,
                                             const Tensor &classes, double tolerance) {
  llvm::Expected<Comparison> comparison = compare(got, reference);
  if (!comparison)
    return comparison.takeError();
  llvm::Expected<Comparison> places = compare(got, classes);
  if (!places)
    return places.takeError();
  Judgement judgement;
  judgement.comparison = *comparison;
  judgement.tolerance = tolerance;
  if (!places->sameClasses())
    judgement.reason = std::to_string(places->nanMismatches) + " NaN and " +
                       std::to_string(places->infMismatches) + " infinities at other places";
  else if (!isFloat(got.dtype()) && comparison->differing)
    judgement.reason = std::to_string(comparison->differing) + " elements differ";
  judgement.passed = judgement.reason.empty() && comparison->maxAbs <= tolerance;
  return judgement;
}

llvm::Expected<Judgement> cli::judge(const Tensor &got, const Tensor &exact, const Tensor &plain,
                                     double allowed) {
  llvm::Expected<Comparison> spread = compare(plain, exact);
  if (!spread)
    return spread.takeError();
  double tolerance = isFloat(got.dtype())
                         ? 2 * spread->maxAbs + unitOf(got.dtype()) * scaleOf(exact) + allowed
                         : 0;
  return judgeWithin(got, exact, plain, tolerance);
}

llvm::Expected<Judgement> cli::judgeByGiven(const Tensor &got, const Tensor &expected,
                                            double allowed) {
  bool isSmall = got.dtype() == DType::F16 || got.dtype() == DType::BF16;
  double tolerance = (isSmall ? 1 : 10) * unitOf(got.dtype()) * scaleOf(expected);
  tolerance += isFloat(got.dtype()) ? allowed : 0;
  return judgeWithin(got, expected, expected, tolerance);
}
