//===- BenchVerb.cpp - fovea bench ----------------------------------------===//
//
// Times runs in slices of a few milliseconds, and measures the machine's peak in the same process,
// so that both see the same clock and the same neighbours. On a device, runs are queued one behind
// the other with their tensors there, and the device's clock times them.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/CommandLine/Build.h"
#include "compiler/CommandLine/MachinePeak.h"
#include "compiler/CommandLine/TextTable.h"
#include "compiler/CommandLine/Verbs.h"
#include "compiler/CommandLine/Work.h"

#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <chrono>

using namespace fovea;
using namespace fovea::cli;
using Clock = std::chrono::steady_clock;

static constexpr double kSliceMilliseconds = 3, kWarmUpMilliseconds = 100;

static double millisecondsSince(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

namespace {
/// Milliseconds of one run.
struct Times {
  double least = 0, median = 0;
};
} // namespace

static llvm::Expected<Times> measure(Program &program, const Signature &signature,
                                     llvm::ArrayRef<fovea_tensor> inputs, int64_t milliseconds) {
  double once = 0;
  int64_t runs = 0;
  for (Clock::time_point start = Clock::now();
       runs < 3 || millisecondsSince(start) < kWarmUpMilliseconds; ++runs) {
    llvm::Expected<double> last = program.time(signature, inputs, 1);
    if (!last)
      return last.takeError();
    once = std::max(*last, 1e-4);
  }
  int64_t perSlice = std::clamp<int64_t>(int64_t(kSliceMilliseconds / once), 1, 10000);
  std::vector<double> slices;
  for (Clock::time_point start = Clock::now();
       slices.size() < 5 || millisecondsSince(start) < double(milliseconds);) {
    llvm::Expected<double> slice = program.time(signature, inputs, perSlice);
    if (!slice)
      return slice.takeError();
    slices.push_back(*slice / double(perSlice));
  }
  std::sort(slices.begin(), slices.end());
  return Times{slices.front(), slices[slices.size() / 2]};
}

/// What a time is of, for the reader of the result.
static const char *timedOf(const Program &program) {
  return program.onDevice()
             ? "launches and kernels, by the device's clock; inputs and outputs stay "
               "on the device"
             : "whole runs, by the host's clock";
}

static llvm::json::Value orNull(std::optional<double> value) {
  return value ? jsonNumber(*value) : llvm::json::Value(nullptr);
}

static void print(const llvm::json::Object &result) {
  TextTable table({"measure", "value"});
  for (const char *key :
       {"name", "threads", "timed", "min_ms", "median_ms", "gflops", "peak_gflops", "peak_fraction",
        "read_gbps", "peak_gbps", "load_ms", "peak_bytes"}) {
    const llvm::json::Value *value = result.get(key);
    std::string text = "-";
    if (auto integer = value->getAsInteger())
      text = std::to_string(*integer);
    else if (auto number = value->getAsNumber())
      text = shortNumber(*number);
    else if (auto name = value->getAsString())
      text = name->str();
    table.add({key, text});
  }
  table.print();
}

llvm::Expected<Exit> cli::benchModel(const Invocation &invocation) {
  llvm::Expected<Loaded> loaded = load(invocation);
  if (!loaded)
    return loaded.takeError();
  Program &program = *loaded->program;
  llvm::Expected<Signature> signature = program.signature(invocation.entry);
  if (!signature)
    return signature.takeError();
  auto inputs = makeInputs(*signature, invocation);
  if (!inputs)
    return inputs.takeError();
  auto views = program.place(*signature, viewsOf(*inputs));
  if (!views)
    return views.takeError();
  int threads = program.threads();
  // Those of this machine's processors.
  std::optional<double> peak, bandwidth;
  if (!program.onDevice()) {
    peak = measurePeakGflops(threads);
    bandwidth = measureReadGbps(threads);
  }
  llvm::Expected<Times> times = measure(program, *signature, *views, invocation.benchMilliseconds);
  if (!times)
    return times.takeError();
  llvm::Expected<int64_t> peakBytes = program.peakBytes(*signature, *views);
  if (!peakBytes)
    return peakBytes.takeError();
  // The better of two measurements: clocks may have changed meanwhile.
  if (peak)
    peak = std::max(*peak, measurePeakGflops(threads));
  std::optional<double> flops = flopsOf(program.ledger(), symbolsOf(*signature, *inputs));
  std::optional<double> gflops, fraction;
  if (flops) {
    gflops = *flops / times->least * 1e-6;
    if (peak)
      fraction = *gflops / *peak;
  }
  std::optional<double> read = weightBytesOf(program.ledger());
  if (read)
    *read *= 1e-6 / times->least;
  llvm::json::Object result{{"name", invocation.stem()},
                            {"threads", threads},
                            {"timed", timedOf(program)},
                            {"min_ms", times->least},
                            {"median_ms", times->median},
                            {"gflops", orNull(gflops)},
                            {"peak_gflops", orNull(peak)},
                            {"peak_fraction", orNull(fraction)},
                            {"read_gbps", orNull(read)},
                            {"peak_gbps", orNull(bandwidth)},
                            {"load_ms", loaded->loadSeconds * 1e3},
                            {"peak_bytes", *peakBytes}};
  if (!invocation.json)
    print(result);
  if (llvm::Error error = invocation.report(std::move(result)))
    return error;
  return kOk;
}
