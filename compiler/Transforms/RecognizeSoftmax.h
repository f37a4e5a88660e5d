//===- RecognizeSoftmax.h - softmax found in elementwise operations -------===//
//
// Finds max, subtraction, exponential, sum and quotient that together are one softmax.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TRANSFORMS_RECOGNIZESOFTMAX_H
#define FOVEA_COMPILER_TRANSFORMS_RECOGNIZESOFTMAX_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace fovea {

/// Replaces each exp(x - max(x)) / sum(exp(x - max(x))) by linalg.softmax; gives their number.
int64_t recognizeSoftmax(mlir::func::FuncOp function);

/// Replaces softmax between a merging reshape and the one that undoes it (as exporters wrote it for
/// two dimensions) by softmax of the tensor itself. False when it is none.
bool takeReshapesOff(mlir::linalg::SoftmaxOp softmax);

} // namespace fovea

#endif // FOVEA_COMPILER_TRANSFORMS_RECOGNIZESOFTMAX_H
