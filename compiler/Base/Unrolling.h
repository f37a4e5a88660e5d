//===- Unrolling.h - loops that LLVM leaves as they are -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_BASE_UNROLLING_H
#define FOVEA_COMPILER_BASE_UNROLLING_H

#include "mlir/Dialect/SCF/IR/SCF.h"

namespace fovea {

/// Tells LLVM not to unroll `loop`; what its vectorizer makes of it neither.
void keepRolled(mlir::scf::ForOp loop);

} // namespace fovea

#endif // FOVEA_COMPILER_BASE_UNROLLING_H
