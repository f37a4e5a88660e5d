//===- CpuTarget.cpp - CPUs as targets ------------------------------------===//
//
// Puts capabilities, phases and emission together.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CPU/CpuTarget.h"

#include "compiler/Targets/CPU/Emit.h"

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
                 "its processor lacks AVX2 or FMA, which the code needs",
                 "name the machine that will run the model, e.g. target x86-64-v3"};
}

std::vector<Finding> CpuTarget::examine() const {
  if (!capabilities)
    return {{false, level, "the processor lacks AVX2 or FMA: models compile for others only"}};
  std::string tuned = capabilities->tune == "generic" ? "" : ", tuned for " + capabilities->tune;
  return {{true, level,
           capabilities->cpu + ", " + std::to_string(capabilities->registers) +
               " vector registers of " + std::to_string(capabilities->lanes) + " f32 lanes" +
               tuned}};
}

llvm::ArrayRef<Phase> CpuTarget::phases() const {
  static constexpr Phase order[] = {Phase::Graph, Phase::Schedule, Phase::Kernel, Phase::Llvm};
  return order;
}

void CpuTarget::addPhase(mlir::OpPassManager &manager, Phase phase) const {
  addPhaseTo(manager, phase, *capabilities);
}

llvm::Expected<Emission> CpuTarget::emit(mlir::ModuleOp module,
                                         const EmissionOptions &options) const {
  return cpu::emit(module, *capabilities, options);
}
