//===- BenchVerb.cpp - fovea bench ----------------------------------------===//
//
// Times runs in slices of a few milliseconds, and measures the machine's peak in the same process,
// so that both see the same clock and the same neighbours.
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
  int64_t runs = 0;
  for (Clock::time_point start = Clock::now();
       runs < 2 || millisecondsSince(start) < kWarmUpMilliseconds; ++runs)
    if (llvm::Error error = program.runOnly(signature, inputs))
      return error;
  Clock::time_point probe = Clock::now();
  if (llvm::Error error = program.runOnly(signature, inputs))
    return error;
  double once = std::max(millisecondsSince(probe), 1e-4);
  int64_t perSlice = std::clamp<int64_t>(int64_t(kSliceMilliseconds / once), 1, 10000);
  std::vector<double> slices;
  for (Clock::time_point start = Clock::now();
       slices.size() < 5 || millisecondsSince(start) < double(milliseconds);) {
    Clock::time_point begin = Clock::now();
    for (int64_t run = 0; run < perSlice; ++run)
      if (llvm::Error error = program.runOnly(signature, inputs))
        return error;
    slices.push_back(millisecondsSince(begin) / double(perSlice));
  }
  std::sort(slices.begin(), slices.end());
  return Times{slices.front(), slices[slices.size() / 2]};
}

static llvm::json::Value orNull(std::optional<double> value) {
  return value ? jsonNumber(*value) : llvm::json::Value(nullptr);
}

static void print(const llvm::json::Object &result) {
  TextTable table({"measure", "value"});
  for (const char *key : {"name", "threads", "min_ms", "median_ms", "gflops", "peak_gflops",
                          "peak_fraction", "read_gbps", "peak_gbps", "load_ms", "peak_bytes"}) {
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
  std::vector<fovea_tensor> views = viewsOf(*inputs);
  int threads = program.threads();
  double peak = measurePeakGflops(threads), bandwidth = measureReadGbps(threads);
  llvm::Expected<Times> times = measure(program, *signature, views, invocation.benchMilliseconds);
  if (!times)
    return times.takeError();
  llvm::Expected<int64_t> peakBytes = program.peakBytes(*signature, views);
  if (!peakBytes)
    return peakBytes.takeError();
  // The better of two measurements: clocks may have changed meanwhile.
  peak = std::max(peak, measurePeakGflops(threads));
  std::optional<double> flops = flopsOf(program.ledger(), symbolsOf(*signature, *inputs));
  std::optional<double> gflops, fraction;
  if (flops) {
    gflops = *flops / times->least * 1e-6;
    fraction = *gflops / peak;
  }
  std::optional<double> read = weightBytesOf(program.ledger());
  if (read)
    *read *= 1e-6 / times->least;
  llvm::json::Object result{{"name", invocation.stem()},
                            {"threads", threads},
                            {"min_ms", times->least},
                            {"median_ms", times->median},
                            {"gflops", orNull(gflops)},
                            {"peak_gflops", peak},
                            {"peak_fraction", orNull(fraction)},
                            {"read_gbps", orNull(read)},
                            {"peak_gbps", jsonNumber(bandwidth)},
                            {"load_ms", loaded->loadSeconds * 1e3},
                            {"peak_bytes", *peakBytes}};
  if (!invocation.json)
    print(result);
  if (llvm::Error error = invocation.report(std::move(result)))
    return error;
  return kOk;
}
