//===- Forms.h - the ways in which the CPU computes an operation ----------===//
//
// A form is one schedule for a kind of operation. Forms are tried in the order of `forms()`; one
// that does not apply says why, and the ledger keeps it.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_CPU_FORMS_H
#define FOVEA_COMPILER_TARGETS_CPU_FORMS_H

#include "compiler/Targets/CPU/Capabilities.h"
#include "compiler/Targets/CPU/Nest.h"

#include "mlir/IR/Operation.h"

namespace fovea::cpu {

/// Why a form does not apply: a class for machines and a sentence for people. Empty: it applies.
struct Refusal {
  std::string reason;
  std::string text;
  explicit operator bool() const { return !reason.empty(); }
};

struct Form {
  llvm::StringLiteral name;
  /// True when the form is meant for this kind of operation.
  bool (*handles)(mlir::Operation *op);
  Refusal (*refuse)(mlir::Operation *op, const Capabilities &cpu);
  /// Writes the schedule in front of `op`, which the caller then erases.
  void (*schedule)(mlir::Operation *op, Nest &nest, const Capabilities &cpu);
  /// Why a register tile that a schedule asks for will not do; null in forms that have no tile.
  Refusal (*refuseTile)(mlir::Operation *op, RegisterTile tile, const Capabilities &cpu) = nullptr;
  /// True when what this form refuses is computed no less fused by the next one.
  bool special = false;
};

/// All forms, best first.
llvm::ArrayRef<Form> forms();

// The forms, each in the file of its name; both of words in WordProduct.cpp.
extern const Form kTileProduct;
extern const Form kDotProduct;
extern const Form kPanelProduct;
extern const Form kGateProduct;
extern const Form kRoundedGates;
extern const Form kLoopProduct;
extern const Form kStreamedAttention;
extern const Form kTransposedAttention;
extern const Form kRowAttention;
extern const Form kRowSoftmax;
extern const Form kRowNorm;
extern const Form kElementwise;
extern const Form kReduction;

} // namespace fovea::cpu

#endif // FOVEA_COMPILER_TARGETS_CPU_FORMS_H
