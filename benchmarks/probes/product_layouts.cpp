//===- product_layouts.cpp - products of the plain loop over real layouts -===//
//
// GFLOP/s of the 6x64 loop of a register product, four steps a turn, with its sums stored: scores
// of attention (rows of keys), weighted values (columns of values), and square products over
// panels, with rows where they lie and packed, and with panels inside blocks of rows and outside.
// What compiled code reaches beside it is in docs/Rationale. To run:
//   clang++-22 -O3 -march=native -std=c++20 benchmarks/probes/product_layouts.cpp -o /tmp/probe
//   taskset -c 0 /tmp/probe
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <immintrin.h>

/// Where element (row, k) of the left matrix lies.
enum class Left { packed, rows, columns };

static float *left, *panels, *sums;

template <Left Order>
static float element(const float *from, long row, long k, long depth, long stride) {
  if (Order == Left::packed)
    return from[row / 6 * 6 * depth + k * 6 + row % 6];
  return Order == Left::rows ? from[row * stride + k] : from[k * stride + row];
}

/// Strips of 6 rows against one panel of 64 columns.
template <Left Order>
static void multiply(const float *from, const float *panel, long depth, long rows, long stride) {
  for (long first = 0; first + 6 <= rows; first += 6) {
    __m512 sum[6][4];
    for (auto &row : sum)
      for (__m512 &one : row)
        one = _mm512_setzero_ps();
#pragma clang loop unroll(disable)
    for (long k = 0; k < depth; k += 4) {
      __asm__ volatile("" ::: "memory");
#pragma clang loop unroll(full)
      for (int step = 0; step < 4; ++step)
        for (int row = 0; row < 6; ++row) {
          __m512 scalar =
              _mm512_set1_ps(element<Order>(from, first + row, k + step, depth, stride));
          for (int vector = 0; vector < 4; ++vector)
            sum[row][vector] = _mm512_fmadd_ps(
                scalar, _mm512_load_ps(panel + (k + step) * 64 + 16 * vector), sum[row][vector]);
        }
    }
    for (int row = 0; row < 6; ++row)
      for (int vector = 0; vector < 4; ++vector)
        _mm512_storeu_ps(sums + ((first + row) * 4 + vector) * 16, sum[row][vector]);
  }
}

/// Best of many calls that have `operations` each.
template <typename Call> static double gflops(double operations, int attempts, Call call) {
  double best = 0;
  for (int attempt = 0; attempt < attempts; ++attempt) {
    auto start = std::chrono::steady_clock::now();
    call();
    std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
    best = std::max(best, operations / spent.count() * 1e-9);
  }
  return best;
}

template <Left Order> static double block(long depth, long rows, long stride) {
  return gflops(2.0 * 64 * depth * rows, 3000,
                [&] { multiply<Order>(left, panels, depth, rows, stride); });
}

/// A square product in blocks of 96 rows; panels inside a block of rows, or outside.
static double square(long size, bool inside) {
  long blocks = size / 96, count = size / 64;
  return gflops(2.0 * size * size * blocks * 96, size <= 512 ? 400 : 60, [&] {
    for (long task = 0; task < blocks * count; ++task) {
      long row = inside ? task / count : task % blocks,
           panel = inside ? task % count : task / blocks;
      multiply<Left::rows>(left + row * 96 * size, panels + panel * size * 64, size, 96, size);
    }
  });
}

int main() {
  constexpr size_t kBytes = 64 << 20;
  for (float **memory : {&left, &panels, &sums}) {
    *memory = static_cast<float *>(std::aligned_alloc(4096, kBytes));
    std::fill_n(*memory, kBytes / sizeof(float), 0.01f);
  }
  for (long depth : {64, 128})
    std::printf("scores, d %ld: packed %.0f, rows %.0f\n", depth,
                block<Left::packed>(depth, 96, depth), block<Left::rows>(depth, 96, depth));
  std::printf("values, d 64, 96 keys: packed %.0f, columns %.0f\n", block<Left::packed>(96, 60, 96),
              block<Left::columns>(96, 60, 64));
  for (long size : {512, 1024, 2048})
    std::printf("product %ld: rows inside panels %.0f, panels inside rows %.0f\n", size,
                square(size, false), square(size, true));
}
