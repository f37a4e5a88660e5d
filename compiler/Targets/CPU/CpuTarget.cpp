//===- CpuTarget.cpp - CPUs as targets ------------------------------------===//
//
// Puts capabilities, phases and emission together.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CPU/CpuTarget.h"

#include "compiler/Targets/CPU/Emit.h"

#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"

using namespace fovea;
using namespace fovea::cpu;

std::optional<Problem> CpuTarget::unavailable() const {
  if (capabilities)
    return std::nullopt;
  return Problem{"FV0321",
                 "",
                 "",
                 "",
                 0,
                 "this machine cannot be compiled for",
                 "its processor has neither AVX2 and FMA nor NEON, which the code needs",
                 "name the machine that will run the model, e.g. target x86-64-v3"};
}

std::vector<Finding> CpuTarget::examine(const EmissionOptions &) const {
  if (!capabilities)
    return {{false, level,
             "the processor has neither AVX2 and FMA nor NEON: models compile for others only"}};
  const Capabilities &cpu = *capabilities;
  std::string text = cpu.cpu == "generic" ? cpu.arch : cpu.cpu;
  text += ", " + std::to_string(cpu.registers) + " vector registers of " +
          std::to_string(cpu.lanes) + " f32 lanes";
  if (cpu.tune != "generic")
    text += ", tuned for " + cpu.tune;
  if (llvm::Triple(llvm::sys::getDefaultTargetTriple()).getArchName() != cpu.arch)
    text += "; models compile here and run elsewhere";
  return {{true, level, text}};
}

llvm::ArrayRef<Phase> CpuTarget::phases() const {
  static constexpr Phase order[] = {Phase::Graph, Phase::Schedule, Phase::Kernel, Phase::Llvm};
  return order;
}

void CpuTarget::addPhase(mlir::OpPassManager &manager, Phase phase,
                         const PhaseOptions &options) const {
  addPhaseTo(manager, phase, *capabilities, options);
}

llvm::Expected<Emission> CpuTarget::emit(mlir::ModuleOp module,
                                         const EmissionOptions &options) const {
  return cpu::emit(module, *capabilities, options);
}
