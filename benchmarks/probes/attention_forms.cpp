//===- attention_forms.cpp - queries or keys on the lanes -----------------===//
//
// GFLOP/s of attention of one head in two forms, by loops of the same size with the same
// exponentials: transposed (queries on the lanes: queries are packed, keys and values are read a
// scalar at a time, rows' statistics are those of lanes) and classic (keys, then channels on the
// lanes: keys are packed, queries and weights are read a scalar at a time, rows' statistics are
// folded over lanes). Packing is part of both. To run:
//   clang++-22 -O3 -march=native -std=c++20 benchmarks/probes/attention_forms.cpp -o /tmp/probe
//   taskset -c 0 /tmp/probe
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <immintrin.h>

/// Vectors of a panel; rows of a tile with so many; keys of a block.
static constexpr long kVectors = 4, kBlock = 192;
static constexpr long rowsOf(long vectors) { return 24 / vectors; }

static float *fresh(long count) {
  return static_cast<float *>(std::aligned_alloc(64, size_t(count + 63) / 64 * 256));
}

/// 2^x for x <= 0, in steps of a polynomial; 0 below -126.
static __m512 exp2Of(__m512 x) {
  __m512 whole = _mm512_roundscale_ps(x, 0), part = _mm512_sub_ps(x, whole);
  __m512 sum = _mm512_set1_ps(1.339887440e-3f);
  for (float factor : {9.618437357e-3f, 5.550332547e-2f, 0.2402264791f, 0.6931472028f, 1.0f})
    sum = _mm512_fmadd_ps(sum, part, _mm512_set1_ps(factor));
  __mmask16 there = _mm512_cmp_ps_mask(x, _mm512_set1_ps(-126), _CMP_GE_OQ);
  return _mm512_maskz_scalef_ps(there, sum, whole);
}

/// sums[row][lane] = (isFirst ? 0 : sums) + sum over k of left(row, k) * panel[k][lane] for a tile;
/// `from` has element (row, k) at row * rowStride + k * step.
template <long Rows, long Vectors>
static void tile(const float *from, long rowStride, long step, const float *panel, long pitch,
                 long depth, float *sums, long sumPitch, bool isFirst) {
  __m512 sum[Rows][Vectors];
  for (long row = 0; row < Rows; ++row)
    for (long v = 0; v < Vectors; ++v)
      sum[row][v] = isFirst ? _mm512_setzero_ps() : _mm512_load_ps(sums + row * sumPitch + 16 * v);
#pragma clang loop unroll_count(2)
  for (long k = 0; k < depth; ++k)
    for (long row = 0; row < Rows; ++row) {
      __m512 scalar = _mm512_set1_ps(from[row * rowStride + k * step]);
      for (long v = 0; v < Vectors; ++v) {
        __m512 column = _mm512_load_ps(panel + k * pitch + 16 * v);
        sum[row][v] = _mm512_fmadd_ps(scalar, column, sum[row][v]);
      }
    }
  for (long row = 0; row < Rows; ++row)
    for (long v = 0; v < Vectors; ++v)
      _mm512_store_ps(sums + row * sumPitch + 16 * v, sum[row][v]);
}

/// All rows: in tiles of `Rows`, then of half as many.
template <long Vectors, long Rows = rowsOf(Vectors)>
static void tiles(const float *from, long rowStride, long step, const float *panel, long pitch,
                  long depth, float *sums, long sumPitch, long rows, bool isFirst) {
  long row = 0;
  for (; row + Rows <= rows; row += Rows)
    tile<Rows, Vectors>(from + row * rowStride, rowStride, step, panel, pitch, depth,
                        sums + row * sumPitch, sumPitch, isFirst);
  if constexpr (Rows > 1)
    if (row < rows)
      tiles<Vectors, Rows / 2>(from + row * rowStride, rowStride, step, panel, pitch, depth,
                               sums + row * sumPitch, sumPitch, rows - row, isFirst);
}

static float *queries, *keys, *values, *results, *packed, *weights, *sums, *statistics;

/// to[column][row] = from[row][column] for 16 of each.
static void turn(const float *from, long fromPitch, float *to, long toPitch) {
  __m512 rows[16], pairs[16];
  for (int i = 0; i < 16; ++i)
    rows[i] = _mm512_loadu_ps(from + i * fromPitch);
  for (int i = 0; i < 16; i += 2) {
    pairs[i] = _mm512_unpacklo_ps(rows[i], rows[i + 1]);
    pairs[i + 1] = _mm512_unpackhi_ps(rows[i], rows[i + 1]);
  }
  for (int i = 0; i < 16; i += 4)
    for (int half = 0; half < 2; ++half) {
      __m512d low = _mm512_castps_pd(pairs[i + half]), high = _mm512_castps_pd(pairs[i + half + 2]);
      rows[i + 2 * half] = _mm512_castpd_ps(_mm512_unpacklo_pd(low, high));
      rows[i + 2 * half + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(low, high));
    }
  for (int i = 0; i < 4; ++i) {
    __m512 a = _mm512_shuffle_f32x4(rows[i], rows[i + 4], 0x88),
           b = _mm512_shuffle_f32x4(rows[i], rows[i + 4], 0xdd),
           c = _mm512_shuffle_f32x4(rows[i + 8], rows[i + 12], 0x88),
           d = _mm512_shuffle_f32x4(rows[i + 8], rows[i + 12], 0xdd);
    _mm512_storeu_ps(to + i * toPitch, _mm512_shuffle_f32x4(a, c, 0x88));
    _mm512_storeu_ps(to + (i + 4) * toPitch, _mm512_shuffle_f32x4(b, d, 0x88));
    _mm512_storeu_ps(to + (i + 8) * toPitch, _mm512_shuffle_f32x4(a, c, 0xdd));
    _mm512_storeu_ps(to + (i + 12) * toPitch, _mm512_shuffle_f32x4(b, d, 0xdd));
  }
}

/// packed[k][lane] = rows[lane][k] for a panel.
static void pack(const float *rows, long depth, float *to, long lanes) {
  for (long lane = 0; lane < lanes; lane += 16)
    for (long k = 0; k < depth; k += 16)
      turn(rows + lane * depth + k, depth, to + k * lanes + lane, lanes);
}

/// Queries on the lanes. What is behind the last query is computed, and written behind the results.
template <long Vectors> static void transposed(long count, long length, long depth) {
  static constexpr long lanes = 16 * Vectors;
  for (long query = 0; query < count; query += lanes) {
    pack(queries + query * depth, depth, packed, lanes);
    float *largest = statistics, *total = statistics + lanes;
    std::fill_n(largest, lanes, -INFINITY), std::fill_n(total, lanes, 0.0f);
    for (long key = 0; key < length; key += kBlock) {
      long own = std::min(kBlock, length - key);
      tiles<Vectors>(keys + key * depth, depth, 1, packed, lanes, depth, weights, lanes, own, true);
      for (long v = 0; v < lanes; v += 16) {
        __m512 old = _mm512_load_ps(largest + v), now = old;
        for (long row = 0; row < own; ++row)
          now = _mm512_max_ps(now, _mm512_load_ps(weights + row * lanes + v));
        __m512 factor = exp2Of(_mm512_sub_ps(old, now));
        __m512 sum = _mm512_mul_ps(_mm512_load_ps(total + v), factor);
        for (long row = 0; row < own; ++row) {
          float *at = weights + row * lanes + v;
          __m512 weight = exp2Of(_mm512_sub_ps(_mm512_load_ps(at), now));
          _mm512_store_ps(at, weight), sum = _mm512_add_ps(sum, weight);
        }
        _mm512_store_ps(largest + v, now), _mm512_store_ps(total + v, sum);
        for (long row = 0; key && row < depth; ++row) {
          float *at = sums + row * lanes + v;
          _mm512_store_ps(at, _mm512_mul_ps(_mm512_load_ps(at), factor));
        }
      }
      tiles<Vectors>(values + key * depth, 1, depth, weights, lanes, own, sums, lanes, depth,
                     key == 0);
    }
    for (long v = 0; v < lanes; v += 16) {
      __m512 factor = _mm512_div_ps(_mm512_set1_ps(1), _mm512_load_ps(total + v));
      for (long row = 0; row < depth; ++row) {
        float *at = sums + row * lanes + v;
        _mm512_store_ps(at, _mm512_mul_ps(_mm512_load_ps(at), factor));
      }
      for (long row = 0; row < depth; row += 16)
        turn(sums + row * lanes + v, lanes, results + (query + v) * depth + row, depth);
    }
  }
}

/// Keys, then channels on the lanes; tasks of 48 queries. Keys are packed once.
static void classic(long count, long length, long depth) {
  static constexpr long rows = 48, lanes = 16 * kVectors;
  for (long key = 0; key < length; key += lanes)
    pack(keys + key * depth, depth, packed + key * depth, lanes);
  for (long query = 0; query < count; query += rows) {
    long own = std::min(rows, count - query);
    float *largest = statistics, *total = statistics + rows;
    std::fill_n(largest, rows, -INFINITY), std::fill_n(total, rows, 0.0f);
    for (long key = 0; key < length; key += kBlock) {
      long block = std::min(kBlock, length - key);
      for (long panel = 0; panel < block; panel += lanes)
        tiles<kVectors>(queries + query * depth, depth, 1, packed + (key + panel) * depth, lanes,
                        depth, weights + panel, kBlock, own, true);
      for (long row = 0; row < own; ++row) {
        float *at = weights + row * kBlock;
        __m512 most = _mm512_load_ps(at);
        for (long v = 16; v < block; v += 16)
          most = _mm512_max_ps(most, _mm512_load_ps(at + v));
        float now = std::max(largest[row], _mm512_reduce_max_ps(most));
        __m512 shift = _mm512_set1_ps(now), sum = _mm512_setzero_ps();
        for (long v = 0; v < block; v += 16) {
          __m512 weight = exp2Of(_mm512_sub_ps(_mm512_load_ps(at + v), shift));
          _mm512_store_ps(at + v, weight), sum = _mm512_add_ps(sum, weight);
        }
        __m512 factor = exp2Of(_mm512_set1_ps(largest[row] - now));
        total[row] = total[row] * _mm512_cvtss_f32(factor) + _mm512_reduce_add_ps(sum);
        largest[row] = now;
        for (long v = 0; key && v < depth; v += 16) {
          float *to = sums + row * depth + v;
          _mm512_store_ps(to, _mm512_mul_ps(_mm512_load_ps(to), factor));
        }
      }
      for (long channel = 0; channel < depth; channel += lanes)
        tiles<kVectors>(weights, kBlock, 1, values + key * depth + channel, depth, block,
                        sums + channel, depth, own, key == 0);
    }
    for (long row = 0; row < own; ++row)
      for (long k = 0; k < depth; ++k)
        results[(query + row) * depth + k] = sums[row * depth + k] * (1 / total[row]);
  }
}

template <typename Form> static double secondsOf(Form form, long count, long length, long depth) {
  auto start = std::chrono::steady_clock::now();
  form(count, length, depth);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

static void compare(long count, long length, long depth, float *expected) {
  double best[2] = {1e9, 1e9}, work = 4.0 * double(count) * double(length) * double(depth);
  long rounds = std::max(20L, long(2e9 / work));
  // With 32 lanes where they leave fewer idle.
  bool isNarrow = (count + 31) / 32 % 2 != 0;
  for (long round = 0; round < rounds; ++round) {
    best[0] = std::min(best[0], isNarrow ? secondsOf(transposed<2>, count, length, depth)
                                         : secondsOf(transposed<4>, count, length, depth));
    std::memcpy(expected, results, size_t(count * depth) * sizeof(float));
    best[1] = std::min(best[1], secondsOf(classic, count, length, depth));
  }
  float apart = 0;
  for (long i = 0; i < count * depth; ++i)
    apart = std::max(apart, std::abs(expected[i] - results[i]));
  std::printf("%7ld %4ld %3ld %12.1f %9.1f   %.2f  %.1e\n", count, length, depth,
              work / best[0] * 1e-9, work / best[1] * 1e-9, best[0] / best[1], double(apart));
}

int main() {
  static constexpr long most = 2048 * 128;
  for (float **buffer : {&queries, &keys, &values, &results, &packed, &weights, &sums})
    *buffer = fresh(most + kBlock * 128);
  statistics = fresh(2 * 16 * kVectors);
  float *expected = fresh(most);
  for (long i = 0; i < most; ++i) {
    queries[i] = 0.1f * float(i * 7919 % 23 - 11);
    keys[i] = 0.1f * float(i * 104729 % 29 - 14);
    values[i] = float(i * 1299709 % 31 - 15);
  }
  std::puts("queries keys   d   transposed   classic   GFLOP/s; ratio, largest difference");
  for (long depth : {64L, 128L}) {
    for (long length : {64L, 128L, 192L, 512L, 2048L})
      compare(length, length, depth, expected);
    for (long count : {17L, 20L, 24L, 30L, 33L, 40L, 48L})
      compare(count, 2048, depth, expected);
  }
}
