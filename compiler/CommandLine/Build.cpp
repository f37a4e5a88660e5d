//===- Build.cpp - from a model to something that runs --------------------===//
//
// Logs phases, catches crashes, writes reproducers.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/CommandLine/Build.h"

#include "compiler/Driver/ProblemText.h"
#include "compiler/Driver/TargetRegistry.h"

#include "llvm/Support/CrashRecoveryContext.h"
#include "llvm/Support/FormatVariadic.h"

#include <chrono>

using namespace fovea;
using namespace fovea::cli;

Build::Build(const Invocation &invocation) : invocation(invocation), work(invocation.compile) {}

std::string Build::writeReproducer() {
  if (!original)
    return "";
  std::string path = invocation.stem() + ".reproducer.mlir";
  return writeModule(*original, work.weights(), path).empty() ? path : "";
}

llvm::Error Build::guarded(llvm::function_ref<bool()> step) {
  bool done = false;
  llvm::CrashRecoveryContext::Enable();
  llvm::CrashRecoveryContext recovery;
  bool finished = recovery.RunSafely([&] { done = step(); });
  llvm::CrashRecoveryContext::Disable();
  Problems problems = work.problems();
  if (!finished)
    problems.push_back(work.describeCrash());
  const std::vector<Step> &steps = work.steps();
  for (; finished && logged < steps.size(); ++logged)
    invocation.say(
        llvm::formatv("  {0,-14} {1,8:f3} s", steps[logged].name, steps[logged].seconds).str());
  if (finished && done)
    return llvm::Error::success();
  for (Problem &problem : problems) {
    if (!isCompilerBug(problem))
      continue;
    if (std::string path = writeReproducer(); !path.empty())
      problem.remedy +=
          (problem.remedy.empty() ? "" : "; ") + ("attach " + path) + " (written now)";
    break;
  }
  return failure(problems);
}

llvm::Error Build::read() {
  invocation.say(invocation.input);
  if (llvm::Error error = guarded([&] { return work.read(invocation.input); }))
    return error;
  original = work.module().clone();
  const ImportSummary &summary = work.summary();
  invocation.say(
      llvm::formatv("  {0}, {1:f1} MB of weights", summary.text, double(summary.weightBytes) / 1e6)
          .str());
  return llvm::Error::success();
}

llvm::Error Build::runTo(Phase phase) {
  if (llvm::Error error = guarded([&] { return work.runTo(Phase::Import); }))
    return error;
  for (Phase next : invocation.target().phases())
    if (next <= phase)
      if (llvm::Error error = guarded([&] { return work.runTo(next); }))
        return error;
  return llvm::Error::success();
}

llvm::Error Build::finish() {
  if (llvm::Error error = runTo(invocation.target().lastPhase()))
    return error;
  if (llvm::Error error = guarded([&] {
        made = work.finish();
        return made != nullptr;
      }))
    return error;
  size_t ops = ledgerRecords(made->ledger).size();
  invocation.say(llvm::formatv("{0}/{0} ops on {1}, 0 fallback; {2:f1} MB of code, {3:f1} MB of "
                               "weights",
                               ops, invocation.target().placement().device,
                               double(made->codeBytes()) / 1e6, double(made->weightBytes()) / 1e6)
                     .str());
  sayRounded();
  return llvm::Error::success();
}

void Build::sayRounded() const {
  for (const RoundedWeight &weight : made->rounded)
    invocation.say(llvm::formatv("  {0} in i8: {1} scales, largest error {2:f3} % of its channel's "
                                 "largest, RMS {3:f3} %",
                                 weight.name, weight.channels, 100 * weight.largestError,
                                 100 * weight.rmsError)
                       .str());
  for (const llvm::json::Object &record : ledgerRecords(made->ledger)) {
    const llvm::json::Array *refused = record.getArray("refused");
    if (record.getString("form") != kStoredWeight || !refused || refused->empty())
      continue;
    const llvm::json::Object *why = refused->front().getAsObject();
    invocation.say(llvm::formatv("  {0}: a recurrent weight stays as stored: {1}",
                                 record.getString("node").value_or(""),
                                 why ? why->getString("text").value_or("") : "")
                       .str());
  }
}

llvm::json::Object Build::seconds() const {
  llvm::json::Object object;
  for (const Step &step : work.steps())
    object[step.name] = step.seconds;
  return object;
}

static RunOptions runOptionsOf(const Invocation &invocation) {
  return {invocation.threads, invocation.emulateSeed};
}

llvm::Expected<Program> cli::loadBuilt(const Build &build, const Invocation &invocation) {
  std::string reason;
  std::vector<std::byte> bytes = build.artifact().bytes(reason);
  if (!reason.empty())
    return failure(kRun, "the artefact cannot be packed: " + reason);
  return Program::load(bytes, runOptionsOf(invocation));
}

llvm::Error cli::requireArtifact(const Invocation &invocation) {
  std::optional<Problem> problem = checkMakesArtifacts(invocation.target());
  return problem ? failure(Problems{*problem}) : llvm::Error::success();
}

llvm::Error cli::checkLedger(const Invocation &invocation, llvm::StringRef ledger) {
  Problems problems;
  if (invocation.compile.requireFused)
    problems = findUnfused(ledger);
  for (Problem &problem : problems)
    problem.file = invocation.input;
  return problems.empty() ? llvm::Error::success() : failure(problems);
}

llvm::Expected<Loaded> cli::load(const Invocation &invocation) {
  Loaded loaded;
  if (!invocation.isArtifact()) {
    if (llvm::Error error = requireArtifact(invocation))
      return error;
    loaded.build = std::make_unique<Build>(invocation);
    if (llvm::Error error = loaded.build->read())
      return error;
    if (llvm::Error error = loaded.build->finish())
      return error;
  }
  auto start = std::chrono::steady_clock::now();
  llvm::Expected<Program> program = loaded.build
                                        ? loadBuilt(*loaded.build, invocation)
                                        : Program::load(invocation.input, runOptionsOf(invocation));
  if (!program)
    return program.takeError();
  loaded.loadSeconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  loaded.program = std::move(*program);
  if (!loaded.build)
    if (llvm::Error error = checkLedger(invocation, loaded.program->ledger()))
      return error;
  return loaded;
}

llvm::Expected<std::vector<Tensor>> cli::evaluate(Build &build, const Target &target,
                                                  const Signature &signature,
                                                  llvm::ArrayRef<Tensor> inputs,
                                                  Rounding rounding) {
  EvaluationFailure why;
  // What a module behind a later phase means is known to the passes alone.
  if (Phase phase = *phaseOf(build.imported()); phase != Phase::Import)
    return failure(kInput,
                   "the module is behind phase '" + nameOf(phase) + "', target '" + target.name() +
                       "' evaluates modules as they leave import",
                   "give the model itself");
  auto outputs = target.evaluate(build.imported(), build.compilation().weights(), signature.entry,
                                 inputs, rounding, why);
  if (mlir::succeeded(outputs))
    return std::move(*outputs);
  return failureOfRun(why.unsupported ? kInput : kRun, target.name(), why.node, why.message);
}
