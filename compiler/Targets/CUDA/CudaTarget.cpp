//===- CudaTarget.cpp - NVIDIA's GPUs as targets --------------------------===//
//
// Puts phases and emission together.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CUDA/CudaTarget.h"

#include "compiler/Targets/CPU/Emit.h"
#include "compiler/Targets/CUDA/Emit.h"
#include "compiler/Targets/CUDA/Ptxas.h"
#include "runtime/CUDA/Report.h"

using namespace fovea;
using namespace fovea::cuda;

/// Code that computes sizes and launches kernels gains nothing from wide registers: on x86-64 it is
/// of the lowest level, so that an artefact runs on machines other than the one that compiled it.
std::optional<cpu::Capabilities> CudaTarget::hostOf(Execution execution) {
  std::optional<cpu::Capabilities> own = cpu::capabilitiesOf("host");
  if (execution == Execution::Device && own && own->arch == "x86_64")
    return cpu::capabilitiesOf("x86-64-v3");
  return own;
}

llvm::StringRef CudaTarget::name() const { return named; }

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

static Finding describePtxas(const Assembler &ptxas) {
  if (ptxas.release >= kSoundForAsynchronousProducts)
    return {true, "ptxas", ptxas.path};
  return {false, "ptxas",
          ptxas.path + " is of CUDA " + textOf(ptxas.release) + ": taken; those before " +
              textOf(kSoundForAsynchronousProducts) +
              " miscompile asynchronous products, of which none is generated"};
}

std::optional<Problem> CudaTarget::refuses(const EmissionOptions &options) const {
  if (execution == Execution::Emulated || !namesAssembler(options))
    return std::nullopt;
  llvm::Expected<Assembler> ptxas = assemblerOf(options);
  if (ptxas)
    return std::nullopt;
  Problem problem;
  problem.code = "FV0324";
  problem.what = llvm::toString(ptxas.takeError());
  problem.remedy = "name another ptxas, or 'none' for an artefact with PTX alone";
  return problem;
}

std::vector<Finding> CudaTarget::examine(const EmissionOptions &options) const {
  if (std::optional<Problem> problem = unavailable())
    return {{false, named, problem->what + ": " + problem->why}};
  if (execution == Execution::Emulated)
    return {{true, named, "a fibre for each thread; checks bounds, races and barriers"}};
  std::vector<Finding> findings;
  for (const Report &report : describeMachine())
    findings.push_back({report.good, named, report.text});
  llvm::Expected<Assembler> ptxas = assemblerOf(options);
  if (ptxas)
    findings.push_back(describePtxas(*ptxas));
  else
    findings.push_back({false, "ptxas",
                        llvm::toString(ptxas.takeError()) +
                            "; without it artefacts have PTX alone, which the driver assembles"});
  return findings;
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
  if (execution == Execution::Device)
    return cuda::emit(module, *host, architectures, options);
  return cpu::emit(module, *host, options);
}
