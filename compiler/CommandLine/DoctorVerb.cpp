//===- DoctorVerb.cpp - fovea doctor --------------------------------------===//
//
// Says what this machine offers, and what is missing for which purpose.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/CommandLine/Verbs.h"
#include "compiler/Targets/CPU/Capabilities.h"
#include "runtime/CPU/Features.h"
#include "runtime/CPU/Processors.h"

#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/Host.h"

using namespace fovea;
using namespace fovea::cli;

namespace {
/// Collects lines for text and JSON.
class Findings {
public:
  explicit Findings(bool print) : print(print) {}
  void add(bool good, llvm::StringRef subject, const llvm::Twine &text) {
    if (print)
      llvm::outs() << (good ? "OK    " : "WARN  ") << llvm::left_justify(subject, 10) << text.str()
                   << "\n";
    list.push_back(llvm::json::Object{
        {"status", good ? "OK" : "WARN"}, {"subject", subject}, {"text", text.str()}});
  }
  llvm::json::Array list;

private:
  bool print;
};
} // namespace

static void checkCpu(Findings &findings) {
  std::optional<cpu::Capabilities> host = cpu::capabilitiesOf("host");
  std::string name = llvm::sys::getHostCPUName().str();
  if (!host) {
    findings.add(false, "cpu", name + " lacks AVX2 or FMA: models compile for other machines only");
  } else {
    findings.add(true, "cpu", name + ", compiled for as " + host->cpu);
    findings.add(host->registers >= 32, "registers",
                 llvm::Twine(host->registers) + " vector registers of " + llvm::Twine(host->lanes) +
                     " f32 lanes");
  }
  std::string features;
  for (const char *feature : {"avx2", "fma", "f16c", "avx512f", "avx512bw", "avx512dq", "avx512vl",
                              "avx512vnni", "avx512bf16", "amx-tile", "amx-bf16"})
    if (fovea::cpu::hasFeature(feature).value_or(false))
      features += (features.empty() ? "" : " ") + std::string(feature);
  findings.add(true, "features", features.empty() ? "none of interest" : features);
  int usable = cpu::usableProcessors();
  findings.add(true, "threads", llvm::Twine(usable) + " usable by this process");
}

static void checkPython(Findings &findings, const Environment &environment) {
  llvm::ErrorOr<std::string> python = llvm::sys::findProgramByName(environment.python);
  if (!python) {
    findings.add(false, "python", "no '" + environment.python + "': --ref=onnx does not work");
    return;
  }
  findings.add(true, "python", *python);
  for (llvm::StringRef package : {"numpy", "onnx"}) {
    std::string import = ("import " + package).str();
    int exit = llvm::sys::ExecuteAndWait(
        *python, {*python, "-c", import}, std::nullopt,
        {llvm::StringRef(""), llvm::StringRef(""), llvm::StringRef("")}, /*SecondsToWait=*/60);
    findings.add(exit == 0, package,
                 exit == 0 ? "found"
                           : "missing: --ref=onnx does not work (pip install " + package + ")");
  }
}

llvm::Expected<Exit> cli::checkMachine(const Invocation &invocation) {
  Findings findings(!invocation.json);
  checkCpu(findings);
  checkPython(findings, invocation.environment);
  if (llvm::Error error =
          invocation.report(llvm::json::Object{{"findings", std::move(findings.list)}}))
    return error;
  return kOk;
}
