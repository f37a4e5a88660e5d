//===- Refusal.h - errors of passes that are the model's ------------------===//
//
// Tells an error about the model, which a pass finds, from a failure of the compiler.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_BASE_REFUSAL_H
#define FOVEA_COMPILER_BASE_REFUSAL_H

#include "mlir/IR/Operation.h"

#include <string>

namespace fovea {

/// Codes of what passes refuse.
inline constexpr llvm::StringLiteral kSizesDisagree = "FV0069";
inline constexpr llvm::StringLiteral kNotComputed = "FV0402";
inline constexpr llvm::StringLiteral kScheduleNotFollowed = "FV0403";
inline constexpr llvm::StringLiteral kReadsOnHost = "FV0404";
inline constexpr llvm::StringLiteral kNoDeviceForm = "FV0405";

/// As op->emitError(), for an operation that is wrong or not supported in the model itself. `code`
/// is one of those above; texts and notes become the problem that the user sees.
mlir::InFlightDiagnostic emitRefusal(mlir::Operation *op, llvm::StringLiteral code);

/// The code of an error made by emitRefusal; empty for any other.
std::string refusalCode(mlir::Diagnostic &diagnostic);

} // namespace fovea

#endif // FOVEA_COMPILER_BASE_REFUSAL_H
