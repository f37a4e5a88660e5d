//===- MatrixTest.cpp - ldmatrix ------------------------------------------===//
//
// The PTX ISA: of a matrix, lane l receives of row l / 4 the columns 2 (l % 4) and the next;
// transposed, of column l / 4 the rows 2 (l % 4) and the next. Rows of matrix m are addressed by
// lanes 8 m to 8 m + 7.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Runtime/Emulator/Kernels.h"

using namespace fovea::emulator;

/// Element of matrix m, all different.
static uint32_t element(int m, int row, int column) {
  return uint32_t(1000 * m + 10 * row + column + 1);
}

/// Fills shared memory with 4 matrices whose rows lie 48 bytes apart, in reverse order, and loads
/// args[1] of them, transposed if args[2].
static void loadKernel(fovea_thread *t, const int64_t *args) {
  int m = t->thread / 8, row = t->thread % 8, place = 31 - t->thread;
  for (int column = 0; column < 8; ++column)
    writeShared(t, place * 24 + column, uint16_t(element(m, row, column)), First);
  sync(t);
  uint32_t words[4] = {};
  auto *address = static_cast<std::byte *>(t->shared) + place * 48;
  auto count = int32_t(args[1]);
  // Addresses of lanes behind the last matrix are not used.
  t->emulator->load_matrix(t, t->thread < 8 * count ? address : nullptr, count, int32_t(args[2]),
                           words, Second);
  for (int i = 0; i < 4; ++i)
    writeGlobal(t, pointerOf<uint32_t>(args[0]) + 4 * t->thread + i, words[i], Third);
}

TEST(Matrix, goes_to_the_lanes_of_the_fragment_table) {
  for (int count : {1, 2, 4})
    for (bool transposed : {false, true}) {
      std::vector<uint32_t> out(128);
      Launcher launcher;
      launcher.pass(out);
      launcher.args.insert(launcher.args.end(), {count, transposed});
      auto failure = launcher.run(loadKernel, {.sharedBytes = 32 * 48});
      ASSERT_FALSE(failure) << textOf(failure);
      for (int lane = 0; lane < 32; ++lane)
        for (int m = 0; m < 4; ++m) {
          int group = lane / 4, pair = 2 * (lane % 4);
          uint32_t low = transposed ? element(m, pair, group) : element(m, group, pair);
          uint32_t high = transposed ? element(m, pair + 1, group) : element(m, group, pair + 1);
          EXPECT_EQ(out[4 * lane + m], m < count ? low | high << 16 : 0)
              << "lane " << lane << " matrix " << m;
        }
    }
}

/// Loads one matrix whose rows are args[0] bytes apart and begin args[1] bytes behind the start.
static void strideKernel(fovea_thread *t, const int64_t *args) {
  uint32_t words[1];
  auto *row = static_cast<std::byte *>(t->shared) + args[1] + args[0] * (t->thread % 8);
  t->emulator->load_matrix(t, row, 1, 0, words, Second);
}

TEST(Matrix, has_aligned_rows) {
  Launcher launcher;
  launcher.args = {24, 0};
  expectBroken(launcher.run(strideKernel, {.sharedBytes = 256}), Rule::Alignment,
               {"thread 1: 'the second' uses 16 bytes at an address that is 8 behind a multiple "
                "of 16"});
}

TEST(Matrix, has_rows_within_shared_memory) {
  Launcher launcher;
  launcher.args = {32, 16};
  expectBroken(launcher.run(strideKernel, {.sharedBytes = 240}), Rule::Bounds,
               {"thread 7: 'the second' reads 16 bytes at shared memory + 240, which has 240 "
                "bytes"});
}

TEST(Matrix, is_read_behind_a_barrier) {
  Launcher launcher;
  auto failure = launcher.run(
      [](fovea_thread *t, const int64_t *) {
        auto *row = static_cast<std::byte *>(t->shared) + 16 * (t->thread % 8);
        writeShared(t, t->thread % 32, 1, First);
        uint32_t word;
        t->emulator->load_matrix(t, row, 1, 0, &word, Second);
      },
      {.sharedBytes = 128});
  expectBroken(failure, Rule::Race,
               {"'the second' reads 16 bytes at shared + ", "a race with a write of thread ",
                "at 'the first'"});
}

TEST(Matrix, is_one_instruction_for_all_lanes) {
  Launcher launcher;
  auto failure = launcher.run(
      [](fovea_thread *t, const int64_t *) {
        uint32_t word;
        t->emulator->load_matrix(t, t->shared, 1, 0, &word, t->thread < 16 ? First : Second);
      },
      {.sharedBytes = 128});
  expectBroken(failure, Rule::Warp, {"a load of matrices", "elsewhere in the code"});
  failure = launcher.run(
      [](fovea_thread *t, const int64_t *) {
        uint32_t words[2];
        t->emulator->load_matrix(t, t->shared, t->thread < 16 ? 1 : 2, 0, words, First);
      },
      {.sharedBytes = 128});
  expectBroken(failure, Rule::Warp, {"a load of matrices", "of another kind"});
}

TEST(Matrix, needs_a_full_warp_and_1_2_or_4_matrices) {
  Launcher launcher;
  auto kernel = [](fovea_thread *t, const int64_t *args) {
    uint32_t words[4];
    t->emulator->load_matrix(t, t->shared, int32_t(args[0]), 0, words, First);
  };
  launcher.args = {1};
  expectBroken(launcher.run(kernel, {.threads = 16, .sharedBytes = 128}), Rule::Warp,
               {"needs the 32 threads of a warp, this one has 16"});
  launcher.args = {3};
  expectBroken(launcher.run(kernel, {.sharedBytes = 128}), Rule::Warp,
               {"loads 3 matrices, expected 1, 2 or 4"});
}
