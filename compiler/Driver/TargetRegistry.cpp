//===- TargetRegistry.cpp - the targets of this build ---------------------===//
//
// Joins targets and their order of passes.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Driver/TargetRegistry.h"

#include "compiler/Pipelines/CPU.h"
#include "compiler/Pipelines/CUDA.h"
#include "compiler/Targets/CPU/CpuTarget.h"
#include "compiler/Targets/CPU/ProductRows.h"
#include "compiler/Targets/CUDA/CudaTarget.h"
#include "compiler/Targets/CUDA/Emit.h"
#include "compiler/Targets/Reference/ReferenceTarget.h"

#include "llvm/ADT/StringExtras.h"

#include <map>
#include <mutex>

using namespace fovea;
using llvm::StringRef;

llvm::ArrayRef<const Target *> fovea::allTargets() {
  static const cpu::CpuTarget host("host", "the processor of this machine", addCpuPhase);
  static const cpu::CpuTarget level3("x86-64-v3", "x86-64 with AVX2 and FMA", addCpuPhase);
  static const cpu::CpuTarget level4("x86-64-v4", "x86-64 with AVX-512", addCpuPhase);
  static const cpu::CpuTarget armv8("armv8-a", "AArch64 with NEON", addCpuPhase);
  static const cuda::CudaTarget gpu("cuda", cuda::Execution::Device, {"sm_80", "sm_90"},
                                    addCudaPhase);
  static const cuda::CudaTarget emulated(cuda::kEmulatedName.str(), cuda::Execution::Emulated, {},
                                         addCudaPhase);
  static const reference::ReferenceTarget oracle;
  static const Target *const list[] = {&host, &level3, &level4, &armv8, &gpu, &emulated, &oracle};
  return list;
}

/// A level of a CPU with rows of products behind it, made when it is first asked for.
static const Target *findWithRows(StringRef name) {
  static std::mutex mutex;
  static std::map<std::string, std::unique_ptr<Target>> made;
  if (!name.contains('+') || !cpu::capabilitiesOf(name))
    return nullptr;
  std::lock_guard<std::mutex> lock(mutex);
  std::unique_ptr<Target> &target = made[name.str()];
  if (!target)
    target =
        std::make_unique<cpu::CpuTarget>(name.str(), "a level and rows of products", addCpuPhase);
  return target.get();
}

/// The GPU with one architecture of those that artefacts can have code for.
static const Target *findWithArchitecture(StringRef name) {
  static const std::vector<std::unique_ptr<cuda::CudaTarget>> made = [] {
    std::vector<std::unique_ptr<cuda::CudaTarget>> targets;
    for (StringRef arch : cuda::knownArchitectures())
      targets.push_back(
          std::make_unique<cuda::CudaTarget>(("cuda:" + arch).str(), cuda::Execution::Device,
                                             std::vector<std::string>{arch.str()}, addCudaPhase));
    return targets;
  }();
  for (const auto &target : made)
    if (target->name() == name)
      return target.get();
  return nullptr;
}

static const Target *findNamed(StringRef name) {
  const auto *found =
      llvm::find_if(allTargets(), [&](const Target *target) { return target->name() == name; });
  if (found != allTargets().end())
    return *found;
  return name.contains(':') ? findWithArchitecture(name) : findWithRows(name);
}

const Target *fovea::findTarget(StringRef name, bool emulate) {
  const Target *target = findNamed(name);
  return target && emulate ? findNamed(target->emulator()) : target;
}

/// The rows that a target may name, with the level of each.
static std::string rowsWithNames() {
  std::string names;
  for (const cpu::ProductRow &row : cpu::productRows())
    if (row.unit != cpu::RowUnit::Fma)
      names += (names.empty() ? "" : ", ") + row.name.str() + " (" + cpu::levelOf(row).str() + ")";
  return names;
}

std::optional<Problem> fovea::checkTarget(StringRef name, bool emulate) {
  if (findTarget(name, emulate))
    return std::nullopt;
  if (findTarget(name))
    return Problem{"FV0310",
                   "",
                   "",
                   "",
                   0,
                   "target '" + name.str() + "' has no kernels to emulate",
                   "option 'emulate' is for targets of devices",
                   "target cuda"};
  Problem problem{"FV0320", "", "", "", 0, "", "", "target host"};
  std::string known;
  for (const Target *target : allTargets())
    known += (known.empty() ? "" : ", ") + target->name().str();
  problem.what = "the target '" + name.str() + "' is not known";
  problem.why = "targets are " + known;
  if (name.contains('+'))
    problem.why += "; behind a level of x86-64, '+' names rows of products: " + rowsWithNames();
  if (name.contains(':'))
    problem.why += "; behind cuda, ':' names one architecture: " +
                   llvm::join(cuda::knownArchitectures(), ", ");
  return problem;
}

std::optional<Problem> fovea::checkMakesArtifacts(const Target &target) {
  if (target.makesArtifacts())
    return std::nullopt;
  return Problem{"FV0322",
                 "",
                 "",
                 "",
                 0,
                 "target '" + target.name().str() + "' makes no artefact",
                 "it evaluates models in the compiler's process: 'fovea run' and 'fovea verify'",
                 "target host"};
}

llvm::json::Array fovea::describeProducts() {
  std::optional<cpu::Capabilities> host = cpu::capabilitiesOf("host");
  llvm::json::Array list;
  for (const cpu::ProductRow &row : cpu::productRows()) {
    llvm::json::Array features;
    for (StringRef feature : row.features)
      features.push_back(feature);
    bool isLevel = row.unit == cpu::RowUnit::Fma;
    bool taken = host && (isLevel ? host->lanes == row.lanes
                                  : llvm::is_contained(host->rows, row.name.str()));
    list.push_back(llvm::json::Object{{"name", row.name},
                                      {"elements", row.elements},
                                      {"features", std::move(features)},
                                      {"proven", row.proven},
                                      {"host", taken}});
  }
  return list;
}

std::vector<std::string> fovea::targetFeatures() { return cpu::featuresOfTargets(); }

llvm::json::Array fovea::describeTargets() {
  llvm::json::Array list;
  for (const Target *target : allTargets()) {
    llvm::json::Array phases;
    for (Phase phase : target->phases())
      phases.push_back(nameOf(phase));
    Placement placement = target->placement();
    bool onHost = placement.memory == fvm::MemorySpace::Host;
    list.push_back(llvm::json::Object{{"name", target->name()},
                                      {"summary", target->summary()},
                                      {"device", placement.device},
                                      {"memory", onHost ? "host" : "device"},
                                      {"streams", placement.streams},
                                      {"artifacts", target->makesArtifacts()},
                                      {"available", !target->unavailable()},
                                      {"phases", std::move(phases)}});
  }
  return list;
}
