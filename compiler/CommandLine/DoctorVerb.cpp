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
#include "compiler/Targets/CPU/Capabilities.h"
#include "runtime/CPU/Features.h"
#include "runtime/CPU/Processors.h"

#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/Host.h"

#include <cstdio>

using namespace fovea;
using namespace fovea::cli;

namespace {
/// Collects lines for text and JSON.
class Findings {
public:
  explicit Findings(bool print) : print(print) {}
  void add(bool good, llvm::StringRef subject, const llvm::Twine &text) {
    if (print)
      llvm::outs() << (good ? "OK    " : "WARN  ") << llvm::left_justify(subject, 9) << " "
                   << text.str() << "\n";
    list.push_back(llvm::json::Object{
        {"status", good ? "OK" : "WARN"}, {"subject", subject.str()}, {"text", text.str()}});
  }
  llvm::json::Array list;

private:
  bool print;
};
} // namespace

static void checkTargets(Findings &findings, const EmissionOptions &options) {
  for (const Target *target : allTargets())
    for (const Finding &finding : target->examine(options))
      findings.add(finding.good, finding.subject, finding.text);
}

static void checkCpu(Findings &findings) {
  findings.add(true, "cpu", llvm::sys::getHostCPUName());
  std::string features;
  for (const std::string &feature : targetFeatures())
    if (fovea::cpu::hasFeature(feature).value_or(false))
      features += (features.empty() ? "" : " ") + std::string(feature);
  findings.add(true, "features", features.empty() ? "none of interest" : features);
  int usable = cpu::usableProcessors();
  findings.add(true, "threads", llvm::Twine(usable) + " usable by this process");
}

/// Rows of products that this machine's models use, and those that no test has executed.
static llvm::json::Array checkProducts(Findings &findings) {
  llvm::json::Array rows = describeProducts();
  std::string taken;
  for (const llvm::json::Value &value : rows) {
    const llvm::json::Object &row = *value.getAsObject();
    std::string name = row.getString("name")->str();
    if (*row.getBoolean("host"))
      taken += (taken.empty() ? "" : ", ") + name + " (" + row.getString("elements")->str() + ")";
    if (!*row.getBoolean("proven"))
      findings.add(true, "unproven",
                   name + ": no test has executed these products; only a target "
                          "that names them takes them");
  }
  findings.add(!taken.empty(), "products", taken.empty() ? "none" : taken);
  return rows;
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

static int threadsOf(const Invocation &invocation) {
  return invocation.threads ? invocation.threads : cpu::usableProcessors();
}

static PeakCode codeOf(const Invocation &invocation) {
  auto level = fovea::cpu::capabilitiesOf(invocation.compile.target);
  return level && level->lanes == 8 ? PeakCode::avx2 : PeakCode::widest;
}

static llvm::json::Object measurePeaks(Findings &findings, const Invocation &invocation) {
  int threads = threadsOf(invocation);
  double gflops = measurePeakGflops(threads, codeOf(invocation)), gbps = measureReadGbps(threads);
  findings.add(true, "peak",
               shortNumber(gflops) + " f32 GFLOP/s and " + shortNumber(gbps) +
                   " GB/s read from memory on " + llvm::Twine(threads) + " threads");
  return llvm::json::Object{{"threads", threads}, {"peak_gflops", gflops}, {"peak_gbps", gbps}};
}

/// A line of stdin: what to measure, for how long, and of `reread` the bytes of a thread.
static std::optional<llvm::json::Object> slice(PeakMeter &meter, llvm::StringRef line) {
  llvm::SmallVector<llvm::StringRef> words;
  line.split(words, ' ');
  double milliseconds = 0;
  if (words.size() < 2 || words[1].getAsDouble(milliseconds) ||
      !(milliseconds > 0 && milliseconds <= 1e4))
    return std::nullopt;
  if (words[0] == "multiply" && words.size() == 2)
    return llvm::json::Object{{"gflops", meter.multiplyGflops(milliseconds)}};
  if (words[0] == "read" && words.size() == 2)
    return llvm::json::Object{{"gbps", meter.readGbps(milliseconds)}};
  uint64_t bytes = 0;
  if (words[0] == "reread" && words.size() == 3 && !words[2].getAsInteger(10, bytes))
    return llvm::json::Object{{"gbps", meter.rereadGbps(milliseconds, bytes)}};
  return std::nullopt;
}

/// Answers lines of stdin until it ends.
static llvm::Expected<Exit> serveSlices(const Invocation &invocation) {
  PeakMeter meter(threadsOf(invocation), codeOf(invocation));
  char line[64];
  while (std::fgets(line, sizeof(line), stdin)) {
    std::optional<llvm::json::Object> answer = slice(meter, llvm::StringRef(line).trim());
    if (!answer)
      return failure(kUsage, "'" + llvm::StringRef(line).trim() + "' is no slice",
                     "multiply MS, read MS or reread MS BYTES, of at most 10000 ms");
    llvm::outs() << llvm::json::Value(std::move(*answer)) << "\n";
    llvm::outs().flush();
  }
  return kOk;
}

llvm::Expected<Exit> cli::checkMachine(const Invocation &invocation) {
  if (invocation.slices)
    return serveSlices(invocation);
  Findings findings(!invocation.json);
  checkTargets(findings, invocation.compile.emission);
  checkCpu(findings);
  llvm::json::Array products = checkProducts(findings);
  checkPython(findings, invocation.environment);
  llvm::json::Object result{{"targets", describeTargets()}, {"products", std::move(products)}};
  if (invocation.measure)
    result["peaks"] = measurePeaks(findings, invocation);
  result["findings"] = std::move(findings.list);
  if (llvm::Error error = invocation.report(std::move(result)))
    return error;
  return kOk;
}
