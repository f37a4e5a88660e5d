//===- memory_requests.cpp - which requests of software a processor drops -===//
//
// Lines a second of 268 MB asked for by prefetches alone, which is above what memory can give where
// the processor drops them, beside those that are read; and reading with 4 to 8 multiply-adds a
// line, without prefetches and with one of them so many lines ahead. docs/Rationale/Attention.md
// says what follows. To run, where the processor has AVX-512:
//   clang++-22 -O3 -march=native -std=c++20 benchmarks/probes/memory_requests.cpp -o /tmp/probe
//   chrt -f 50 taskset -c 1 /tmp/probe
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <immintrin.h>
#include <sys/mman.h>
#include <vector>

static constexpr size_t kBytes = size_t(256) << 20, kLine = 64, kPage = size_t(2) << 20;

/// Keeps what was computed alive.
static volatile float sink;

template <typename Run> static void report(const char *what, Run run) {
  std::vector<double> seconds;
  for (int round = 0; round < 5; ++round) {
    auto start = std::chrono::steady_clock::now();
    run();
    std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    seconds.push_back(took.count());
  }
  std::sort(seconds.begin(), seconds.end());
  std::printf("%-44s %6.1f GB/s\n", what, kBytes / seconds[2] / 1e9);
}

template <int hint> static void ask(const char *data) {
  for (size_t at = 0; at < kBytes; at += kLine)
    _mm_prefetch(data + at, hint);
}

/// `work` multiply-adds a line, and a prefetch of the line `ahead` lines on unless 0.
template <int work, size_t ahead> static void read(const char *data) {
  __m512 sums[work];
  for (__m512 &sum : sums)
    sum = _mm512_setzero_ps();
  for (size_t at = 0; at < kBytes; at += 4 * kLine)
    for (size_t line = at; line < at + 4 * kLine; line += kLine) {
      if constexpr (ahead > 0)
        _mm_prefetch(data + line + ahead * kLine, _MM_HINT_T0);
      __m512 value = _mm512_load_ps(data + line);
      for (__m512 &sum : sums)
        sum = _mm512_fmadd_ps(value, value, sum);
    }
  for (__m512 sum : sums)
    sink = _mm512_reduce_add_ps(sum);
}

int main() {
  char *data = static_cast<char *>(std::aligned_alloc(kPage, kBytes + kPage));
  if (!data)
    return 1;
  madvise(data, kBytes + kPage, MADV_HUGEPAGE);
  std::memset(data, 0, kBytes + kPage);
  report("prefetcht0 alone", [&] { ask<_MM_HINT_T0>(data); });
  report("prefetcht1 alone", [&] { ask<_MM_HINT_T1>(data); });
  report("read, 4 multiply-adds a line", [&] { read<4, 0>(data); });
  report("read, 4, 32 lines ahead", [&] { read<4, 32>(data); });
  report("read, 4, 96 lines ahead", [&] { read<4, 96>(data); });
  report("read, 8 multiply-adds a line", [&] { read<8, 0>(data); });
  report("read, 8, 32 lines ahead", [&] { read<8, 32>(data); });
  report("read, 8, 96 lines ahead", [&] { read<8, 96>(data); });
  report("read, 8, 256 lines ahead", [&] { read<8, 256>(data); });
}
