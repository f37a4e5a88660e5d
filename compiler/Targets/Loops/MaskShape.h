//===- MaskShape.h - the shape of what a mask keeps -----------------------===//
//
// What a mask region says of queries and keys before anything is known of the run.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_LOOPS_MASKSHAPE_H
#define FOVEA_COMPILER_TARGETS_LOOPS_MASKSHAPE_H

#include "dialects/Fovea/FoveaDialect.h"

namespace fovea::loops {

/// True when the mask of `op` keeps keys near each query alone: comparisons bound the distance
/// j - i from below and from above.
bool keepsBand(AttentionOp op);

/// True when comparisons bound it from either side, as a causal mask does: neighboring queries keep
/// nearly the same keys.
bool boundsDistance(AttentionOp op);

} // namespace fovea::loops

#endif // FOVEA_COMPILER_TARGETS_LOOPS_MASKSHAPE_H
