//===- Passes.h - passes at tensor level ----------------------------------===//
//
// Declares the passes of Passes.td: rewrites of fovea, linalg and tensor operations that stay at
// the level of tensors.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TRANSFORMS_PASSES_H
#define FOVEA_COMPILER_TRANSFORMS_PASSES_H

#include "dialects/Fovea/FoveaDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace fovea {

#define GEN_PASS_DECL
#include "compiler/Transforms/Passes.h.inc"

/// Records of a function's recurrences for the fusion ledger, written when they become loops.
inline constexpr llvm::StringLiteral kRecurrencesAttr = "fovea.recurrences";

#define GEN_PASS_REGISTRATION
#include "compiler/Transforms/Passes.h.inc"

} // namespace fovea

#endif // FOVEA_COMPILER_TRANSFORMS_PASSES_H
