//===- Swizzle.h - where elements of shared tiles lie ---------------------===//
//
// The one formula of the swizzle that fovea_warp.load_fragment defines, for schedules and their
// lowering.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_CONVERSION_WARPTODEVICE_SWIZZLE_H
#define FOVEA_COMPILER_CONVERSION_WARPTODEVICE_SWIZZLE_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

namespace fovea {

/// `indices` of an element of `type`, where rows are written with a swizzle of that many bytes (0
/// for none). They differ in the last one.
llvm::SmallVector<mlir::Value> swizzled(mlir::OpBuilder &builder, mlir::Location loc,
                                        mlir::ValueRange indices, mlir::MemRefType type,
                                        int64_t swizzle);

} // namespace fovea

#endif // FOVEA_COMPILER_CONVERSION_WARPTODEVICE_SWIZZLE_H
