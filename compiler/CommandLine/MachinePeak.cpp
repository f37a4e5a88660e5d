//===- MachinePeak.cpp - what this machine can do at most -----------------===//
//
// Loops with enough independent chains to hide latency, one version per register width.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/CommandLine/MachinePeak.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <immintrin.h>
#include <memory>
#include <thread>
#include <vector>

using namespace fovea::cli;

static constexpr int kRounds = 200000, kTries = 12;
static constexpr size_t kReadBytes = size_t(256) << 20;

/// 2 * lanes * chains operations a round; the sum keeps the loop alive.
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

__attribute__((target("avx512f"))) static float multiply512(int rounds) {
  return multiply<16, 20>(rounds);
}

__attribute__((target("avx2,fma"))) static float multiply256(int rounds) {
  return multiply<8, 12>(rounds);
}

static float multiplyPlain(int rounds) {
  float sums[12] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, total = 0;
  for (int round = 0; round < rounds; ++round)
    for (float &sum : sums)
      sum = sum * 0.999999f + 1e-7f;
  for (float sum : sums)
    total += sum;
  return total;
}

__attribute__((target("avx512f"))) static float read512(const float *data, size_t count) {
  __m512 sums[8];
  for (__m512 &sum : sums)
    sum = _mm512_setzero_ps();
  for (size_t at = 0; at + 128 <= count; at += 128)
    for (int chain = 0; chain < 8; ++chain)
      sums[chain] = _mm512_add_ps(sums[chain], _mm512_loadu_ps(data + at + 16 * chain));
  for (int chain = 1; chain < 8; ++chain)
    sums[0] = _mm512_add_ps(sums[0], sums[chain]);
  return _mm512_reduce_add_ps(sums[0]);
}

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

/// Runs `work(thread)` on all threads at once; seconds until the last is done.
template <typename Work> static double seconds(int threads, const Work &work) {
  auto start = std::chrono::steady_clock::now();
  std::vector<std::thread> others;
  for (int thread = 1; thread < threads; ++thread)
    others.emplace_back([&work, thread] { work(thread); });
  work(0);
  for (std::thread &other : others)
    other.join();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double fovea::cli::measurePeakGflops(int threads) {
  threads = std::max(threads, 1);
  __builtin_cpu_init();
  bool wide = __builtin_cpu_supports("avx512f");
  bool medium = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  Multiply widest = wide ? multiply512 : medium ? multiply256 : multiplyPlain;
  double operations = 2.0 * (wide ? 16 * 20 : medium ? 8 * 12 : 12) * kRounds * threads;
  std::vector<float> sink(threads);
  double best = 0;
  for (int attempt = 0; attempt < kTries; ++attempt)
    best = std::max(
        best, operations / seconds(threads, [&](int thread) { sink[thread] = widest(kRounds); }));
  // A use that the compiler cannot see through.
  asm volatile("" : : "r"(sink.data()) : "memory");
  return best * 1e-9;
}

double fovea::cli::measureReadGbps(int threads) {
  threads = std::max(threads, 1);
  __builtin_cpu_init();
  Read read = __builtin_cpu_supports("avx512f") ? read512 : readPlain;
  std::unique_ptr<void, decltype(&std::free)> memory(std::malloc(kReadBytes), std::free);
  if (!memory)
    return 0;
  // Pages of zeros that nobody wrote would all be one page.
  std::memset(memory.get(), 1, kReadBytes);
  const float *data = static_cast<const float *>(memory.get());
  size_t share = kReadBytes / sizeof(float) / threads;
  std::vector<float> sink(threads);
  double best = 0;
  for (int attempt = 0; attempt < 5; ++attempt)
    best = std::max(best, kReadBytes / seconds(threads, [&](int thread) {
                            sink[thread] = read(data + thread * share, share);
                          }));
  asm volatile("" : : "r"(sink.data()) : "memory");
  return best * 1e-9;
}
