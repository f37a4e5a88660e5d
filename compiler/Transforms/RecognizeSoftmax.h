//===- RecognizeSoftmax.h - softmax found in elementwise operations -------===//
//
// Finds max, subtraction, exponential, sum and quotient that together are one softmax.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TRANSFORMS_RECOGNIZESOFTMAX_H
#define FOVEA_COMPILER_TRANSFORMS_RECOGNIZESOFTMAX_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace fovea {

/// Replaces each exp(x - max(x)) / sum(exp(x - max(x))) by linalg.softmax; gives their number.
int64_t recognizeSoftmax(mlir::func::FuncOp function);

} // namespace fovea

#endif // FOVEA_COMPILER_TRANSFORMS_RECOGNIZESOFTMAX_H
