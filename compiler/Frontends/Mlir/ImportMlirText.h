//===- ImportMlirText.h - a module in MLIR text from memory ---------------===//
//
// The part of importMlir that does not read the text's file.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_FRONTENDS_MLIR_IMPORTMLIRTEXT_H
#define FOVEA_COMPILER_FRONTENDS_MLIR_IMPORTMLIRTEXT_H

#include "compiler/Frontends/Import.h"

namespace fovea {

/// Imports `text`, called `name` in messages. Weights come from sources that `weights` already has,
/// or from files beneath `folder`; with an empty `folder` no file is opened.
mlir::OwningOpRef<mlir::ModuleOp> importMlirText(mlir::MLIRContext &context, llvm::StringRef text,
                                                 llvm::StringRef name, llvm::StringRef folder,
                                                 const ImportOptions &options, WeightStore &weights,
                                                 ImportSummary &summary, Problems &problems);

} // namespace fovea

#endif // FOVEA_COMPILER_FRONTENDS_MLIR_IMPORTMLIRTEXT_H
