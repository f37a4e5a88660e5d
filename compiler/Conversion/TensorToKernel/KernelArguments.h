//===- KernelArguments.h - what kernels take ------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_CONVERSION_TENSORTOKERNEL_KERNELARGUMENTS_H
#define FOVEA_COMPILER_CONVERSION_TENSORTOKERNEL_KERNELARGUMENTS_H

#include "dialects/Fovea/FoveaDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

namespace fovea {

/// The type a kernel sees: of a memref, the same starting at offset 0.
mlir::Type kernelTypeOf(mlir::Type type);

/// Makes a private kernel of these arguments, with the attributes `marks` and a body that does
/// nothing. It is in no module yet.
mlir::func::FuncOp makeKernel(mlir::Location loc, llvm::StringRef name, mlir::TypeRange types,
                              llvm::ArrayRef<llvm::StringRef> marks = {});

/// Requires, at `builder`, elements of what a kernel made of `op` indexes: a task that meets an
/// index out of range goes on with 0, and without an element 0 it must not start. `unreached` gives
/// conditions under each of which an index is not computed.
void requireElements(mlir::OpBuilder &builder, mlir::Operation *op,
                     llvm::function_ref<llvm::SmallVector<mlir::Value>(CheckedIndexOp)> unreached);

} // namespace fovea

#endif // FOVEA_COMPILER_CONVERSION_TENSORTOKERNEL_KERNELARGUMENTS_H
