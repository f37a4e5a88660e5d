//===- RaceTest.cpp - races in shared memory ------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Runtime/Emulator/Kernels.h"

using namespace fovea::emulator;

static constexpr Shape small = {.threads = 64, .sharedBytes = 512};

/// Runs a kernel under some seeds; under each the same must come of it.
static void expectRace(fovea_emulated_kernel code, std::initializer_list<const char *> parts) {
  for (uint64_t seed = 0; seed < 6; ++seed) {
    Launcher launcher;
    launcher.options.seed = seed;
    expectBroken(launcher.run(code, small), Rule::Race, parts);
  }
}

static void expectNone(fovea_emulated_kernel code) {
  for (uint64_t seed = 0; seed < 6; ++seed) {
    Launcher launcher;
    launcher.options.seed = seed;
    auto failure = launcher.run(code, small);
    EXPECT_FALSE(failure) << textOf(failure);
  }
}

TEST(Race, write_and_read_without_a_barrier) {
  expectRace(
      [](fovea_thread *t, const int64_t *) {
        writeShared(t, t->thread, 1, First);
        readShared<int32_t>(t, t->thread ^ 32, Second);
      },
      {"kernel 'sample', block 0, thread ", "4 bytes at shared + ", "a race with a ", " of thread ",
       " at 'the "});
}

TEST(Race, read_and_write_without_a_barrier) {
  // The barrier behind the reads is missing.
  expectRace(
      [](fovea_thread *t, const int64_t *) {
        writeShared(t, t->thread, 1, First);
        sync(t);
        readShared<int32_t>(t, (t->thread + 1) % 64, Second);
        writeShared(t, t->thread, 2, Third);
      },
      {"a race with a "});
}

TEST(Race, write_and_write) {
  expectRace([](fovea_thread *t, const int64_t *) { writeShared(t, t->thread % 63, 1, First); },
             {"'the first' writes 4 bytes at shared + 0, a race with a write of thread ",
              "at 'the first'"});
}

TEST(Race, shuffles_and_votes_order_nothing) {
  expectRace(
      [](fovea_thread *t, const int64_t *) {
        if (t->thread == 2)
          writeShared(t, 0, 1, First);
        t->emulator->vote(t, FOVEA_VOTE_ANY, allLanes, 0, Third);
        if (t->thread == 3)
          readShared<int32_t>(t, 0, Second);
      },
      {"thread 3: 'the second' reads 4 bytes at shared + 0, a race with a write of thread 2 at "
       "'the first'"});
}

TEST(Race, a_barrier_of_a_warp_does_not_order_another) {
  expectRace(
      [](fovea_thread *t, const int64_t *) {
        if (t->thread == 2)
          writeShared(t, 0, 1, First);
        t->emulator->warp_barrier(t, allLanes, Third);
        if (t->thread == 33)
          readShared<int32_t>(t, 0, Second);
      },
      {"a race with a "});
}

TEST(Race, an_arrival_does_not_order_what_the_arriving_reads) {
  // Warp 0 arrives and reads on; warp 1 waits and writes: the read may come late.
  expectRace(
      [](fovea_thread *t, const int64_t *) {
        if (t->thread < 32) {
          t->emulator->barrier_arrive(t, 1, 64, First);
          readShared<int32_t>(t, t->thread, Second);
        } else {
          t->emulator->barrier(t, 1, 64, First);
          writeShared(t, t->thread - 32, 1, Third);
        }
      },
      {"a race with a "});
}

TEST(Race, of_narrow_accesses_is_by_the_byte) {
  expectNone([](fovea_thread *t, const int64_t *) {
    writeShared(t, t->thread, uint16_t(1), First);
    writeShared(t, 256 + t->thread, uint8_t(1), First);
    sync(t);
    readShared<uint64_t>(t, t->thread / 4, Second);
  });
  expectRace(
      [](fovea_thread *t, const int64_t *) {
        writeShared(t, 64 + t->thread, 1, First);
        sync(t);
        writeShared(t, t->thread, uint16_t(1), Second);
        if (t->thread == 60)
          readShared<uint32_t>(t, 5, Third);
      },
      {" of thread ", "at 'the "});
}

TEST(Race, is_remembered_where_cells_become_smaller) {
  expectRace(
      [](fovea_thread *t, const int64_t *) {
        if (t->thread == 0)
          writeShared(t, 7, 1, First);
        t->emulator->vote(t, FOVEA_VOTE_ANY, allLanes, 0, Third);
        if (t->thread == 1)
          readShared<uint8_t>(t, 30, Second);
      },
      {"thread 1: 'the second' reads 1 bytes at shared + 30, a race with a write of thread 0"});
}

TEST(Race, none_where_knowledge_goes_over_a_third) {
  // Warp 0 tells warp 1 by barrier 1, warp 1 tells warp 0's other lanes by barrier 2.
  expectNone([](fovea_thread *t, const int64_t *) {
    if (t->thread == 5)
      writeShared(t, 0, 1, First);
    if (t->thread < 32)
      t->emulator->barrier_arrive(t, 1, 64, Second);
    else
      t->emulator->barrier(t, 1, 64, Second);
    if (t->thread < 32)
      t->emulator->barrier(t, 2, 64, Third);
    else
      t->emulator->barrier_arrive(t, 2, 64, Third);
    if (t->thread != 5 && t->thread < 32)
      readShared<int32_t>(t, 0, Fourth);
  });
}

TEST(Race, none_among_threads_that_only_read) {
  expectNone([](fovea_thread *t, const int64_t *) {
    if (t->thread == 0)
      writeShared(t, 0, 1, First);
    sync(t);
    for (int i = 0; i < 3; ++i)
      readShared<int32_t>(t, 0, Second);
  });
}

TEST(Race, none_between_blocks) {
  Launcher launcher;
  auto failure = launcher.run(
      [](fovea_thread *t, const int64_t *) {
        writeShared(t, (t->thread + t->block) % 32, t->block, First);
      },
      {.blocks = 20, .sharedBytes = 128});
  EXPECT_FALSE(failure) << textOf(failure);
}

TEST(Race, is_not_looked_for_when_memory_is_not_checked) {
  Launcher launcher;
  launcher.options.checkMemory = false;
  auto failure = launcher.run(
      [](fovea_thread *t, const int64_t *) { writeShared(t, 0, t->thread, First); }, small);
  EXPECT_FALSE(failure) << textOf(failure);
}

TEST(Race, of_one_launch_is_nothing_to_the_next) {
  Launcher launcher;
  fovea_emulated_kernel racy = [](fovea_thread *t, const int64_t *) {
    writeShared(t, 0, t->thread, First);
  };
  expectBroken(launcher.run(racy, small), Rule::Race, {});
  auto failure = launcher.run(
      [](fovea_thread *t, const int64_t *) {
        writeShared(t, t->thread, 1, First);
        sync(t);
        readShared<int32_t>(t, 63 - t->thread, Second);
      },
      small);
  EXPECT_FALSE(failure) << textOf(failure);
  expectBroken(launcher.run(racy, small), Rule::Race, {});
}
