//===- CpuTarget.h - CPUs as targets --------------------------------------===//
//
// One target per level of instructions, and one for the machine that compiles.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_CPU_CPUTARGET_H
#define FOVEA_COMPILER_TARGETS_CPU_CPUTARGET_H

#include "compiler/Targets/CPU/Capabilities.h"
#include "compiler/Targets/Target.h"

namespace fovea::cpu {

/// A CPU by the name of its capabilities. The order of the passes comes from compiler/Pipelines.
class CpuTarget final : public Target {
public:
  using AddPhase = void (*)(mlir::OpPassManager &, Phase, const Capabilities &,
                            const PhaseOptions &);

  CpuTarget(std::string name, std::string summary, AddPhase addPhase)
      : level(std::move(name)), line(std::move(summary)), addPhaseTo(addPhase),
        capabilities(capabilitiesOf(level)) {}

  llvm::StringRef name() const override { return level; }
  llvm::StringRef summary() const override { return line; }
  Placement placement() const override { return {"cpu", fvm::MemorySpace::Host, false}; }
  std::optional<Problem> unavailable() const override;
  std::vector<Finding> examine(const EmissionOptions &options) const override;
  llvm::ArrayRef<Phase> phases() const override;
  void addPhase(mlir::OpPassManager &manager, Phase phase,
                const PhaseOptions &options) const override;
  llvm::Expected<Emission> emit(mlir::ModuleOp module,
                                const EmissionOptions &options) const override;

private:
  std::string level, line;
  AddPhase addPhaseTo;
  /// Nothing for a host that no level fits.
  std::optional<Capabilities> capabilities;
};

} // namespace fovea::cpu

#endif // FOVEA_COMPILER_TARGETS_CPU_CPUTARGET_H
