//===- Forms.h - the ways in which a target computes an operation ---------===//
//
// A form is one schedule for a kind of operation. A target tries its forms in order; one that does
// not apply says why, and the ledger keeps it.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_LOOPS_FORMS_H
#define FOVEA_COMPILER_TARGETS_LOOPS_FORMS_H

#include "compiler/Targets/Loops/Nest.h"
#include "compiler/Targets/Loops/RegisterTile.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Operation.h"

#include <functional>
#include <string>

namespace fovea::loops {

/// Why a form does not apply: a class for machines and a sentence for people. Empty: it applies.
struct Refusal {
  std::string reason;
  std::string text;
  explicit operator bool() const { return !reason.empty(); }
};

/// A form for the machine at hand.
struct BoundForm {
  llvm::StringRef name;
  /// True when what this form refuses is computed no less fused by the next one.
  bool special = false;
  /// True when the form is meant for this kind of operation.
  std::function<bool(mlir::Operation *op)> handles;
  std::function<Refusal(mlir::Operation *op)> refuse;
  /// Writes the schedule in front of `op`, which the caller then erases.
  std::function<void(mlir::Operation *op, Nest &nest)> schedule;
  /// Why a register tile that a schedule asks for will not do; empty in forms that have no tile.
  std::function<Refusal(mlir::Operation *op, RegisterTile tile)> refuseTile;
  /// True when attention's weights are rounded to the values' type before they are multiplied.
  bool roundsWeights = false;
  /// True of a product whose operands are rounded to tf32; empty in forms that round none.
  std::function<bool(mlir::Operation *op)> roundsOperands = nullptr;
  /// True when the schedule has its tasks from parallelRows, and so keeps to a share of rows.
  bool byRows = false;
};

/// A form that asks nothing of the machine: scalar loops, and those of warps and blocks, which are
/// the same for every GPU.
struct LoopForm {
  llvm::StringLiteral name;
  bool (*handles)(mlir::Operation *op);
  Refusal (*refuse)(mlir::Operation *op);
  void (*schedule)(mlir::Operation *op, Nest &nest);
  bool roundsWeights = false;
  bool byRows = false;
};

BoundForm bind(const LoopForm &form);

// The forms of scalar loops, each in the file of its name; norms and softmax in RowForms.cpp, both
// of linalg operations in Elementwise.cpp.
extern const LoopForm kLoopProduct;
extern const LoopForm kLoopGates;
extern const LoopForm kRowAttention;
extern const LoopForm kRowSoftmax;
extern const LoopForm kRowNorm;
extern const LoopForm kElementwise;
extern const LoopForm kReduction;

/// A target's forms, best first.
struct FormList {
  llvm::ArrayRef<BoundForm> forms;
  /// What messages call the target: "the CPU".
  llvm::StringRef target;
  /// Called with each kernel and its operation before that is scheduled; may be empty.
  std::function<void(mlir::Operation *kernel, mlir::Operation *op)> note;
  /// Threads of a block where kernels are grids of threads, else 0.
  int64_t blockThreads = 0;
};

/// Schedules every kernel by the first form that applies and follows the operation's schedule, and
/// writes the module's ledger. The number of kernels; failure with an error when none applies.
mlir::FailureOr<int64_t> scheduleKernels(mlir::ModuleOp module, const FormList &list);

} // namespace fovea::loops

#endif // FOVEA_COMPILER_TARGETS_LOOPS_FORMS_H
