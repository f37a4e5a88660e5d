//===- Refusal.cpp - errors of passes that are the model's ----------------===//
//
// The code travels in the diagnostic's metadata, which is never printed.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Base/Refusal.h"

using namespace mlir;

InFlightDiagnostic fovea::emitRefusal(Operation *op, llvm::StringLiteral code) {
  // Without the operation's text, which op->emitError() adds.
  InFlightDiagnostic diagnostic = emitError(op->getLoc());
  diagnostic.getUnderlyingDiagnostic()->getMetadata().push_back(DiagnosticArgument(code));
  return diagnostic;
}

std::string fovea::refusalCode(Diagnostic &diagnostic) {
  for (DiagnosticArgument &argument : diagnostic.getMetadata())
    if (argument.getKind() == DiagnosticArgument::DiagnosticArgumentKind::String)
      return argument.getAsString().str();
  return "";
}
