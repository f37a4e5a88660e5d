//===- product_loops.cpp - what bounds the loop of a register product -----===//
//
// Fractions of the FMA peak that loops of multiply-adds reach with AVX-512: on registers alone,
// with the broadcasts of a product, with its panel, with both, for panels that lie in L1 and in L2,
// and by one or four steps a turn. Prints the best of many short runs; docs/Rationale/Products.md
// says what follows. To run:
//   clang++-22 -O3 -march=native -std=c++20 benchmarks/probes/product_loops.cpp -o /tmp/probe
//   taskset -c 0 /tmp/probe
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <immintrin.h>

/// Keeps a value in a register, unknown to the compiler.
static void pin(__m512 &value) { __asm__ volatile("" : "+v"(value)); }

/// `turns` times over `depth` steps of Rows x Vectors multiply-adds. What is not loaded stays in a
/// register.
template <int Rows, int Vectors, int Steps, bool Panel, bool Rowwise>
static void sum(const float *a, const float *panel, long depth, long turns, float *out) {
  __m512 sums[Rows][Vectors], fixed = _mm512_set1_ps(0.5f);
  for (auto &row : sums)
    for (__m512 &one : row)
      one = _mm512_setzero_ps();
  pin(fixed);
  for (long turn = 0; turn < turns; ++turn) {
#pragma clang loop unroll(disable)
    for (long k = 0; k < depth; k += Steps) {
      __asm__ volatile("" ::: "memory");
#pragma clang loop unroll(full)
      for (int step = 0; step < Steps; ++step) {
        const float *columns = panel + (k + step) * Vectors * 16;
        for (int row = 0; row < Rows; ++row) {
          __m512 scalar = Rowwise ? _mm512_set1_ps(a[(k + step) * Rows + row]) : fixed;
          for (int vector = 0; vector < Vectors; ++vector) {
            __m512 column = Panel ? _mm512_load_ps(columns + 16 * vector) : fixed;
            sums[row][vector] = _mm512_fmadd_ps(scalar, column, sums[row][vector]);
          }
        }
      }
    }
  }
  for (int row = 0; row < Rows; ++row)
    for (int vector = 0; vector < Vectors; ++vector)
      _mm512_storeu_ps(out + (row * Vectors + vector) * 16, sums[row][vector]);
}

/// Most operations a second, in 1e9.
template <int Rows, int Vectors, int Steps, bool Panel, bool Rowwise>
static double gflops(long depth) {
  static auto *a = static_cast<float *>(std::aligned_alloc(64, 1 << 20));
  static auto *panel = static_cast<float *>(std::aligned_alloc(64, 1 << 22));
  static float out[64 * 16];
  std::fill_n(a, (1 << 20) / sizeof(float), 0.01f);
  std::fill_n(panel, (1 << 22) / sizeof(float), 0.01f);
  long turns = std::max(1L, 40000 / depth);
  double best = 0;
  for (int attempt = 0; attempt < 60; ++attempt) {
    auto start = std::chrono::steady_clock::now();
    sum<Rows, Vectors, Steps, Panel, Rowwise>(a, panel, depth, turns, out);
    std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
    best = std::max(best, 2.0 * Rows * Vectors * 16 * depth * turns / spent.count() * 1e-9);
  }
  return best;
}

template <int Rows, int Vectors> static void row(double peak, long depth) {
  auto percent = [&](double rate) { return 100 * rate / peak; };
  std::printf("%4dx%-3d %6ld KiB %11.0f %11.0f %11.0f %11.0f\n", Rows, 16 * Vectors,
              depth * Vectors * 64 / 1024, percent(gflops<Rows, Vectors, 4, false, true>(depth)),
              percent(gflops<Rows, Vectors, 4, true, false>(depth)),
              percent(gflops<Rows, Vectors, 1, true, true>(depth)),
              percent(gflops<Rows, Vectors, 4, true, true>(depth)));
}

int main() {
  double peak = gflops<6, 4, 4, false, false>(96);
  std::printf("peak %.0f GFLOP/s; percent of it:\n", peak);
  std::printf("    tile      panel  broadcasts  panel only  both, 1 st.  both, 4 st.\n");
  for (long depth : {32, 96, 512, 2048}) {
    row<6, 4>(peak, depth);
    row<8, 3>(peak, depth);
    row<12, 2>(peak, depth);
  }
}
