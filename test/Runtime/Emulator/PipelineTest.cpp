//===- PipelineTest.cpp - a product as a kernel of a GPU computes it ------===//
//
// C = A B^T in f16 with sums of f32, in tiles of 64 x 64 x 32 by four warps: two stages of copies,
// ldmatrix from rows that are swizzled, mma.sync. All the operations work together here, and a
// missing wait or barrier is found, whatever the seed.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Runtime/Emulator/Kernels.h"

#include <bit>

using namespace fovea::emulator;

namespace {
constexpr int tile = 64, depth = 32, threads = 128, rowBytes = 2 * depth;
constexpr int stageBytes = 2 * tile * rowBytes;

/// What may be left out.
enum Fault : int64_t { None, NoWait, NoBarrierBehindWait, NoBarrierBehindUse, WrongRow };

struct Arguments {
  const uint16_t *a, *b;
  float *c;
  int64_t n, k, fault;
};

/// Where the 16 bytes `chunk` of a row lie in its stage: neighbouring rows use other banks.
int64_t placeOf(int row, int chunk) { return row * rowBytes + ((chunk ^ (row / 2 % 4)) * 16); }

std::byte *stageOf(fovea_thread *t, int64_t step, bool ofB) {
  return static_cast<std::byte *>(t->shared) + step % 2 * stageBytes + (ofB ? stageBytes / 2 : 0);
}

/// Copies the tiles of a step: each thread two chunks of a and two of b.
void copyStep(fovea_thread *t, const Arguments &args, int64_t step) {
  int64_t tilesN = args.n / tile, row0 = t->block / tilesN * tile,
          column0 = t->block % tilesN * tile;
  for (int i = t->thread; i < 2 * tile * 4; i += threads) {
    bool ofB = i >= tile * 4;
    int row = i / 4 % tile, chunk = i % 4;
    const uint16_t *from =
        (ofB ? args.b + (column0 + row) * args.k : args.a + (row0 + row) * args.k) + step * depth +
        8 * chunk;
    t->emulator->copy_async(t, stageOf(t, step, ofB) + placeOf(row, chunk), from, 16, 16, First);
  }
}

/// A warp's 16 rows of a times all 64 rows of b.
void multiplyStep(fovea_thread *t, int64_t step, float (&sums)[8][4]) {
  const fovea_emulator &e = *t->emulator;
  int warp = t->thread / 32, lane = t->thread % 32;
  for (int k = 0; k < depth / 8; k += 2) {
    uint32_t a[4], b[2];
    // Matrices of a: rows 0 to 7 and 8 to 15 of the lower chunk, then of the upper.
    e.load_matrix(t, stageOf(t, step, false) + placeOf(16 * warp + lane % 16, k + lane / 16), 4, 0,
                  a, Second);
    for (int n = 0; n < 8; ++n) {
      e.load_matrix(t, stageOf(t, step, true) + placeOf(8 * n + lane % 8, k + lane / 8 % 2), 2, 0,
                    b, Second);
      e.multiply(t, FOVEA_MMA_M16N8K16_F16_F32, a, b, reinterpret_cast<uint32_t *>(sums[n]), Third);
    }
  }
}

void productKernel(fovea_thread *t, const int64_t *words) {
  const auto &args = *pointerOf<const Arguments>(words[0]);
  const fovea_emulator &e = *t->emulator;
  float sums[8][4] = {};
  int64_t steps = args.k / depth;
  copyStep(t, args, 0);
  e.commit_copies(t, First);
  for (int64_t step = 0; step < steps; ++step) {
    if (step + 1 < steps)
      copyStep(t, args, step + 1);
    e.commit_copies(t, First);
    e.wait_copies(t, args.fault == NoWait ? 2 : 1, First);
    if (args.fault != NoBarrierBehindWait)
      sync(t);
    multiplyStep(t, step, sums);
    if (args.fault != NoBarrierBehindUse)
      sync(t);
  }
  int warp = t->thread / 32, lane = t->thread % 32;
  int64_t tilesN = args.n / tile, row0 = t->block / tilesN * tile + 16 * warp + lane / 4;
  for (int n = 0; n < 8; ++n)
    for (int i = 0; i < 4; ++i) {
      int64_t row = row0 + 8 * (i / 2) + (args.fault == WrongRow ? 8 : 0);
      int64_t column = t->block % tilesN * tile + 8 * n + 2 * (lane % 4) + i % 2;
      writeGlobal(t, args.c + row * args.n + column, sums[n][i], Fourth);
    }
}

constexpr int64_t m = 128, n = 64, k = 128;
/// Elements of c, with some behind it that the kernel may not use.
constexpr size_t elements = (m + tile) * n;

/// Integers in [-4, 4) as f16, and as what they are.
int numberOf(int64_t i) { return int(uint32_t(i) * 2654435761u >> 29) - 4; }
uint16_t halfOf(int64_t i) {
  auto number = float(numberOf(i));
  auto bits = std::bit_cast<uint32_t>(number);
  return number == 0
             ? 0
             : uint16_t((bits >> 16 & 0x8000) | ((bits >> 23) - 112) << 10 | (bits >> 13 & 1023));
}

std::optional<Failure> multiply(uint64_t seed, int64_t fault, std::vector<float> &c) {
  std::vector<uint16_t> a(m * k), b(n * k);
  for (int64_t i = 0; i < m * k; ++i)
    a[size_t(i)] = halfOf(i);
  for (int64_t i = 0; i < n * k; ++i)
    b[size_t(i)] = halfOf(i + 5);
  Arguments arguments{a.data(), b.data(), c.data(), n, k, fault};
  Launcher launcher;
  launcher.options = {.seed = seed, .checkBlocks = true};
  launcher.pass(a, false);
  launcher.pass(b, false);
  launcher.pass(c);
  launcher.ranges.back().bytes = m * n * int64_t(sizeof(float));
  launcher.args = {int64_t(reinterpret_cast<intptr_t>(&arguments))};
  return launcher.run(
      productKernel,
      {.threads = threads, .blocks = m / tile * (n / tile), .sharedBytes = 2 * stageBytes});
}
} // namespace

TEST(Pipeline, multiplies) {
  for (uint64_t seed = 0; seed < 4; ++seed) {
    std::vector<float> c(elements);
    auto failure = multiply(seed, None, c);
    ASSERT_FALSE(failure) << textOf(failure);
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < n; ++j) {
        int want = 0;
        for (int64_t l = 0; l < k; ++l)
          want += numberOf(i * k + l) * numberOf(j * k + l + 5);
        ASSERT_EQ(c[size_t(i * n + j)], float(want)) << i << " " << j;
      }
  }
}

TEST(Pipeline, shows_what_is_left_out) {
  for (uint64_t seed = 0; seed < 10; ++seed) {
    std::vector<float> c(elements);
    expectBroken(multiply(seed, NoWait, c), Rule::InFlight,
                 {"'the second' reads 16 bytes", "a copy that has not been waited for"});
    auto failure = multiply(seed, NoBarrierBehindWait, c);
    ASSERT_TRUE(failure);
    EXPECT_TRUE(failure->rule == Rule::InFlight || failure->rule == Rule::Race) << failure->text;
    expectBroken(multiply(seed, NoBarrierBehindUse, c), Rule::Race,
                 {"'the first' writes 16 bytes at shared + ", "a race with a read of thread ",
                  " at 'the second'"});
    expectBroken(multiply(seed, WrongRow, c), Rule::Bounds,
                 {"'the fourth' writes 4 bytes at argument 2 + ", "has 32768 bytes"});
  }
}
