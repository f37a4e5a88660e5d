//===- MbarrierTest.cpp - barriers in shared memory -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Runtime/Emulator/Kernels.h"

#include <numeric>

using namespace fovea::emulator;

static void *barrierAt(fovea_thread *t, int64_t index) {
  return static_cast<std::byte *>(t->shared) + 8 * index;
}

static void wait(fovea_thread *t, void *barrier, int32_t parity, Site site) {
  while (!t->emulator->mbarrier_try_wait(t, barrier, parity, site)) {
  }
}

/// Thread 0 makes `count` barriers for 32 arrivals each.
static void makeBarriers(fovea_thread *t, int64_t count) {
  if (t->thread == 0)
    for (int64_t i = 0; i < count; ++i)
      t->emulator->mbarrier_init(t, barrierAt(t, i), 32, First);
  sync(t);
}

TEST(Mbarrier, hands_two_buffers_from_a_warp_to_another) {
  // Barriers 0 and 1: full, 2 and 3: empty. Buffers begin at word 16.
  for (uint64_t seed = 0; seed < 10; ++seed) {
    std::vector<int32_t> out(32);
    Launcher launcher;
    launcher.options.seed = seed;
    launcher.pass(out);
    auto failure = launcher.run(
        [](fovea_thread *t, const int64_t *args) {
          makeBarriers(t, 4);
          int32_t sum = 0;
          for (int32_t step = 0; step < 12; ++step) {
            int32_t buffer = step % 2, parity = step / 2 % 2;
            if (t->thread < 32) {
              // The first wait is for the phase before the first, which counts as complete.
              wait(t, barrierAt(t, 2 + buffer), 1 - parity, Second);
              writeShared(t, 16 + 32 * buffer + t->thread, step * t->thread, Second);
              t->emulator->mbarrier_arrive(t, barrierAt(t, buffer), 0, Second);
            } else {
              wait(t, barrierAt(t, buffer), parity, Third);
              sum += readShared<int32_t>(t, 16 + 32 * buffer + 63 - t->thread, Third);
              t->emulator->mbarrier_arrive(t, barrierAt(t, 2 + buffer), 0, Third);
            }
          }
          if (t->thread >= 32)
            writeGlobal(t, pointerOf<int32_t>(args[0]) + 63 - t->thread, sum, Fourth);
        },
        {.threads = 64, .sharedBytes = 64 + 256});
    ASSERT_FALSE(failure) << textOf(failure);
    for (int32_t i = 0; i < 32; ++i)
      EXPECT_EQ(out[size_t(i)], 66 * i);
  }
}

TEST(Mbarrier, follows_copies) {
  std::vector<uint32_t> in(128), out(32);
  std::iota(in.begin(), in.end(), 0);
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Launcher launcher;
    launcher.options.seed = seed;
    launcher.pass(in, false);
    launcher.pass(out);
    auto failure = launcher.run(
        [](fovea_thread *t, const int64_t *args) {
          makeBarriers(t, 1);
          if (t->thread < 32) {
            t->emulator->copy_async(t, static_cast<std::byte *>(t->shared) + 16 + 16 * t->thread,
                                    pointerOf<uint32_t>(args[0]) + 4 * t->thread, 16, 16, Second);
            t->emulator->mbarrier_arrive_copies(t, t->shared, Second);
          } else {
            wait(t, t->shared, 0, Third);
            auto value = readShared<uint32_t>(t, 4 + 4 * (63 - t->thread), Third);
            writeGlobal(t, pointerOf<uint32_t>(args[1]) + t->thread - 32, value, Third);
          }
        },
        {.threads = 64, .sharedBytes = 16 + 512});
    ASSERT_FALSE(failure) << textOf(failure);
    for (uint32_t i = 0; i < 32; ++i)
      EXPECT_EQ(out[i], 4 * (31 - i));
  }
}

TEST(Mbarrier, does_not_order_what_comes_behind_the_arrival) {
  Launcher launcher;
  auto failure = launcher.run(
      [](fovea_thread *t, const int64_t *) {
        makeBarriers(t, 1);
        if (t->thread < 32) {
          t->emulator->mbarrier_arrive(t, t->shared, 0, Second);
          writeShared(t, 4 + t->thread, 1, Third);
        } else {
          wait(t, t->shared, 0, Second);
          readShared<int32_t>(t, 4 + t->thread - 32, Fourth);
        }
      },
      {.threads = 64, .sharedBytes = 256});
  expectBroken(failure, Rule::Race, {"a race with a "});
}

TEST(Mbarrier, is_initialized_before_it_is_used) {
  Launcher launcher;
  auto failure = launcher.run(
      [](fovea_thread *t, const int64_t *) {
        t->emulator->mbarrier_arrive(t, barrierAt(t, 2), 0, Second);
      },
      {.sharedBytes = 64});
  expectBroken(failure, Rule::Mbarrier,
               {"'the second' uses an mbarrier at shared + 16, where none has been initialized"});
  for (uint64_t seed = 0; seed < 10; ++seed) {
    launcher.options.seed = seed;
    failure = launcher.run(
        [](fovea_thread *t, const int64_t *) {
          if (t->thread == 0)
            t->emulator->mbarrier_init(t, t->shared, 1, First);
          t->emulator->vote(t, FOVEA_VOTE_ANY, allLanes, 0, Third);
          if (t->thread == 9)
            t->emulator->mbarrier_arrive(t, t->shared, 0, Second);
        },
        {.sharedBytes = 64});
    expectBroken(failure, Rule::Race,
                 {"thread 9: 'the second' uses the mbarrier at shared + 0 without a barrier since "
                  "'the first' of thread 0 initialized it"});
  }
}

/// Thread 0 does what args[0] says is wrong.
static void misuse(fovea_thread *t, const int64_t *args) {
  if (t->thread)
    return;
  const fovea_emulator &e = *t->emulator;
  e.mbarrier_init(t, t->shared, args[0] == 0 ? 0 : 1, First);
  if (args[0] == 1)
    e.mbarrier_init(t, t->shared, 1, Second);
  if (args[0] == 2)
    readShared<int32_t>(t, 1, Second);
  if (args[0] == 3)
    e.mbarrier_try_wait(t, t->shared, 2, Second);
  if (args[0] == 4)
    e.mbarrier_init(t, static_cast<std::byte *>(t->shared) + 12, 1, Second);
  if (args[0] == 5)
    e.mbarrier_arrive(t, t->shared, 1 << 20, Second);
  e.mbarrier_arrive(t, t->shared, 64, Second);
  e.mbarrier_arrive(t, t->shared, 0, Third);
}

TEST(Mbarrier, is_not_misused) {
  const std::pair<Rule, const char *> cases[] = {
      {Rule::Mbarrier, "'the first' gives an mbarrier 0 arrivals, expected 1 to 1048575"},
      {Rule::Mbarrier, "'the second' initializes the mbarrier at shared + 0, as 'the first'"},
      {Rule::InFlight, "reads 4 bytes at shared + 4, which belongs to the mbarrier"},
      {Rule::Mbarrier, "'the second' waits for parity 2, expected 0 or 1"},
      {Rule::Alignment, "'the second' uses 8 bytes at an address that is 4 behind"},
      {Rule::Mbarrier, "expect 1048576 bytes beside 0, at most 1048575"},
      {Rule::Mbarrier, "'the third' arrives at the mbarrier at shared + 0, to which all 1 "
                       "arrivals of its phase have come; it waits for 64 bytes"}};
  for (int64_t i = 0; i < 7; ++i) {
    Launcher launcher;
    launcher.args = {i};
    expectBroken(launcher.run(misuse, {.sharedBytes = 64}), cases[i].first, {cases[i].second});
  }
}

TEST(Mbarrier, a_wait_has_an_end_while_others_spin) {
  // Thread 0 asks two barriers in turn, of which only the second is arrived at, and then sets the
  // flag (word 4) on which thread 32 spins.
  for (uint64_t seed = 0; seed < 10; ++seed) {
    Launcher launcher;
    launcher.options.seed = seed;
    auto failure = launcher.run(
        [](fovea_thread *t, const int64_t *) {
          const fovea_emulator &e = *t->emulator;
          auto flag = [&](uint64_t bits) {
            return e.atomic(t, FOVEA_ATOMIC_OR, FOVEA_ATOMIC_U32, FOVEA_ATOMIC_ACQ_REL,
                            FOVEA_SPACE_SHARED, sharedAt(t, 16), bits, 0, Fourth);
          };
          if (t->thread == 0)
            writeShared(t, 4, 0, First);
          makeBarriers(t, 2);
          if (t->thread == 0) {
            while (!e.mbarrier_try_wait(t, barrierAt(t, 0), 0, Second) &&
                   !e.mbarrier_try_wait(t, barrierAt(t, 1), 0, Second)) {
            }
            flag(1);
          } else if (t->thread == 32) {
            while (!flag(0)) {
            }
          } else if (t->thread >= 64) {
            e.mbarrier_arrive(t, barrierAt(t, 1), 0, Third);
          }
        },
        {.threads = 96, .sharedBytes = 32});
    EXPECT_FALSE(failure) << textOf(failure);
  }
}

TEST(Mbarrier, that_nobody_arrives_at_is_a_deadlock) {
  Launcher launcher;
  auto failure = launcher.run(
      [](fovea_thread *t, const int64_t *) {
        makeBarriers(t, 1);
        if (t->thread < 5)
          t->emulator->mbarrier_arrive(t, t->shared, 0, Second);
        wait(t, t->shared, 0, Third);
      },
      {.threads = 64, .sharedBytes = 8});
  expectBroken(failure, Rule::Deadlock,
               {"kernel 'sample': deadlock: 64 threads: wait at 'the third', where the mbarrier at "
                "shared + 0 of block 0 has phase 0 open with 27 of 32 arrivals"});
}
