//===- ScheduleTest.cpp - order, deadlocks and cost of switches -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Runtime/Emulator/Kernels.h"

#include <chrono>
#include <csignal>
#include <set>

using namespace fovea::emulator;

/// Each thread of each block notes its turn.
static std::vector<uint32_t> turns(uint64_t seed, bool cooperative) {
  std::vector<uint32_t> out(1 + 4 * 64);
  Launcher launcher;
  launcher.options.seed = seed;
  launcher.pass(out);
  auto failure = launcher.run(
      [](fovea_thread *t, const int64_t *args) {
        auto *out = pointerOf<uint32_t>(args[0]);
        t->emulator->warp_barrier(t, allLanes, First);
        auto turn = uint32_t(t->emulator->atomic(t, FOVEA_ATOMIC_ADD, FOVEA_ATOMIC_U32,
                                                 FOVEA_ATOMIC_ACQ_REL, FOVEA_SPACE_GLOBAL, out, 1,
                                                 0, First));
        writeGlobal(t, out + 1 + t->block * t->threads + t->thread, turn, Second);
      },
      {.threads = 64, .blocks = 4, .cooperative = cooperative});
  EXPECT_FALSE(failure) << textOf(failure);
  return out;
}

TEST(Schedule, is_the_same_for_the_same_seed_and_another_for_another) {
  for (bool cooperative : {false, true}) {
    std::set<std::vector<uint32_t>> different;
    for (uint64_t seed = 0; seed < 10; ++seed) {
      EXPECT_EQ(turns(seed, cooperative), turns(seed, cooperative));
      different.insert(turns(seed, cooperative));
    }
    EXPECT_EQ(different.size(), 10u);
  }
}

TEST(Schedule, is_the_same_on_an_emulator_that_has_run_before) {
  std::vector<uint32_t> out(1);
  Launcher launcher;
  launcher.pass(out);
  auto kernel = [](fovea_thread *t, const int64_t *args) {
    // Who comes last wins.
    sync(t);
    *pointerOf<int32_t>(args[0]) = t->thread;
  };
  auto winner = [&](uint64_t seed) {
    launcher.options.seed = seed;
    EXPECT_FALSE(launcher.run(kernel, {.threads = 256}));
    return out[0];
  };
  std::vector<uint32_t> first, second;
  for (uint64_t seed = 0; seed < 8; ++seed)
    first.push_back(winner(seed));
  for (uint64_t seed = 0; seed < 8; ++seed)
    second.push_back(winner(seed));
  EXPECT_EQ(first, second);
  EXPECT_GT(std::set<uint32_t>(first.begin(), first.end()).size(), 3u);
}

TEST(Schedule, runs_every_block_once) {
  for (int64_t blocks : {1, 2, 3, 64, 1000}) {
    std::vector<uint32_t> out(static_cast<size_t>(blocks), 0);
    Launcher launcher;
    launcher.pass(out);
    auto failure = launcher.run(
        [](fovea_thread *t, const int64_t *args) {
          ++pointerOf<uint32_t>(args[0])[t->block];
          EXPECT_EQ(t->threads, 1);
        },
        {.threads = 1, .blocks = blocks});
    EXPECT_FALSE(failure) << textOf(failure);
    EXPECT_EQ(out, std::vector<uint32_t>(size_t(blocks), 1));
  }
}

TEST(Schedule, says_who_waits_where_in_a_deadlock) {
  Launcher launcher;
  auto failure = launcher.run(
      [](fovea_thread *t, const int64_t *) {
        if (t->thread < 32)
          t->emulator->barrier(t, 1, 64, First);
        else if (t->thread < 64)
          t->emulator->barrier(t, 2, 64, Second);
        else if (t->thread < 80)
          t->emulator->warp_barrier(t, allLanes, Third);
        else if (t->thread < 96)
          t->emulator->barrier(t, 3, 96, Fourth);
      },
      {.threads = 128});
  expectBroken(failure, Rule::Deadlock,
               {"kernel 'sample': deadlock: 32 threads: wait at 'the first', where barrier 1 of "
                "block 0 has 32 of 64 threads; 32 threads: wait at 'the second', where barrier 2 "
                "of block 0 has 32 of 64 threads; 16 threads: wait at 'the third' for lanes "
                "0xffff0000 of warp 2 of block 0; 16 threads: wait at 'the fourth', where barrier "
                "3 of block 0 has 16 of 96 threads; 32 threads: have ended"});
  EXPECT_EQ(failure->thread, -1);
}

TEST(Schedule, of_blocks_that_wait_for_each_other_only_ends_in_a_cooperative_launch) {
  // Block 0 waits for a word that block 1 writes, and the other way round.
  for (bool cooperative : {false, true}) {
    std::vector<uint32_t> out(2);
    Launcher launcher;
    launcher.pass(out);
    auto failure = launcher.run(
        [](fovea_thread *t, const int64_t *args) {
          auto *flags = pointerOf<uint32_t>(args[0]);
          auto flag = [&](int32_t block, uint64_t bits) {
            return t->emulator->atomic(t, FOVEA_ATOMIC_OR, FOVEA_ATOMIC_U32, FOVEA_ATOMIC_ACQ_REL,
                                       FOVEA_SPACE_GLOBAL, flags + block, bits, 0, First);
          };
          flag(t->block, 1);
          while (!flag(1 - t->block, 0)) {
          }
        },
        {.threads = 1, .blocks = 2, .cooperative = cooperative});
    if (cooperative)
      EXPECT_FALSE(failure) << textOf(failure);
    else
      expectBroken(failure, Rule::Deadlock, {"1 thread: poll at 'the first'"});
  }
}

TEST(Schedule, keeps_what_abandoned_threads_had) {
  // A broken rule leaves other threads in the middle of their work; the next launch is as new.
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Launcher launcher;
    launcher.options.seed = seed;
    EXPECT_TRUE(launcher.run(
        [](fovea_thread *t, const int64_t *) {
          if (t->thread < 32)
            t->emulator->warp_barrier(t, allLanes, First);
          sync(t);
          t->emulator->barrier(t, 0, t->thread == 77 ? 32 : 128, Second);
        },
        {.threads = 128}));
    EXPECT_FALSE(launcher.run([](fovea_thread *t, const int64_t *) { sync(t); }, {.threads = 128}));
  }
}

#ifndef FOVEA_TEST_SANITIZED
static int64_t recurse(int64_t depth) {
  volatile int64_t values[64] = {depth};
  return depth ? recurse(depth - 1) + values[depth % 64] : 0;
}

TEST(Schedule, a_stack_that_overflows_ends_the_process) {
  // Not the memory below it, which is another thread's stack.
  Launcher launcher;
  launcher.args = {1 << 20};
  fovea_emulated_kernel kernel = [](fovea_thread *t, const int64_t *args) {
    if (t->thread == 1)
      recurse(args[0]);
  };
  EXPECT_EXIT(launcher.run(kernel, {.threads = 2}), testing::KilledBySignal(SIGSEGV), "");
}
#endif

TEST(Schedule, switches_a_million_times_in_less_than_a_second) {
  Launcher launcher;
  auto kernel = [](fovea_thread *t, const int64_t *) {
    for (int i = 0; i < 4096; ++i)
      t->emulator->warp_barrier(t, allLanes, First);
  };
  auto begin = std::chrono::steady_clock::now();
  auto failure = launcher.run(kernel, {.threads = 256});
  std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
  ASSERT_FALSE(failure) << textOf(failure);
  EXPECT_GT(launcher.emulator.switches(), 1000000);
  RecordProperty("nanoseconds_a_switch",
                 int(time.count() * 1e9 / double(launcher.emulator.switches())));
#ifndef FOVEA_TEST_SANITIZED
  EXPECT_LT(time.count(), 1);
#endif
}
