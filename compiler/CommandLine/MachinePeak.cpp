//===- MachinePeak.cpp - what this machine can do at most -----------------===//
//
// Loops with enough independent chains to hide latency, one version per register width.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/CommandLine/MachinePeak.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <sched.h>
#include <sys/mman.h>
#include <thread>
#include <vector>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

using namespace fovea::cli;

using Clock = std::chrono::steady_clock;

/// Between two looks at the clock: some 50 microseconds of either.
static constexpr int kRounds = 20000;
static constexpr size_t kReadFloats = size_t(128) << 10;
/// What is read again is so many floats long at least, and is read in pieces of at most so many:
/// each begins with an empty pipeline.
static constexpr size_t kReadAgainFloats = size_t(4) << 10, kReadAtOnceFloats = size_t(16) << 10;
/// Floats of a turn of the reading loop.
static constexpr size_t kTurnFloats = 128;
static constexpr size_t kReadBytes = size_t(256) << 20;

/// The sum keeps the loop alive.
using Multiply = float (*)(int rounds);
using Read = float (*)(const float *data, size_t count);

/// `chains` sums of `lanes` floats; becomes part of a function with registers for them.
template <int lanes, int chains> [[gnu::always_inline]] static inline float multiply(int rounds) {
  typedef float Vector __attribute__((vector_size(lanes * sizeof(float))));
  Vector sums[chains];
  for (Vector &sum : sums)
    sum = Vector{} + 1.0f;
  Vector factor = Vector{} + 0.999999f, term = Vector{} + 1e-7f;
  for (int round = 0; round < rounds; ++round)
#pragma clang loop unroll(full)
    for (int chain = 0; chain < chains; ++chain)
      sums[chain] = sums[chain] * factor + term;
  Vector total = sums[0];
  for (int chain = 1; chain < chains; ++chain)
    total += sums[chain];
  return total[0] + total[lanes - 1];
}

#if defined(__x86_64__)
__attribute__((target("avx512f"))) static float multiply512(int rounds) {
  return multiply<16, 20>(rounds);
}

__attribute__((target("avx2,fma"))) static float multiply256(int rounds) {
  return multiply<8, 12>(rounds);
}
#elif defined(__aarch64__)
static float multiplyNeon(int rounds) { return multiply<4, 24>(rounds); }
#endif

static float multiplyPlain(int rounds) {
  float sums[12] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, total = 0;
  for (int round = 0; round < rounds; ++round)
    for (float &sum : sums)
      sum = sum * 0.999999f + 1e-7f;
  for (float sum : sums)
    total += sum;
  return total;
}

#if defined(__x86_64__)
__attribute__((target("avx512f"))) static float read512(const float *data, size_t count) {
  __m512 sums[8];
  for (__m512 &sum : sums)
    sum = _mm512_setzero_ps();
  for (size_t at = 0; at + kTurnFloats <= count; at += kTurnFloats)
    for (int chain = 0; chain < 8; ++chain)
      sums[chain] = _mm512_add_ps(sums[chain], _mm512_loadu_ps(data + at + 16 * chain));
  for (int chain = 1; chain < 8; ++chain)
    sums[0] = _mm512_add_ps(sums[0], sums[chain]);
  return _mm512_reduce_add_ps(sums[0]);
}
#endif

static float readPlain(const float *data, size_t count) {
  float sums[16] = {};
  for (size_t at = 0; at + 16 <= count; at += 16)
    for (int lane = 0; lane < 16; ++lane)
      sums[lane] += data[at + lane];
  float total = 0;
  for (float sum : sums)
    total += sum;
  return total;
}

namespace {
/// A multiply-add loop and its operations a round.
struct MultiplyLoop {
  Multiply run;
  double operations;
};
} // namespace

static MultiplyLoop multiplyLoop(PeakCode code) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (code == PeakCode::widest && __builtin_cpu_supports("avx512f"))
    return {multiply512, 2.0 * 16 * 20};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return {multiply256, 2.0 * 8 * 12};
#elif defined(__aarch64__)
  if (code == PeakCode::widest)
    return {multiplyNeon, 2.0 * 4 * 24};
#endif
  return {multiplyPlain, 2.0 * 12};
}

static Read widestRead() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f"))
    return read512;
#endif
  return readPlain;
}

/// Puts the calling thread on the index-th processor that it may use. Where there are fewer, it
/// stays where it is.
static void pinToProcessor(int index) {
  cpu_set_t allowed, one;
  if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0)
    return;
  for (int processor = 0; processor < CPU_SETSIZE; ++processor)
    if (CPU_ISSET(processor, &allowed) && index-- == 0) {
      CPU_ZERO(&one);
      CPU_SET(processor, &one);
      sched_setaffinity(0, sizeof(one), &one);
      return;
    }
}

/// Threads that do one job at a time together. A job starts when all of them are awake: thread
/// creation and wake-ups take as long as a short measurement.
class PeakMeter::Team {
public:
  Team(int threads, PeakCode code)
      : loop(multiplyLoop(code)), count(std::max(threads, 1)), positions(count) {
    for (int thread = 0; thread < count; ++thread)
      members.emplace_back([this, thread] { serve(thread); });
  }

  ~Team() {
    work = nullptr;
    next();
    for (std::thread &member : members)
      member.join();
    if (data)
      munmap(data, kReadBytes);
  }

  int size() const { return count; }

  /// Where a thread reads next, in floats from the beginning of its share.
  size_t &position(int thread) { return positions[thread]; }

  /// Runs `job(thread)` on all threads; returns when the last is done.
  void run(std::function<void(int)> job) {
    work = std::move(job);
    awake = 0;
    done = 0;
    next();
    for (int now = done; now < count; now = done)
      done.wait(now);
  }

  /// Sum of the threads' rates, each of units a second: repeats `step(thread)`, which is worth
  /// `units`, until the time is over.
  double rate(double milliseconds, double units, const std::function<void(int)> &step) {
    std::vector<double> rates(count);
    run([&](int thread) {
      Clock::time_point start = Clock::now(), now = start;
      int64_t steps = 0;
      do {
        step(thread);
        ++steps;
        now = Clock::now();
      } while (std::chrono::duration<double, std::milli>(now - start).count() < milliseconds);
      rates[thread] = steps * units / std::chrono::duration<double>(now - start).count();
    });
    double sum = 0;
    for (double one : rates)
      sum += one;
    return sum;
  }

  /// Memory for all threads, written by those that read it; null when there is none.
  float *memory() {
    if (data)
      return data;
    void *made =
        mmap(nullptr, kReadBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (made == MAP_FAILED)
      return nullptr;
    madvise(made, kReadBytes, MADV_HUGEPAGE);
    data = static_cast<float *>(made);
    // Pages of zeros that nobody wrote would all be one page.
    run([this](int thread) { std::memset(data + thread * share(), 1, share() * sizeof(float)); });
    return data;
  }

  /// Floats of one thread, a multiple of what it reads at a time.
  size_t share() const { return kReadBytes / sizeof(float) / count / kReadFloats * kReadFloats; }

  const MultiplyLoop loop;

private:
  void next() {
    ++generation;
    generation.notify_all();
  }

  void serve(int thread) {
    pinToProcessor(thread);
    for (int seen = 0;;) {
      generation.wait(seen);
      seen = generation;
      if (!work)
        return;
      for (++awake; awake < count;)
        sched_yield();
      work(thread);
      if (++done == count)
        done.notify_all();
    }
  }

  const int count;
  std::vector<size_t> positions;
  std::function<void(int)> work;
  std::atomic<int> generation = 0, awake = 0, done = 0;
  float *data = nullptr;
  std::vector<std::thread> members;
};

PeakMeter::PeakMeter(int threads, PeakCode code) : team(std::make_unique<Team>(threads, code)) {}

PeakMeter::~PeakMeter() = default;

double PeakMeter::multiplyGflops(double milliseconds) {
  std::vector<float> sink(team->size());
  double rate = team->rate(milliseconds, team->loop.operations * kRounds,
                           [&](int thread) { sink[thread] = team->loop.run(kRounds); });
  // A use that the compiler cannot see through.
  asm volatile("" : : "r"(sink.data()) : "memory");
  return rate * 1e-9;
}

double PeakMeter::readGbps(double milliseconds) {
  const float *data = team->memory();
  if (!data)
    return 0;
  Read read = widestRead();
  std::vector<float> sink(team->size());
  double rate = team->rate(milliseconds, kReadFloats * sizeof(float), [&](int thread) {
    size_t &at = team->position(thread);
    sink[thread] = read(data + thread * team->share() + at, kReadFloats);
    at = (at + kReadFloats) % team->share();
  });
  asm volatile("" : : "r"(sink.data()) : "memory");
  return rate * 1e-9;
}

double PeakMeter::rereadGbps(double milliseconds, size_t bytes) {
  const float *data = team->memory();
  if (!data)
    return 0;
  Read read = widestRead();
  size_t floats = std::clamp(bytes / sizeof(float), kReadAgainFloats, team->share());
  size_t blocks = (floats + kReadAtOnceFloats - 1) / kReadAtOnceFloats;
  size_t block = floats / blocks / kTurnFloats * kTurnFloats;
  std::vector<float> sink(team->size());
  std::vector<char> backwards(team->size());
  double rate = team->rate(milliseconds, blocks * block * sizeof(float), [&](int thread) {
    const float *own = data + thread * team->share();
    for (size_t number = 0; number < blocks; ++number) {
      size_t at = backwards[thread] ? blocks - 1 - number : number;
      sink[thread] += read(own + at * block, block);
    }
    backwards[thread] ^= 1;
  });
  asm volatile("" : : "r"(sink.data()) : "memory");
  return rate * 1e-9;
}

/// The best of `slice()`, asked so often after one that wakes the processors up. Short slices find
/// moments that a busy machine leaves free.
template <typename Slice> static double bestOf(int slices, const Slice &slice) {
  double best = slice();
  for (int index = 0; index < slices; ++index)
    best = std::max(best, slice());
  return best;
}

double fovea::cli::measurePeakGflops(int threads, PeakCode code) {
  PeakMeter meter(threads, code);
  return bestOf(40, [&] { return meter.multiplyGflops(1); });
}

double fovea::cli::measureReadGbps(int threads) {
  PeakMeter meter(threads, PeakCode::widest);
  return bestOf(30, [&] { return meter.readGbps(5); });
}
