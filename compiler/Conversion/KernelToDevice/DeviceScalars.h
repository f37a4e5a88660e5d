//===- DeviceScalars.h - scalars that only the device knows ---------------===//
//
// Host code of a device's entry computes sizes; elements of tensors are in memory that it cannot
// read. Scalars computed from them become cells of that memory, which a kernel of one step fills.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_CONVERSION_KERNELTODEVICE_DEVICESCALARS_H
#define FOVEA_COMPILER_CONVERSION_KERNELTODEVICE_DEVICESCALARS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/IRMapping.h"

namespace fovea {

/// True for a load from memory that the host cannot read: all but views of its own
/// (HostElements.h).
bool loadsFromDevice(mlir::Operation *op);

class DeviceScalars {
public:
  /// True for a scalar that is loaded from the device's memory, or computed from such without
  /// effects.
  bool isOnDevice(mlir::Value value);

  /// The value as read from its cell, which is filled right behind the value, at the builder's
  /// place.
  mlir::Value read(mlir::OpBuilder &builder, mlir::Value value);

  /// Repeats, at the builder's place, what a value on the device is computed by.
  mlir::Value repeat(mlir::OpBuilder &builder, mlir::Value value, mlir::Operation *before);

  int64_t cellCount() const { return cells.size(); }

private:
  mlir::Value cellOf(mlir::Value value);

  llvm::DenseMap<mlir::Value, mlir::Value> cells;
};

/// One step of computation on buffers without dimensions: `body` gets their elements and gives the
/// next ones.
void fillCells(
    mlir::OpBuilder &builder, mlir::Location loc, mlir::ValueRange cells,
    llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::OpBuilder &, mlir::ValueRange)> body);

/// A buffer of one element without dimensions.
mlir::Value makeCell(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type type);

} // namespace fovea

#endif // FOVEA_COMPILER_CONVERSION_KERNELTODEVICE_DEVICESCALARS_H
