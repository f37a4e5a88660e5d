//===- AttentionRegions.h - regions of attention, extended ----------------===//
//
// What passes need that add to the score and mask regions of an attention.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TRANSFORMS_ATTENTIONREGIONS_H
#define FOVEA_COMPILER_TRANSFORMS_ATTENTIONREGIONS_H

#include "dialects/Fovea/FoveaDialect.h"

namespace fovea {

/// Position of an iteration dimension among a map's results, of which one is that dimension.
unsigned placeOf(mlir::AffineMap map, unsigned dim);

/// Extent of such a dimension, possibly dynamic.
int64_t extentOf(mlir::Value tensor, mlir::AffineMap map, unsigned dim);

/// Block of a region of `op`, created when the region is empty; arguments of the types `leading`
/// precede the positions.
mlir::Block *regionBlock(AttentionOp op, mlir::Region &region, mlir::TypeRange leading);

/// Adds a capture; every region receives the scalar that the map names as its last argument.
void addCapture(AttentionOp op, mlir::Value capture, mlir::AffineMap map);
void addScalarCapture(AttentionOp op, mlir::Value capture);

/// Lets the score region yield what `change` makes of its score and arguments.
void changeScore(
    AttentionOp op,
    llvm::function_ref<mlir::Value(mlir::ImplicitLocOpBuilder &, mlir::Value, mlir::ValueRange)>
        change);

/// Appends the bias of `alibi` to the score region.
void appendSlopes(AttentionOp op);

/// Conjoins what `keep` computes of the mask region's arguments to what that keeps already.
void conjoinMask(
    AttentionOp op,
    llvm::function_ref<mlir::Value(mlir::ImplicitLocOpBuilder &, mlir::ValueRange)> keep);

} // namespace fovea

#endif // FOVEA_COMPILER_TRANSFORMS_ATTENTIONREGIONS_H
