//===- KernelArguments.h - what kernels take ------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_CONVERSION_TENSORTOKERNEL_KERNELARGUMENTS_H
#define FOVEA_COMPILER_CONVERSION_TENSORTOKERNEL_KERNELARGUMENTS_H

#include "mlir/IR/BuiltinTypes.h"

namespace fovea {

/// The type a kernel sees: of a memref, the same starting at offset 0.
mlir::Type kernelTypeOf(mlir::Type type);

} // namespace fovea

#endif // FOVEA_COMPILER_CONVERSION_TENSORTOKERNEL_KERNELARGUMENTS_H
