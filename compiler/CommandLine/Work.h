//===- Work.h - operations of a run ----------------------------------------===//
//
// Evaluates the formulas of a fusion ledger (docs/Spec-fvm.md) for the shapes of a run.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_COMMANDLINE_WORK_H
#define FOVEA_COMPILER_COMMANDLINE_WORK_H

#include "compiler/CommandLine/Signature.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/Support/JSON.h"

#include <optional>

namespace fovea::cli {

/// Values of an entry's symbols.
using Symbols = llvm::StringMap<double>;
Symbols symbolsOf(const Signature &signature, llvm::ArrayRef<Tensor> inputs);

/// Value of a formula; nothing when it is malformed or names another symbol.
std::optional<double> evaluateFormula(const llvm::json::Value &formula, const Symbols &symbols);

/// Floating-point operations of the contractions and attentions in a ledger. Nothing when one of
/// them depends on data.
std::optional<double> flopsOf(llvm::StringRef ledger, const Symbols &symbols);

/// Bytes of weights that a run reads, each once. Nothing when some are read in a branch that a run
/// may leave out.
std::optional<double> weightBytesOf(llvm::StringRef ledger);

} // namespace fovea::cli

#endif // FOVEA_COMPILER_COMMANDLINE_WORK_H
