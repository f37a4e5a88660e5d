//===- StructuredOps.h - checks shared by operations with indexing maps ---===//
//
// Verifier parts and interface bodies that attention, contraction and norms have in common.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_DIALECTS_FOVEA_STRUCTUREDOPS_H
#define FOVEA_DIALECTS_FOVEA_STRUCTUREDOPS_H

#include "dialects/Fovea/FoveaDialect.h"

namespace fovea {

/// Reports `label: expected ...` on `op`; every constraint of docs/Spec.md is reported this way.
mlir::InFlightDiagnostic emitConstraint(mlir::Operation *op, llvm::StringRef label);

/// Checks that `map` has `dims` dimensions, no symbols and one result per dimension of `type`.
mlir::LogicalResult verifyMap(mlir::Operation *op, llvm::StringRef label, mlir::AffineMap map,
                              unsigned dims, mlir::Type type);

/// What `d floordiv G` in an indexing map says of the extent of d.
enum class Division {
  /// It is the operand's extent times G (heads shared by a group).
  Exact,
  /// The last group may be incomplete (panels with padding).
  Padded,
};

/// Checks that the static extents of iteration dimensions agree over all operands: a bare dimension
/// has the extent of the operand's dimension, `d floordiv G` as `division` says. Indices computed
/// otherwise must stay inside the operand where all extents are static.
mlir::LogicalResult verifyExtents(mlir::Operation *op, llvm::StringRef label,
                                  llvm::ArrayRef<mlir::AffineMap> maps, mlir::ValueRange operands,
                                  Division division);

/// Checks argument types (after `leading`, one per capture: its element, or the table itself) and
/// yielded types of a scalar region.
mlir::LogicalResult verifyRegionTypes(mlir::Operation *op, llvm::StringRef label,
                                      mlir::Region &region, mlir::TypeRange leading,
                                      mlir::ValueRange captures,
                                      llvm::ArrayRef<mlir::AffineMap> captureMaps,
                                      mlir::Type yielded);

/// Checks that a scalar region contains only elementwise scalar operations and capture loads.
mlir::LogicalResult verifyScalarRegion(mlir::Operation *op, llvm::StringRef label,
                                       mlir::Region &region);

/// Checks the counts of a schedule, which may be null; `keys`: keys may be split.
mlir::LogicalResult verifySchedule(mlir::Operation *op, llvm::StringRef label,
                                   ScheduleAttr schedule, bool keys);

/// Parts of the keys that the heads of an attention share out (kKeyPartsAttr); 1 without any.
int64_t keyPartsOf(mlir::Operation *op);

/// True when a capture is a table: its map has no results although it is shaped.
bool isTable(mlir::Value capture, mlir::AffineMap map);

/// Element type of a tensor or memref.
mlir::Type elementTypeOf(mlir::Value shaped);

/// Read effects on `ins` and write effects on `inits`, for memref operands.
void addDestinationEffects(
    mlir::DestinationStyleOpInterface op,
    llvm::SmallVectorImpl<mlir::SideEffects::EffectInstance<mlir::MemoryEffects::Effect>> &effects);

/// Result shapes equal those of the destinations.
mlir::LogicalResult reifyDestinationShapes(mlir::OpBuilder &builder,
                                           mlir::DestinationStyleOpInterface op,
                                           mlir::ReifiedRankedShapedTypeDims &shapes);

/// Checks that on tensors each destination has a result of its type, and on memrefs none has.
mlir::LogicalResult verifyDestinations(mlir::Operation *op, llvm::StringRef label,
                                       mlir::ValueRange inits);

} // namespace fovea

#endif // FOVEA_DIALECTS_FOVEA_STRUCTUREDOPS_H
