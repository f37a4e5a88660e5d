//===- BarrierTest.cpp - barriers of a block ------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Runtime/Emulator/Kernels.h"

using namespace fovea::emulator;

TEST(Barrier, orders_what_the_threads_of_a_block_write_and_read) {
  std::vector<uint32_t> out(2 * 256);
  for (uint64_t seed = 0; seed < 5; ++seed) {
    Launcher launcher;
    launcher.options.seed = seed;
    launcher.pass(out);
    auto failure = launcher.run(
        [](fovea_thread *t, const int64_t *args) {
          for (uint32_t round = 0; round < 10; ++round) {
            writeShared(t, t->thread, uint32_t(t->thread) + round, First);
            sync(t);
            auto value = readShared<uint32_t>(t, (t->thread + 77) % t->threads, Second);
            sync(t);
            writeGlobal(t, pointerOf<uint32_t>(args[0]) + t->block * t->threads + t->thread, value,
                        Third);
          }
        },
        {.threads = 256, .blocks = 2, .sharedBytes = 1024});
    ASSERT_FALSE(failure) << textOf(failure);
    for (uint32_t i = 0; i < 512; ++i)
      EXPECT_EQ(out[i], (i + 77) % 256 + 9);
  }
}

TEST(Barrier, of_a_part_leaves_the_others_alone) {
  // Warps 0 and 1 meet at barrier 3 in each round, warps 2 and 3 at barrier 4.
  for (uint64_t seed = 0; seed < 5; ++seed) {
    Launcher launcher;
    launcher.options.seed = seed;
    auto failure = launcher.run(
        [](fovea_thread *t, const int64_t *) {
          int32_t half = t->thread / 64, rounds = half ? 7 : 4;
          for (int32_t round = 0; round < rounds; ++round) {
            writeShared(t, t->thread, round, First);
            t->emulator->barrier(t, 3 + half, 64, Second);
            readShared<int32_t>(t, t->thread ^ 63, Third);
            t->emulator->barrier(t, 3 + half, 64, Fourth);
          }
        },
        {.threads = 128, .sharedBytes = 512});
    EXPECT_FALSE(failure) << textOf(failure);
  }
}

TEST(Barrier, arrive_makes_a_producer_that_does_not_wait) {
  // Warp 0 fills a buffer for warp 1, which says when it may be filled again.
  for (uint64_t seed = 0; seed < 8; ++seed) {
    std::vector<int32_t> out(32);
    Launcher launcher;
    launcher.options.seed = seed;
    launcher.pass(out);
    auto failure = launcher.run(
        [](fovea_thread *t, const int64_t *args) {
          int32_t sum = 0;
          for (int32_t round = 0; round < 6; ++round) {
            if (t->thread < 32) {
              t->emulator->barrier(t, 1, 64, First);
              writeShared(t, t->thread, round * t->thread, Second);
              t->emulator->barrier_arrive(t, 2, 64, Second);
            } else {
              t->emulator->barrier_arrive(t, 1, 64, Third);
              t->emulator->barrier(t, 2, 64, Third);
              sum += readShared<int32_t>(t, 63 - t->thread, Fourth);
            }
          }
          if (t->thread >= 32)
            writeGlobal(t, pointerOf<int32_t>(args[0]) + 63 - t->thread, sum, Fourth);
        },
        {.threads = 64, .sharedBytes = 128});
    ASSERT_FALSE(failure) << textOf(failure);
    for (int32_t i = 0; i < 32; ++i)
      EXPECT_EQ(out[size_t(i)], 15 * i);
  }
}

TEST(Barrier, counts_a_warp_that_is_not_full_as_one) {
  Launcher launcher;
  auto failure = launcher.run(
      [](fovea_thread *t, const int64_t *) {
        writeShared(t, t->thread, 1, First);
        sync(t);
        readShared<int32_t>(t, 49 - t->thread, Second);
      },
      {.threads = 50, .sharedBytes = 256});
  EXPECT_FALSE(failure) << textOf(failure);
}

TEST(Barrier, wants_a_multiple_of_32_threads) {
  Launcher launcher;
  auto failure =
      launcher.run([](fovea_thread *t, const int64_t *) { t->emulator->barrier(t, 0, 40, Second); },
                   {.threads = 64});
  expectBroken(failure, Rule::Barrier,
               {"kernel 'sample', block 0, thread ", "'the second' is a barrier of 40 threads",
                "a multiple of 32 up to 64"});
  EXPECT_EQ(failure->site, Second);
  failure =
      launcher.run([](fovea_thread *t, const int64_t *) { t->emulator->barrier(t, 0, 96, Second); },
                   {.threads = 64});
  expectBroken(failure, Rule::Barrier, {"96 threads", "up to 64"});
}

TEST(Barrier, has_a_number_below_16) {
  Launcher launcher;
  auto failure = launcher.run(
      [](fovea_thread *t, const int64_t *) { t->emulator->barrier(t, 16, 32, First); }, {});
  expectBroken(failure, Rule::Barrier, {"'the first' names barrier 16, expected 0 to 15"});
}

TEST(Barrier, wants_the_same_count_of_all) {
  Launcher launcher;
  auto failure = launcher.run(
      [](fovea_thread *t, const int64_t *) {
        t->emulator->barrier(t, 2, t->thread < 32 ? 64 : 96, t->thread < 32 ? First : Second);
      },
      {.threads = 96});
  expectBroken(failure, Rule::Barrier, {"comes to barrier 2 of ", "which 'the ", "began with "});
}

TEST(Barrier, is_not_come_to_twice) {
  Launcher launcher;
  auto failure = launcher.run(
      [](fovea_thread *t, const int64_t *) {
        if (t->thread < 32) {
          t->emulator->barrier_arrive(t, 1, 64, First);
          t->emulator->barrier_arrive(t, 1, 64, Second);
        }
      },
      {.threads = 64});
  expectBroken(failure, Rule::Barrier, {"'the second' comes to barrier 1 again"});
}

TEST(Barrier, is_not_left_to_others) {
  for (uint64_t seed = 0; seed < 10; ++seed) {
    Launcher launcher;
    launcher.options.seed = seed;
    auto failure = launcher.run(
        [](fovea_thread *t, const int64_t *) {
          if (t->thread != 40)
            sync(t, Third);
        },
        {.threads = 64});
    expectBroken(failure, Rule::Barrier, {"'the third' waits at barrier 0 for 64 threads"});
  }
}
