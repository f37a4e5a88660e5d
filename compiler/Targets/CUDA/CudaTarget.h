//===- CudaTarget.h - NVIDIA's GPUs as targets ----------------------------===//
//
// Kernels for a GPU, or the same kernels for the emulator, with host code that launches them.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_CUDA_CUDATARGET_H
#define FOVEA_COMPILER_TARGETS_CUDA_CUDATARGET_H

#include "compiler/Targets/CPU/Capabilities.h"
#include "compiler/Targets/Target.h"

namespace fovea::cuda {

/// Where kernels are to run.
enum class Execution {
  Device,
  /// On the processor, a fibre for each thread (runtime/Emulator).
  Emulated,
};

/// The name of the target whose execution is Emulated: one for all architectures, as kernels are
/// the same.
inline constexpr llvm::StringLiteral kEmulatedName = "cuda-emulated";

/// The order of the passes comes from compiler/Pipelines.
class CudaTarget final : public Target {
public:
  using AddPhase = void (*)(mlir::OpPassManager &, Phase, Execution, const PhaseOptions &);

  /// `architectures`, the oldest first, are those that kernels are assembled for; `name` is what
  /// --target calls the target with them.
  CudaTarget(std::string name, Execution execution, std::vector<std::string> architectures,
             AddPhase addPhase)
      : named(std::move(name)), execution(execution), architectures(std::move(architectures)),
        addPhaseTo(addPhase), host(hostOf(execution)) {}

  llvm::StringRef name() const override;
  llvm::StringRef summary() const override;
  Placement placement() const override;
  llvm::StringRef emulator() const override { return kEmulatedName; }
  std::optional<Problem> unavailable() const override;
  std::optional<Problem> refuses(const EmissionOptions &options) const override;
  std::vector<Finding> examine(const EmissionOptions &options) const override;
  llvm::ArrayRef<Phase> phases() const override;
  bool roundsProducts() const override { return true; }
  void addPhase(mlir::OpPassManager &manager, Phase phase,
                const PhaseOptions &options) const override;
  llvm::Expected<Emission> emit(mlir::ModuleOp module,
                                const EmissionOptions &options) const override;

private:
  static std::optional<cpu::Capabilities> hostOf(Execution execution);

  std::string named;
  Execution execution;
  std::vector<std::string> architectures;
  AddPhase addPhaseTo;
  /// What host code and emulated kernels are compiled for; nothing where no level of CPU fits.
  std::optional<cpu::Capabilities> host;
};

} // namespace fovea::cuda

#endif // FOVEA_COMPILER_TARGETS_CUDA_CUDATARGET_H
