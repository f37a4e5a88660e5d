//===- word_loops.cpp - peaks of dot and tile instructions ----------------===//
//
// Operations a second of AVX512-BF16 and AVX-512 VNNI dots on 24 sums in registers, and of AMX tile
// products on 2 x 2 tiles, on registers alone and with the loads of a product from L1 and L2,
// beside those of multiply-adds in f32. Prints the best of many short runs;
// docs/Rationale/Products.md says what follows. To run, where the processor has all of them:
//   clang++-22 -O3 -march=sapphirerapids -std=c++20 benchmarks/probes/word_loops.cpp -o /tmp/probe
//   chrt -f 50 taskset -c 1 /tmp/probe
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

static constexpr int kRounds = 300;
static constexpr long kSteps = 4000;

/// Most operations a second of a function that does `operations`, in 1e9.
template <typename Run> static double best(double operations, Run run) {
  double least = 1e9;
  for (int round = 0; round < kRounds; ++round) {
    auto start = std::chrono::steady_clock::now();
    run();
    std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    least = took.count() < least ? took.count() : least;
  }
  return operations / least / 1e9;
}

template <typename Type, typename Step> static void registers(Step step) {
  Type sums[24] = {};
  for (Type &sum : sums)
    __asm__ volatile("" : "+v"(sum));
  for (long turn = 0; turn < kSteps; ++turn)
    for (Type &sum : sums) {
      sum = step(sum);
      __asm__ volatile("" : "+v"(sum));
    }
}

struct alignas(64) Configuration {
  uint8_t palette = 1, start = 0, reserved[14] = {};
  uint16_t bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

/// 2 x 2 tiles over `steps` steps; the rows at a, the panel at b. Without loads from registers.
template <bool Loads, bool Bytes> static void tiles(const char *a, const char *b, long steps) {
  _tile_zero(0), _tile_zero(1), _tile_zero(2), _tile_zero(3);
  for (long step = 0; step < steps; ++step) {
    if (Loads) {
      _tile_loadd(4, a + 64 * step, 64 * steps);
      _tile_loadd(6, b + 2048 * step, 128);
      _tile_loadd(7, b + 2048 * step + 64, 128);
      _tile_loadd(5, a + 64 * (16 * steps + step), 64 * steps);
    }
    if (Bytes) {
      _tile_dpbssd(0, 4, 6), _tile_dpbssd(1, 4, 7), _tile_dpbssd(2, 5, 6), _tile_dpbssd(3, 5, 7);
    } else {
      _tile_dpbf16ps(0, 4, 6), _tile_dpbf16ps(1, 4, 7), _tile_dpbf16ps(2, 5, 6),
          _tile_dpbf16ps(3, 5, 7);
    }
  }
}

template <bool Loads, bool Bytes> static double tileRate(char *a, char *b, long steps) {
  long turns = kSteps / steps + 1;
  double operations = 2.0 * 32 * 32 * (Bytes ? 64 : 32) * double(steps * turns);
  return best(operations, [&] {
    for (long turn = 0; turn < turns; ++turn)
      tiles<Loads, Bytes>(a, b, steps);
  });
}

int main() {
  if (syscall(SYS_arch_prctl, 0x1023, 18) != 0) {
    std::fprintf(stderr, "the kernel gives no tiles to this process\n");
    return 1;
  }
  __m512 x = _mm512_set1_ps(0.5f);
  __m512i bytes = _mm512_set1_epi8(1);
  auto words = (__m512bh)_mm512_set1_epi16(0x3f80);
  double lanes = 2.0 * 16 * 24 * kSteps;
  double fma = best(
      lanes, [&] { registers<__m512>([&](__m512 sum) { return _mm512_fmadd_ps(x, x, sum); }); });
  double dots = best(2 * lanes, [&] {
    registers<__m512>([&](__m512 sum) { return _mm512_dpbf16_ps(sum, words, words); });
  });
  double vnni = best(4 * lanes, [&] {
    registers<__m512i>([&](__m512i sum) { return _mm512_dpbusd_epi32(sum, bytes, bytes); });
  });
  std::printf("f32 multiply-adds %.0f, bf16 dots %.0f, byte dots %.0f\n", fma, dots, vnni);
  Configuration configuration;
  _tile_loadconfig(&configuration);
  auto *a = static_cast<char *>(std::aligned_alloc(4096, 1 << 20)), *b = a + (1 << 19);
  std::memset(a, 0, 1 << 20);
  std::printf("bf16 tiles %.0f, byte tiles %.0f\n", tileRate<false, false>(a, b, 100),
              tileRate<false, true>(a, b, 100));
  // 4 KiB a step: 8 steps lie in L1, 64 in L2.
  for (long steps : {4, 8, 16, 32, 64, 96})
    std::printf("with loads of %3ld steps: bf16 %.0f, bytes %.0f\n", steps,
                tileRate<true, false>(a, b, steps), tileRate<true, true>(a, b, steps));
  _tile_release();
  std::free(a);
  return 0;
}
