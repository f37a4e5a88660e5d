//===- Phases.cpp - names of the phases -----------------------------------===//
//
// Names, and the attribute by which a module remembers its phase.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Base/Phases.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace fovea;

StringRef fovea::nameOf(Phase phase) {
  switch (phase) {
  case Phase::Import:
    return "import";
  case Phase::Graph:
    return "graph";
  case Phase::Schedule:
    return "schedule";
  case Phase::Kernel:
    return "kernel";
  case Phase::Llvm:
    return "llvm";
  }
  llvm_unreachable("all phases have names");
}

std::optional<Phase> fovea::phaseNamed(StringRef name) {
  return llvm::StringSwitch<std::optional<Phase>>(name)
      .Case("import", Phase::Import)
      .Case("graph", Phase::Graph)
      .Case("schedule", Phase::Schedule)
      .Case("kernel", Phase::Kernel)
      .Case("llvm", Phase::Llvm)
      .Default(std::nullopt);
}

std::optional<Phase> fovea::phaseOf(ModuleOp module) {
  Attribute attribute = module->getAttr(kPhaseAttr);
  if (!attribute)
    return Phase::Import;
  auto name = dyn_cast<StringAttr>(attribute);
  return name ? phaseNamed(name) : std::nullopt;
}

void fovea::setPhase(ModuleOp module, Phase phase) {
  module->setAttr(kPhaseAttr, StringAttr::get(module.getContext(), nameOf(phase)));
}
