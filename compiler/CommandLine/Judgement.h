//===- Judgement.h - is an output right ------------------------------------===//
//
// The rule by which fovea verify passes an output.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_COMMANDLINE_JUDGEMENT_H
#define FOVEA_COMPILER_COMMANDLINE_JUDGEMENT_H

#include "compiler/Data/Compare.h"

#include <optional>

namespace fovea::cli {

/// An output beside its reference.
struct Judgement {
  Comparison comparison;
  double tolerance = 0;
  bool passed = false;
  /// Why it failed, beyond the numbers.
  std::string reason;
};

/// Judges `got` by the exact result and what a plain program gives:
///   floats    max |got - exact| <= 2 max |plain - exact| + unit * max(1, max |exact|), with unit
///             1e-12 for f64, 1e-5 for f32, 2e-3 for f16 and 2e-2 for bf16; NaN and infinities
///             stand where plain has them
///   integers  equal
/// `allowed`, what a rounding that was asked for may make, comes on top of the tolerance of floats.
llvm::Expected<Judgement> judge(const Tensor &got, const Tensor &exact, const Tensor &plain,
                                double allowed = 0);

/// Judges `got` by values from elsewhere, whose own rounding is not known:
/// max |got - expected| <= 10 unit * max(1, max |expected|) (f16 and bf16: unit); classes as in
/// `expected`. `allowed` likewise.
llvm::Expected<Judgement> judgeByGiven(const Tensor &got, const Tensor &expected,
                                       double allowed = 0);

} // namespace fovea::cli

#endif // FOVEA_COMPILER_COMMANDLINE_JUDGEMENT_H
