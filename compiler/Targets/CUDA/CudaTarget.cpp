//===- CudaTarget.cpp - NVIDIA's GPUs as targets --------------------------===//
//
// Puts phases and emission together.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CUDA/CudaTarget.h"

#include "compiler/Targets/CPU/Emit.h"

using namespace fovea;
using namespace fovea::cuda;

llvm::StringRef CudaTarget::name() const {
  return execution == Execution::Emulated ? "cuda-emulated" : "cuda";
}

llvm::StringRef CudaTarget::summary() const {
  return execution == Execution::Emulated ? "kernels of NVIDIA GPUs, run by this processor"
                                          : "NVIDIA GPUs from compute capability 8.0 on";
}

Placement CudaTarget::placement() const {
  if (execution == Execution::Emulated)
    return {"cpu", fvm::MemorySpace::Host, false};
  return {"cuda", fvm::MemorySpace::Device, true};
}

std::optional<Problem> CudaTarget::unavailable() const {
  if (execution == Execution::Device)
    return Problem{"FV0322",
                   "",
                   "",
                   "",
                   0,
                   "target 'cuda' makes no artefacts in this version",
                   "kernels are compiled for the emulator alone",
                   "add --emulate, which runs them on this processor"};
  if (host)
    return std::nullopt;
  return Problem{"FV0321",
                 "",
                 "",
                 "",
                 0,
                 "this machine cannot be compiled for",
                 "its processor has neither AVX2 and FMA nor NEON, which host code needs",
                 "compile on another machine"};
}

std::vector<Finding> CudaTarget::examine() const {
  if (std::optional<Problem> problem = unavailable())
    return {{false, name().str(), problem->what + ": " + problem->why}};
  return {{true, name().str(), "a fibre for each thread; checks bounds, races and barriers"}};
}

llvm::ArrayRef<Phase> CudaTarget::phases() const {
  static constexpr Phase order[] = {Phase::Graph, Phase::Schedule, Phase::Kernel, Phase::Llvm};
  return order;
}

void CudaTarget::addPhase(mlir::OpPassManager &manager, Phase phase,
                          const PhaseOptions &options) const {
  addPhaseTo(manager, phase, execution, options);
}

llvm::Expected<Emission> CudaTarget::emit(mlir::ModuleOp module,
                                          const EmissionOptions &options) const {
  return cpu::emit(module, *host, options);
}
