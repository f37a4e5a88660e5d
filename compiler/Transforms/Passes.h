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

/// Records for the fusion ledger of what no kernel shows any more, on the function: recurrences
/// that became loops, softmax between products that was not raised to attention.
inline constexpr llvm::StringLiteral kGraphRecordsAttr = "fovea.graph_records";

/// A form passed over: its name, a reason class, a sentence, and whether what is done instead is no
/// worse.
struct RefusedForm {
  llvm::StringRef form, reason;
  std::string text;
  bool special = false;
};

/// Adds to the function's records one of `op` (its name and its location's) and the form taken.
void addGraphRecord(mlir::func::FuncOp function, mlir::Operation *op, llvm::StringRef form,
                    llvm::ArrayRef<RefusedForm> refused = {});

#define GEN_PASS_REGISTRATION
#include "compiler/Transforms/Passes.h.inc"

} // namespace fovea

#endif // FOVEA_COMPILER_TRANSFORMS_PASSES_H
