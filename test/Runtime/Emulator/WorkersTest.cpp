//===- WorkersTest.cpp - blocks on several threads of the system ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Runtime/Emulator/Kernels.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>
#include <thread>

using namespace fovea::emulator;

/// Runs each share on a thread of its own.
static void onThreads(void *, int64_t count, void (*share)(void *, int64_t), void *arg) {
  std::vector<std::thread> threads;
  for (int64_t i = 0; i < count; ++i)
    threads.emplace_back(share, arg, i);
  for (std::thread &thread : threads)
    thread.join();
}

/// A pool whose threads do not come.
static void byTheLeader(void *, int64_t, void (*share)(void *, int64_t), void *arg) {
  share(arg, 0);
}

static const Workers crews[] = {
    {}, {4, onThreads, nullptr}, {64, onThreads, nullptr}, {4, byTheLeader, nullptr}};

/// args: words of the order in which the lanes of each block came to an atomic operation.
static void lanesInTurn(fovea_thread *t, const int64_t *args) {
  if (t->thread == 0)
    writeShared(t, 0, 0, First);
  sync(t);
  uint64_t turn = t->emulator->atomic(t, FOVEA_ATOMIC_ADD, FOVEA_ATOMIC_U32, FOVEA_ATOMIC_RELAXED,
                                      FOVEA_SPACE_SHARED, t->shared, 1, 0, Second);
  writeGlobal(t, pointerOf<int32_t>(args[0]) + t->block * t->threads + int32_t(turn), t->thread,
              Third);
}

TEST(Workers, all_give_the_same_run) {
  constexpr int64_t blocks = 37, threads = 64;
  for (uint64_t seed : {0, 7}) {
    std::vector<int32_t> first;
    for (const Workers &workers : crews) {
      std::vector<int32_t> turns(blocks * threads, -1);
      Launcher launcher;
      launcher.options.seed = seed;
      launcher.workers = workers;
      launcher.pass(turns);
      auto failure =
          launcher.run(lanesInTurn, {.threads = threads, .blocks = blocks, .sharedBytes = 4});
      ASSERT_FALSE(failure) << textOf(failure);
      if (first.empty())
        first = turns;
      EXPECT_EQ(turns, first);
    }
    // The order in which threads run is not the same in all blocks.
    EXPECT_FALSE(std::equal(first.begin(), first.begin() + threads, first.begin() + threads));
  }
}

TEST(Workers, tell_of_the_lowest_block) {
  for (uint64_t seed = 0; seed < 10; ++seed)
    for (const Workers &workers : crews) {
      Launcher launcher;
      launcher.options.seed = seed;
      launcher.workers = workers;
      // In some blocks with copies and barriers under way, which the next launch must not find.
      for (int round = 0; round < 2; ++round)
        expectBroken(launcher.run(
                         [](fovea_thread *t, const int64_t *) {
                           sync(t);
                           if (t->block >= 11 && t->block % 3 == 2)
                             t->emulator->barrier(t, 1, t->thread == 5 ? 31 : 64, Second);
                         },
                         {.threads = 64, .blocks = 50}),
                     Rule::Barrier, {"block 11, thread 5: 'the second' is a barrier of 31"});
      auto failure = launcher.run([](fovea_thread *t, const int64_t *) { sync(t); },
                                  {.threads = 64, .blocks = 50});
      EXPECT_FALSE(failure) << textOf(failure);
    }
}

TEST(Workers, tell_of_a_deadlock_in_the_lowest_block) {
  for (const Workers &workers : crews) {
    Launcher launcher;
    launcher.workers = workers;
    expectBroken(launcher.run(
                     [](fovea_thread *t, const int64_t *) {
                       if (t->block >= 3)
                         t->emulator->barrier(t, t->thread < 32, 64, First);
                     },
                     {.threads = 64, .blocks = 20}),
                 Rule::Deadlock, {"of block 3 has 32 of 64 threads"});
  }
}

/// Records a fault in the blocks from args[0] on, the block's number as its value.
static void faultFrom(fovea_thread *t, const int64_t *args) {
  if (t->block < args[0])
    return;
  if (t->emulator->atomic(t, FOVEA_ATOMIC_COMPARE_EXCHANGE, FOVEA_ATOMIC_U32, FOVEA_ATOMIC_RELAXED,
                          FOVEA_SPACE_GLOBAL, &t->fault->taken, 1, 0, First) == 0)
    writeGlobal(t, &t->fault->value, int64_t(t->block), Second);
}

TEST(Workers, record_the_fault_of_the_lowest_block) {
  for (uint64_t seed = 0; seed < 5; ++seed)
    for (const Workers &workers : crews) {
      fovea_fault_record fault = {};
      Launcher launcher;
      launcher.options.seed = seed;
      launcher.workers = workers;
      launcher.fault = &fault;
      for (int64_t first : {100, 9, 4}) {
        launcher.args = {first};
        auto failure = launcher.run(faultFrom, {.threads = 32, .blocks = 20});
        ASSERT_FALSE(failure) << textOf(failure);
        // Those of launches before stay.
        EXPECT_EQ(fault.taken, first < 100);
        EXPECT_EQ(fault.value, first < 100 ? 9 : 0);
      }
    }
}

TEST(Workers, are_several_where_blocks_do_not_meet) {
  // By the threads of the system that the blocks ran on.
  auto used = [](bool atomics, bool checkBlocks) {
    static std::mutex mutex;
    static std::set<std::thread::id> ids;
    static std::atomic<int> waiting;
    ids.clear();
    waiting = 0;
    Launcher launcher;
    launcher.options.checkBlocks = checkBlocks;
    launcher.workers = {4, onThreads, nullptr};
    std::vector<int32_t> data(4);
    launcher.pass(data);
    launcher.args.push_back(atomics || checkBlocks);
    auto failure = launcher.run(
        [](fovea_thread *, const int64_t *args) {
          {
            std::lock_guard lock(mutex);
            ids.insert(std::this_thread::get_id());
          }
          // Nobody takes a second block before all have one.
          ++waiting;
          while (!args[1] && waiting < 4)
            std::this_thread::yield();
        },
        {.threads = 1, .blocks = 8, .atomics = atomics});
    EXPECT_FALSE(failure) << textOf(failure);
    return ids.size();
  };
  EXPECT_EQ(used(false, false), 4u);
  EXPECT_EQ(used(true, false), 1u);
  EXPECT_EQ(used(false, true), 1u);
}
