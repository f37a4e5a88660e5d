//===- ScoreRegion.h - a score region before it is inlined ----------------===//
//
// What every schedule of attention makes of a score region's operations.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_LOOPS_SCOREREGION_H
#define FOVEA_COMPILER_TARGETS_LOOPS_SCOREREGION_H

#include "mlir/IR/Region.h"

namespace fovea::loops {

/// Divisions by a constant as products with its reciprocal: one rounding more of a score, which
/// itself is a sum of roundings, for a tenth of the time. An empty region stays as it is.
void multiplyByReciprocals(mlir::Region &score);

} // namespace fovea::loops

#endif // FOVEA_COMPILER_TARGETS_LOOPS_SCOREREGION_H
