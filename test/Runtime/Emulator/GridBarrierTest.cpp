//===- GridBarrierTest.cpp - cooperative launches -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Runtime/Emulator/Kernels.h"

#include <numeric>

using namespace fovea::emulator;

TEST(GridBarrier, makes_all_blocks_go_step_by_step) {
  // A rotation of 4 x 64 values by 37 places in each of 9 steps, between two buffers.
  for (uint64_t seed = 0; seed < 5; ++seed) {
    std::vector<int32_t> data(2 * 256);
    std::iota(data.begin(), data.begin() + 256, 0);
    Launcher launcher;
    launcher.options.seed = seed;
    launcher.options.checkBlocks = true;
    launcher.pass(data);
    auto failure = launcher.run(
        [](fovea_thread *t, const int64_t *args) {
          auto *data = pointerOf<int32_t>(args[0]);
          int32_t own = t->block * t->threads + t->thread;
          for (int32_t step = 0; step < 9; ++step) {
            auto value = readGlobal(t, data + step % 2 * 256 + (own + 37) % 256, First);
            writeGlobal(t, data + (step + 1) % 2 * 256 + own, value, Second);
            t->emulator->grid_barrier(t, Third);
          }
        },
        {.threads = 64, .blocks = 4, .cooperative = true});
    ASSERT_FALSE(failure) << textOf(failure);
    for (int32_t i = 0; i < 256; ++i)
      EXPECT_EQ(data[size_t(256 + i)], (i + 9 * 37) % 256);
  }
}

TEST(GridBarrier, orders_shared_memory_too) {
  Launcher launcher;
  auto failure = launcher.run(
      [](fovea_thread *t, const int64_t *) {
        writeShared(t, t->thread, t->block, First);
        t->emulator->grid_barrier(t, Second);
        EXPECT_EQ(readShared<int32_t>(t, 63 - t->thread, Third), t->block);
      },
      {.threads = 64, .blocks = 3, .sharedBytes = 256, .cooperative = true});
  EXPECT_FALSE(failure) << textOf(failure);
}

TEST(GridBarrier, is_for_cooperative_launches) {
  Launcher launcher;
  auto failure =
      launcher.run([](fovea_thread *t, const int64_t *) { t->emulator->grid_barrier(t, Second); },
                   {.blocks = 2});
  expectBroken(failure, Rule::Barrier,
               {"'the second' is a barrier of the grid, in a kernel that is not cooperative"});
}

TEST(GridBarrier, is_not_left_to_others) {
  // Whether the others have come by then depends on the seed.
  int after = 0, before = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Launcher launcher;
    launcher.options.seed = seed;
    auto failure = launcher.run(
        [](fovea_thread *t, const int64_t *) {
          if (t->block != 1 || t->thread != 3)
            t->emulator->grid_barrier(t, Second);
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
    for (bool counted : {true, false}) {
      std::vector<int32_t> data(10);
      Launcher launcher;
      launcher.options = {.seed = seed, .checkBlocks = true};
      launcher.pass(data);
      launcher.args.push_back(counted);
      auto failure = launcher.run(
          [](fovea_thread *t, const int64_t *args) {
            auto *data = pointerOf<int32_t>(args[0]);
            writeGlobal(t, data + t->block, t->block, First);
            uint64_t before = t->emulator->atomic(t, FOVEA_ATOMIC_ADD, FOVEA_ATOMIC_S32,
                                                  FOVEA_SPACE_GLOBAL, data + 8, 1, 0, Second);
            if (args[1] ? before == 7 : before == 6)
              for (int i = 0; i < 8; ++i)
                readGlobal(t, data + i, Third);
          },
          {.threads = 1, .blocks = 8});
      if (counted)
        EXPECT_FALSE(failure) << textOf(failure);
      else
        expectBroken(failure, Rule::Blocks, {"used at 'the "});
    }
}
