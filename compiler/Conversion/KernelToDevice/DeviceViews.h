//===- DeviceViews.h - views whose place only the device knows ------------===//
//
// Where a view of a buffer starts may depend on elements of a tensor. Host code then has the view
// with a start that is read from a cell; kernels launched with it read the cell themselves
// (fovea-predicate-launches, fovea-shift-views).
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_CONVERSION_KERNELTODEVICE_DEVICEVIEWS_H
#define FOVEA_COMPILER_CONVERSION_KERNELTODEVICE_DEVICEVIEWS_H

#include "compiler/Conversion/KernelToDevice/DeviceScalars.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace fovea {

/// True when offsets of the view are computed from elements of tensors, and its sizes and strides
/// are not.
bool isPlacedOnDevice(mlir::memref::SubViewOp view, DeviceScalars &scalars);

/// Replaces the view by a `memref.reinterpret_cast` whose offset is a cell's element: how many
/// elements the view starts behind its buffer. An offset that would lead out of the buffer is
/// moved to its end or start; the requirement that it is none is the model's.
void placeOnDevice(mlir::memref::SubViewOp view, DeviceScalars &scalars);

/// A buffer of its own with the type's layout, whose strides the type need not tell.
mlir::Value makeBuffer(mlir::OpBuilder &builder, mlir::Location loc, mlir::MemRefType type,
                       llvm::ArrayRef<mlir::OpFoldResult> sizes);

/// The cell that a view of the above starts by; null for any other value.
mlir::Value distanceOf(mlir::Value view);

} // namespace fovea

#endif // FOVEA_COMPILER_CONVERSION_KERNELTODEVICE_DEVICEVIEWS_H
