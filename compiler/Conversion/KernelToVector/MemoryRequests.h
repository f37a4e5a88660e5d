//===- MemoryRequests.h - asking memory ahead of use ----------------------===//
//
// A processor has room for a few dozen requests, and some (AMD's Zen 5) drop those of software that
// find none. So requests are spread over the computation, and what has been dropped is asked for
// again before its use.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_CONVERSION_KERNELTOVECTOR_MEMORYREQUESTS_H
#define FOVEA_COMPILER_CONVERSION_KERNELTOVECTOR_MEMORYREQUESTS_H

#include "mlir/IR/Builders.h"

namespace fovea {

/// Elements of `matrix` that one request brings.
int64_t elementsOfRequest(mlir::Value matrix);

/// Asks for the line with an element of a buffer, to be close; it need not exist.
void requestLine(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value buffer,
                 mlir::ValueRange place);

/// Accesses and requests behind this stay behind those before it. LLVM's scheduler would gather the
/// requests of a block at its beginning.
void keepRequestsApart(mlir::OpBuilder &builder, mlir::Location loc);

} // namespace fovea

#endif // FOVEA_COMPILER_CONVERSION_KERNELTOVECTOR_MEMORYREQUESTS_H
