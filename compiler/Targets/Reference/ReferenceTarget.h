//===- ReferenceTarget.h - the oracle as a target -------------------------===//
//
// Evaluates modules as they leave import by the interpreter's scalar rules. It makes no code and
// no artefact: see docs/Rationale/Targets.md.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_REFERENCE_REFERENCETARGET_H
#define FOVEA_COMPILER_TARGETS_REFERENCE_REFERENCETARGET_H

#include "compiler/Targets/Target.h"

namespace fovea::reference {

class ReferenceTarget final : public Target {
public:
  llvm::StringRef name() const override { return "reference"; }
  llvm::StringRef summary() const override {
    return "scalar rules in double precision, slow and exact; for run and verify";
  }
  Placement placement() const override { return {"cpu", fvm::MemorySpace::Host, false}; }
  std::vector<Finding> examine(const EmissionOptions &options) const override;
  mlir::FailureOr<std::vector<Tensor>> evaluate(mlir::ModuleOp module, const WeightStore &weights,
                                                llvm::StringRef entry,
                                                llvm::ArrayRef<Tensor> inputs, Rounding rounding,
                                                EvaluationFailure &why) const override;
};

} // namespace fovea::reference

#endif // FOVEA_COMPILER_TARGETS_REFERENCE_REFERENCETARGET_H
