//===- ScalarBounds.h - what an index computed in a body lies between -----===//
//
// Bounds of integer scalars in the bodies of structured operations, as sizes.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TRANSFORMS_SCALARBOUNDS_H
#define FOVEA_COMPILER_TRANSFORMS_SCALARBOUNDS_H

#include "compiler/Base/SizeExpr.h"

#include "mlir/IR/Operation.h"

namespace fovea {

/// Least and largest value, each as far as it is known.
struct Bounds {
  std::optional<SizeExpr> least, most;
};

/// Bounds of what arithmetic computes from values that `leaf` knows. Arithmetic is that of whole
/// numbers: where it wraps around, the bounds do not hold.
Bounds boundsOfScalar(SizeContext &context, mlir::Value value,
                      llvm::function_ref<Bounds(mlir::Value)> leaf);

} // namespace fovea

#endif // FOVEA_COMPILER_TRANSFORMS_SCALARBOUNDS_H
