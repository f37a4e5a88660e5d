//===- FirstError.h - what a pass complained of ---------------------------===//
//
// Keeps a context's diagnostics from the terminal, and of its errors the first: those behind it are
// consequences more often than not.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_DRIVER_FIRSTERROR_H
#define FOVEA_COMPILER_DRIVER_FIRSTERROR_H

#include "compiler/Base/Refusal.h"

#include "mlir/IR/Diagnostics.h"

#include <string>
#include <vector>

namespace fovea {

/// Listens while it lives.
class FirstError {
public:
  explicit FirstError(mlir::MLIRContext *context)
      : handler(context, [this](mlir::Diagnostic &diagnostic) {
          bool isError = diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error;
          if (!isError && remarks.size() < kMaxRemarks)
            remarks.push_back(diagnostic.str());
          if (!isError || !text.empty())
            return;
          text = diagnostic.str();
          refusal = refusalCode(diagnostic);
          for (mlir::Diagnostic &note : diagnostic.getNotes())
            notes += (notes.empty() ? "" : "; ") + note.str();
          notes.resize(std::min(notes.size(), kMaxNotes));
        }) {}

  /// The error, its notes, and its code if emitRefusal made it; empty when there was none.
  std::string text, notes, refusal;
  /// Remarks and warnings, the first ones.
  std::vector<std::string> remarks;

private:
  /// Characters of notes that are kept: forms may refuse for long reasons.
  static constexpr size_t kMaxNotes = 4000;
  static constexpr size_t kMaxRemarks = 50;
  mlir::ScopedDiagnosticHandler handler;
};

} // namespace fovea

#endif // FOVEA_COMPILER_DRIVER_FIRSTERROR_H
