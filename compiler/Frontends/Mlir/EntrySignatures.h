//===- EntrySignatures.h - names and shapes of entries --------------------===//
//
// Completes and checks what docs/Spec.md, "Modules", asks of entry functions, and gives symbolic
// dimensions values.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_FRONTENDS_MLIR_ENTRYSIGNATURES_H
#define FOVEA_COMPILER_FRONTENDS_MLIR_ENTRYSIGNATURES_H

#include "compiler/Frontends/Import.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace fovea {

/// Functions marked as entries.
llvm::SmallVector<mlir::func::FuncOp> entriesOf(mlir::ModuleOp module);

/// Makes every public function an entry when none is marked, and fills in absent names ("arg0",
/// "result0") and symbols of dynamic argument dimensions ("arg0_dim1"). What is there stays.
void completeEntries(mlir::ModuleOp module);

/// Emits an error for every entry whose signature breaks the rules.
mlir::LogicalResult checkEntries(mlir::ModuleOp module);

/// Makes argument and result dimensions with a symbol in `dims` static, with casts to and from the
/// types inside. Emits an error for a size < 1, for a symbol that no argument has, and where the
/// sizes do not fit together.
mlir::LogicalResult specialize(mlir::ModuleOp module, const llvm::StringMap<int64_t> &dims);

} // namespace fovea

#endif // FOVEA_COMPILER_FRONTENDS_MLIR_ENTRYSIGNATURES_H
