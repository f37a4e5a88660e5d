//===- CopyTest.cpp - cp.async --------------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Runtime/Emulator/Kernels.h"

#include <numeric>

using namespace fovea::emulator;

TEST(Copy, has_landed_behind_the_wait) {
  // A pipeline of three stages: each thread copies 16 bytes a step, and reads those of another.
  std::vector<uint32_t> in(4 * 64 * 10), out(64);
  std::iota(in.begin(), in.end(), 1);
  for (uint64_t seed = 0; seed < 10; ++seed) {
    Launcher launcher;
    launcher.options.seed = seed;
    launcher.pass(in, false);
    launcher.pass(out);
    auto failure = launcher.run(
        [](fovea_thread *t, const int64_t *args) {
          uint32_t sum = 0;
          for (int step = -2; step < 10; ++step) {
            if (step >= 0) {
              t->emulator->wait_copies(t, 1, First);
              sync(t);
              sum += readShared<uint32_t>(t, step % 3 * 256 + 4 * (63 - t->thread), Second);
              sync(t);
            }
            if (int next = step + 2; next < 10)
              t->emulator->copy_async(t, sharedAt(t, next % 3 * 1024 + 16 * t->thread),
                                      pointerOf<uint32_t>(args[0]) + 256 * next + 4 * t->thread, 16,
                                      16, Third);
            t->emulator->commit_copies(t, Third);
          }
          writeGlobal(t, pointerOf<uint32_t>(args[1]) + t->thread, sum, Fourth);
        },
        {.threads = 64, .sharedBytes = 3072});
    ASSERT_FALSE(failure) << textOf(failure);
    for (uint32_t i = 0; i < 64; ++i)
      EXPECT_EQ(out[i], 10 * (4 * (63 - i) + 1) + 256 * 45);
  }
}

/// Copies `bytes`, of which `valid` are read: args are in, out, bytes, valid, whether to wait.
static void copyKernel(fovea_thread *t, const int64_t *args) {
  if (t->thread)
    return;
  t->emulator->copy_async(t, t->shared, pointerOf<uint32_t>(args[0]), int32_t(args[2]),
                          int32_t(args[3]), First);
  t->emulator->commit_copies(t, First);
  if (args[4])
    t->emulator->wait_copies(t, 0, First);
  for (int i = 0; i < 4; ++i)
    writeGlobal(t, pointerOf<uint32_t>(args[1]) + i, static_cast<uint32_t *>(t->shared)[i], Second);
}

TEST(Copy, fills_with_zeros) {
  const std::pair<int, int> sizes[] = {{16, 16}, {16, 4}, {16, 0}, {8, 3}, {4, 4}};
  for (auto [bytes, valid] : sizes) {
    std::vector<uint32_t> in(4, 0xaabbccdd), out(4);
    Launcher launcher;
    launcher.pass(in, false);
    launcher.pass(out);
    launcher.args.insert(launcher.args.end(), {bytes, valid, 1});
    auto failure = launcher.run(copyKernel, {.sharedBytes = 16});
    ASSERT_FALSE(failure) << textOf(failure);
    for (int i = 0; i < 16; ++i) {
      uint32_t got = out[size_t(i / 4)] >> 8 * (i % 4) & 255, in = 0xaabbccddu >> 8 * (i % 4) & 255;
      uint32_t poison = 0x7f817f81u >> 8 * (i % 4) & 255;
      EXPECT_EQ(got, i >= bytes ? poison : i >= valid ? 0 : in) << bytes << " " << valid;
    }
  }
}

TEST(Copy, lands_early_or_late_by_the_seed) {
  // A read that is not announced sees either the data or poison.
  int early = 0, late = 0;
  for (uint64_t seed = 0; seed < 40; ++seed) {
    std::vector<uint32_t> in(4, 5), out(4);
    Launcher launcher;
    launcher.options.seed = seed;
    launcher.pass(in, false);
    launcher.pass(out);
    launcher.args.insert(launcher.args.end(), {16, 16, 0});
    ASSERT_FALSE(launcher.run(copyKernel, {.sharedBytes = 16}));
    early += out == std::vector<uint32_t>(4, 5);
    late += out == std::vector<uint32_t>(4, 0x7f817f81);
  }
  EXPECT_EQ(early + late, 40);
  EXPECT_GT(early, 8);
  EXPECT_GT(late, 8);
}

TEST(Copy, is_not_touched_before_the_wait) {
  std::vector<uint32_t> in(4, 5);
  for (uint64_t seed = 0; seed < 6; ++seed) {
    Launcher launcher;
    launcher.options.seed = seed;
    launcher.pass(in, false);
    auto failure = launcher.run(
        [](fovea_thread *t, const int64_t *args) {
          if (t->thread)
            return;
          t->emulator->copy_async(t, t->shared, pointerOf<uint32_t>(args[0]), 16, 16, First);
          t->emulator->commit_copies(t, First);
          t->emulator->wait_copies(t, 1, Second);
          readShared<uint32_t>(t, 3, Third);
        },
        {.sharedBytes = 16});
    expectBroken(failure, Rule::InFlight,
                 {"thread 0: 'the third' reads 4 bytes at shared + 12, which belongs to a copy "
                  "that has not been waited for of thread 0 at 'the first'"});
  }
}

TEST(Copy, is_for_others_behind_a_barrier) {
  std::vector<uint32_t> in(4, 5);
  for (uint64_t seed = 0; seed < 6; ++seed) {
    Launcher launcher;
    launcher.options.seed = seed;
    launcher.pass(in, false);
    auto failure = launcher.run(
        [](fovea_thread *t, const int64_t *args) {
          sync(t);
          if (t->thread == 0) {
            t->emulator->copy_async(t, t->shared, pointerOf<uint32_t>(args[0]), 16, 16, First);
            t->emulator->commit_copies(t, First);
            t->emulator->wait_copies(t, 0, First);
          }
          t->emulator->vote(t, FOVEA_VOTE_ANY, allLanes, 0, Second);
          if (t->thread == 1)
            readShared<uint32_t>(t, 0, Third);
        },
        {.sharedBytes = 16});
    expectBroken(failure, Rule::Race,
                 {"thread 1: 'the third' reads 4 bytes at shared + 0, a race with a write of "
                  "thread 0 at 'the first'"});
  }
}

TEST(Copy, checks_sizes_alignment_and_bounds) {
  std::vector<uint32_t> in(5), out(4);
  auto run = [&](int64_t from, int64_t bytes, int64_t valid) {
    Launcher launcher;
    launcher.pass(in, false);
    launcher.pass(out);
    launcher.args[0] += from;
    launcher.args.insert(launcher.args.end(), {bytes, valid, 1});
    return launcher.run(copyKernel, {.sharedBytes = 8});
  };
  expectBroken(run(0, 12, 12), Rule::Copy, {"copies 12 of 12 bytes, expected at most 4, 8 or 16"});
  expectBroken(run(0, 8, 9), Rule::Copy, {"copies 9 of 8 bytes"});
  expectBroken(run(0, 16, 16), Rule::Bounds, {"writes 16 bytes at shared memory + 0"});
  expectBroken(run(16, 8, 8), Rule::Bounds,
               {"reads 8 bytes at argument 0 + 16, which has 20 bytes"});
  expectBroken(run(2, 4, 4), Rule::Alignment, {"4 bytes", "2 behind a multiple of 4"});
  expectBroken(run(2, 4, 0), Rule::Alignment, {"4 bytes", "2 behind a multiple of 4"});
}

TEST(Copy, left_by_one_block_is_nothing_to_the_next) {
  std::vector<uint32_t> in(4, 5);
  Launcher launcher;
  launcher.pass(in, false);
  auto failure = launcher.run(
      [](fovea_thread *t, const int64_t *args) {
        writeShared(t, t->thread % 4, 1, First);
        t->emulator->copy_async(t, sharedAt(t, 16), pointerOf<uint32_t>(args[0]), 16, 16, Second);
      },
      {.threads = 1, .blocks = 5, .sharedBytes = 32});
  EXPECT_FALSE(failure) << textOf(failure);
}
