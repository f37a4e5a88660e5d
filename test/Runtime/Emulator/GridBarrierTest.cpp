//===- GridBarrierTest.cpp - cooperative launches -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Runtime/Emulator/Kernels.h"

#include <numeric>

using namespace fovea::emulator;

/// args[last]: the counter of the barrier of all blocks.
static void waitForGrid(fovea_thread *t, const int64_t *args, Site site, int last = 0) {
  t->emulator->grid_barrier(t, pointerOf<uint32_t>(args[last]), site);
}

TEST(GridBarrier, makes_all_blocks_go_step_by_step) {
  // A rotation of 4 x 64 values by 37 places in each of 9 steps, between two buffers.
  for (uint64_t seed = 0; seed < 5; ++seed) {
    std::vector<int32_t> data(2 * 256);
    std::iota(data.begin(), data.begin() + 256, 0);
    Launcher launcher;
    launcher.options.seed = seed;
    launcher.options.checkBlocks = true;
    launcher.pass(data);
    std::vector<uint32_t> counter(1);
    launcher.pass(counter);
    auto failure = launcher.run(
        [](fovea_thread *t, const int64_t *args) {
          auto *data = pointerOf<int32_t>(args[0]);
          int32_t own = t->block * t->threads + t->thread;
          for (int32_t step = 0; step < 9; ++step) {
            auto value = readGlobal(t, data + step % 2 * 256 + (own + 37) % 256, First);
            writeGlobal(t, data + (step + 1) % 2 * 256 + own, value, Second);
            waitForGrid(t, args, Third, 1);
          }
        },
        {.threads = 64, .blocks = 4, .cooperative = true});
    ASSERT_FALSE(failure) << textOf(failure);
    for (int32_t i = 0; i < 256; ++i)
      EXPECT_EQ(data[size_t(256 + i)], (i + 9 * 37) % 256);
    // Nine barriers, each of which changes the upper bit.
    EXPECT_EQ(counter[0], uint32_t(1) << 31);
  }
}

TEST(GridBarrier, orders_shared_memory_too) {
  std::vector<uint32_t> counter(1);
  Launcher launcher;
  launcher.pass(counter);
  auto failure = launcher.run(
      [](fovea_thread *t, const int64_t *args) {
        writeShared(t, t->thread, t->block, First);
        waitForGrid(t, args, Second);
        EXPECT_EQ(readShared<int32_t>(t, 63 - t->thread, Third), t->block);
      },
      {.threads = 64, .blocks = 3, .sharedBytes = 256, .cooperative = true});
  EXPECT_FALSE(failure) << textOf(failure);
}

TEST(GridBarrier, is_for_cooperative_launches) {
  std::vector<uint32_t> counter(1);
  Launcher launcher;
  launcher.pass(counter);
  auto failure = launcher.run(
      [](fovea_thread *t, const int64_t *args) { waitForGrid(t, args, Second); }, {.blocks = 2});
  expectBroken(failure, Rule::Barrier,
               {"'the second' is a barrier of the grid, in a kernel that is not cooperative"});
}

TEST(GridBarrier, is_not_left_to_others) {
  // Whether the others have come by then depends on the seed.
  int after = 0, before = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    std::vector<uint32_t> counter(1);
    Launcher launcher;
    launcher.options.seed = seed;
    launcher.pass(counter);
    auto failure = launcher.run(
        [](fovea_thread *t, const int64_t *args) {
          if (t->block != 1 || t->thread != 3)
            waitForGrid(t, args, Second);
        },
        {.threads = 16, .blocks = 2, .cooperative = true});
    expectBroken(failure, Rule::Barrier, {"'the second' "});
    after += textOf(failure).find("waits for the grid's 32 threads, of which 1 have ended") !=
             std::string::npos;
    before += textOf(failure).find("block 1, thread 3: 'the second' is a barrier of the grid "
                                   "where ") != std::string::npos;
  }
  EXPECT_GT(after, 0);
  EXPECT_GT(before, 0);
  EXPECT_EQ(after + before, 200);
}

/// Blocks write their own word and, with args[1], read that of the next one.
static void neighbourKernel(fovea_thread *t, const int64_t *args) {
  auto *data = pointerOf<int32_t>(args[0]);
  writeGlobal(t, data + t->block, 1, First);
  if (args[1] == 1)
    readGlobal(t, data + (t->block + 1) % t->blocks, Second);
  if (args[1] == 2)
    writeGlobal(t, data + t->blocks, 1, Third);
}

TEST(GridBarrier, counts_in_one_word_that_is_zero) {
  auto run = [](uint32_t start, int64_t apart) {
    std::vector<uint32_t> counters(2, start);
    Launcher launcher;
    launcher.pass(counters);
    launcher.args.push_back(apart);
    return launcher.run(
        [](fovea_thread *t, const int64_t *args) {
          t->emulator->grid_barrier(t, pointerOf<uint32_t>(args[0]) + args[1] * t->block, Second);
        },
        {.threads = 32, .blocks = 2, .cooperative = true});
  };
  EXPECT_FALSE(run(0, 0));
  // An odd number of barriers has been before.
  EXPECT_FALSE(run(uint32_t(1) << 31, 0));
  expectBroken(run(3, 0), Rule::Barrier,
               {"'the second' counts blocks in a word that holds 3 and not 0 where none has come"});
  expectBroken(run(0, 1), Rule::Barrier,
               {"counts blocks in another word than threads that wait there"});
  expectBroken(run(0, 2), Rule::Bounds, {"writes 4 bytes at argument 0 + 8"});
}

TEST(Blocks, must_not_use_what_others_write) {
  for (bool cooperative : {false, true})
    for (int64_t fault : {0, 1, 2}) {
      std::vector<int32_t> data(5);
      Launcher launcher;
      launcher.options.checkBlocks = true;
      launcher.pass(data);
      launcher.args.push_back(fault);
      auto failure =
          launcher.run(neighbourKernel, {.threads = 1, .blocks = 4, .cooperative = cooperative});
      if (fault)
        expectBroken(failure, Rule::Blocks,
                     {"4 bytes of global memory that block ", " used at 'the ",
                      "which may run at the same time"});
      else
        EXPECT_FALSE(failure) << textOf(failure);
    }
}

TEST(Blocks, may_share_a_word_by_the_byte) {
  std::vector<uint16_t> data(7);
  Launcher launcher;
  launcher.options.checkBlocks = true;
  launcher.pass(data);
  auto failure = launcher.run(
      [](fovea_thread *t, const int64_t *args) {
        writeGlobal(t, pointerOf<uint16_t>(args[0]) + t->block, uint16_t(1), First);
      },
      {.threads = 1, .blocks = 7});
  EXPECT_FALSE(failure) << textOf(failure);
}

TEST(Blocks, are_ordered_by_atomic_operations) {
  // The last block to count itself adds up what all have written.
  for (uint64_t seed = 0; seed < 5; ++seed)
    for (auto [counted, order] :
         {std::pair(true, FOVEA_ATOMIC_ACQ_REL), std::pair(false, FOVEA_ATOMIC_ACQ_REL),
          std::pair(true, FOVEA_ATOMIC_RELAXED)}) {
      std::vector<int32_t> data(10);
      Launcher launcher;
      launcher.options = {.seed = seed, .checkBlocks = true};
      launcher.pass(data);
      launcher.args.insert(launcher.args.end(), {counted, order});
      auto failure = launcher.run(
          [](fovea_thread *t, const int64_t *args) {
            auto *data = pointerOf<int32_t>(args[0]);
            writeGlobal(t, data + t->block, t->block, First);
            uint64_t before =
                t->emulator->atomic(t, FOVEA_ATOMIC_ADD, FOVEA_ATOMIC_S32, int32_t(args[2]),
                                    FOVEA_SPACE_GLOBAL, data + 8, 1, 0, Second);
            if (args[1] ? before == 7 : before == 6)
              for (int i = 0; i < 8; ++i)
                readGlobal(t, data + i, Third);
          },
          {.threads = 1, .blocks = 8, .atomics = true});
      if (counted && order == FOVEA_ATOMIC_ACQ_REL)
        EXPECT_FALSE(failure) << textOf(failure);
      else
        expectBroken(failure, Rule::Blocks, {"used at 'the "});
    }
}
