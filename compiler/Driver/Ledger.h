//===- Ledger.h - how each operation is computed --------------------------===//
//
// The fusion ledger (docs/Spec-fvm.md) as text, which artefacts carry, and its reading.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_DRIVER_LEDGER_H
#define FOVEA_COMPILER_DRIVER_LEDGER_H

#include "compiler/Driver/Compile.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/JSON.h"

#include <string>
#include <vector>

namespace fovea {

/// The fusion ledger as JSON: one record per launch of the schedule, and the weights rounded,
/// and what the artefact lacks (Emission::notes).
std::string makeLedger(mlir::ModuleOp module, llvm::ArrayRef<RoundedWeight> rounded = {},
                       llvm::ArrayRef<std::string> notes = {});

/// The ledger's records; empty when there are none, or the text is no ledger.
std::vector<llvm::json::Object> ledgerRecords(llvm::StringRef ledger);

/// What the user's passes did, a record a pipeline (UserPasses.h); empty likewise.
std::vector<llvm::json::Object> userPassRecords(llvm::StringRef ledger);

/// The weights rounded, with `weight`, `channels`, `largest_error` and `rms_error`; empty likewise.
std::vector<llvm::json::Object> roundedRecords(llvm::StringRef ledger);

/// The sentences about what the artefact lacks; empty likewise.
std::vector<std::string> ledgerNotes(llvm::StringRef ledger);

/// FV0401 for every record whose operation is not computed by its best form.
Problems findUnfused(llvm::StringRef ledger);

} // namespace fovea

#endif // FOVEA_COMPILER_DRIVER_LEDGER_H
