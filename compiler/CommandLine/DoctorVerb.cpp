//===- DoctorVerb.cpp - fovea doctor --------------------------------------===//
//
// Says what this machine offers, and what is missing for which purpose.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/CommandLine/MachinePeak.h"
#include "compiler/CommandLine/TextTable.h"
#include "compiler/CommandLine/Verbs.h"
#include "compiler/Driver/TargetRegistry.h"
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

static void checkTargets(Findings &findings) {
  for (const Target *target : allTargets())
    for (const Finding &finding : target->examine())
      findings.add(finding.good, finding.subject, finding.text);
}

static void checkCpu(Findings &findings) {
  findings.add(true, "cpu", llvm::sys::getHostCPUName());
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

static llvm::json::Object measurePeaks(Findings &findings, int threads) {
  threads = threads ? threads : cpu::usableProcessors();
  double gflops = measurePeakGflops(threads), gbps = measureReadGbps(threads);
  findings.add(true, "peak",
               shortNumber(gflops) + " f32 GFLOP/s and " + shortNumber(gbps) +
                   " GB/s read from memory on " + llvm::Twine(threads) + " threads");
  return llvm::json::Object{{"threads", threads}, {"peak_gflops", gflops}, {"peak_gbps", gbps}};
}

llvm::Expected<Exit> cli::checkMachine(const Invocation &invocation) {
  Findings findings(!invocation.json);
  checkTargets(findings);
  checkCpu(findings);
  checkPython(findings, invocation.environment);
  llvm::json::Object result{{"targets", describeTargets()}};
  if (invocation.measure)
    result["peaks"] = measurePeaks(findings, invocation.threads);
  result["findings"] = std::move(findings.list);
  if (llvm::Error error = invocation.report(std::move(result)))
    return error;
  return kOk;
}
