//===- Target.cpp - what a model is compiled for --------------------------===//
//
// What targets answer that do not make code, or do not evaluate.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/Target.h"

using namespace fovea;

Target::~Target() = default;

void Target::addPhase(mlir::OpPassManager &manager, Phase phase, const PhaseOptions &) const {
  llvm_unreachable("a target without phases was asked for one");
}

llvm::Expected<Emission> Target::emit(mlir::ModuleOp module, const EmissionOptions &options) const {
  return llvm::createStringError("the target '" + name() + "' makes no code");
}

mlir::FailureOr<std::vector<Tensor>>
Target::evaluate(mlir::ModuleOp module, const WeightStore &weights, llvm::StringRef entry,
                 llvm::ArrayRef<Tensor> inputs, Rounding rounding, EvaluationFailure &why) const {
  why = {true, "", ("the target '" + name() + "' does not evaluate modules").str()};
  return mlir::failure();
}
