//===- Forms.h - the ways in which the CPU computes an operation ----------===//
//
// Forms of vectors of lanes, behind which come those of scalar loops (compiler/Targets/Loops).
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_CPU_FORMS_H
#define FOVEA_COMPILER_TARGETS_CPU_FORMS_H

#include "compiler/Targets/CPU/Capabilities.h"
#include "compiler/Targets/Loops/Forms.h"

#include "mlir/IR/Operation.h"

namespace fovea::cpu {

using namespace fovea::loops;

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

/// All forms for a machine, best first; those of scalar loops among them.
std::vector<BoundForm> formsOf(const Capabilities &cpu);

/// Why the sums of a tile do not all stay in registers, beside two that a step of the product
/// needs.
Refusal refuseRegisters(RegisterTile tile, const Capabilities &cpu);

// The forms, each in the file of its name; both of words in WordProduct.cpp.
extern const Form kTileProduct;
extern const Form kDotProduct;
extern const Form kStreamedProduct;
extern const Form kPanelProduct;
extern const Form kGateProduct;
extern const Form kRoundedGates;
extern const Form kStreamedAttention;
extern const Form kTransposedAttention;

} // namespace fovea::cpu

#endif // FOVEA_COMPILER_TARGETS_CPU_FORMS_H
