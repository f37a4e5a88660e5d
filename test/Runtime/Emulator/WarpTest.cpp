//===- WarpTest.cpp - shuffles, votes and barriers of a warp --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Runtime/Emulator/Kernels.h"

using namespace fovea::emulator;

namespace {
/// What shfl.sync gives lane by lane: the value of each lane is 100 + lane.
struct ShuffleCase {
  int32_t kind;
  uint32_t operand, clamp;
};

/// The pseudocode of the PTX ISA, for a lane.
std::pair<uint32_t, bool> shuffled(ShuffleCase c, int lane) {
  int bval = c.operand & 0x1f, cval = c.clamp & 0x1f, segmask = c.clamp >> 8 & 0x1f;
  int maxLane = (lane & segmask) | (cval & ~segmask), minLane = lane & segmask, j = 0;
  bool pval = false;
  if (c.kind == FOVEA_SHUFFLE_UP) {
    j = lane - bval;
    pval = j >= maxLane;
  } else if (c.kind == FOVEA_SHUFFLE_DOWN) {
    j = lane + bval;
    pval = j <= maxLane;
  } else if (c.kind == FOVEA_SHUFFLE_BFLY) {
    j = lane ^ bval;
    pval = j <= maxLane;
  } else {
    j = minLane | (bval & ~segmask);
    pval = j <= maxLane;
  }
  return {uint32_t(100 + (pval ? j : lane)), pval};
}
} // namespace

TEST(Warp, shuffles_as_the_pseudocode_says) {
  const ShuffleCase cases[] = {
      {FOVEA_SHUFFLE_IDX, 5, 31},      {FOVEA_SHUFFLE_IDX, 3, 0x1c1f},
      {FOVEA_SHUFFLE_IDX, 9, 0x1007},  {FOVEA_SHUFFLE_UP, 1, 0},
      {FOVEA_SHUFFLE_UP, 4, 0x1800},   {FOVEA_SHUFFLE_DOWN, 1, 31},
      {FOVEA_SHUFFLE_DOWN, 3, 0x181f}, {FOVEA_SHUFFLE_BFLY, 16, 31},
      {FOVEA_SHUFFLE_BFLY, 1, 31},     {FOVEA_SHUFFLE_BFLY, 2, 0x1c1f},
      {FOVEA_SHUFFLE_BFLY, 8, 7},
  };
  for (ShuffleCase c : cases) {
    std::vector<uint32_t> out(64);
    Launcher launcher;
    launcher.pass(out);
    launcher.args.insert(launcher.args.end(), {c.kind, c.operand, c.clamp});
    auto failure = launcher.run(
        [](fovea_thread *t, const int64_t *args) {
          int32_t inRange = -1;
          uint32_t value =
              t->emulator->shuffle(t, int32_t(args[1]), allLanes, uint32_t(100 + t->thread),
                                   uint32_t(args[2]), uint32_t(args[3]), &inRange, First);
          writeGlobal(t, pointerOf<uint32_t>(args[0]) + 2 * t->thread, value, Second);
          writeGlobal(t, pointerOf<uint32_t>(args[0]) + 2 * t->thread + 1, uint32_t(inRange),
                      Second);
        },
        {});
    ASSERT_FALSE(failure) << textOf(failure);
    for (int lane = 0; lane < 32; ++lane) {
      auto [value, inRange] = shuffled(c, lane);
      EXPECT_EQ(out[2 * lane], value) << "kind " << c.kind << " lane " << lane;
      EXPECT_EQ(out[2 * lane + 1], inRange) << "kind " << c.kind << " lane " << lane;
    }
  }
}

TEST(Warp, sums_by_exchange) {
  std::vector<uint32_t> out(96);
  Launcher launcher;
  launcher.pass(out);
  auto failure = launcher.run(
      [](fovea_thread *t, const int64_t *args) {
        auto sum = uint32_t(t->thread);
        for (uint32_t step = 16; step; step /= 2)
          sum +=
              t->emulator->shuffle(t, FOVEA_SHUFFLE_BFLY, allLanes, sum, step, 31, nullptr, First);
        writeGlobal(t, pointerOf<uint32_t>(args[0]) + t->thread, sum, Second);
      },
      {.threads = 96});
  ASSERT_FALSE(failure) << textOf(failure);
  for (uint32_t i = 0; i < 96; ++i)
    EXPECT_EQ(out[i], 31 * 32 / 2 + i / 32 * 32 * 32);
}

TEST(Warp, votes) {
  std::vector<uint32_t> out(4 * 32);
  Launcher launcher;
  launcher.pass(out);
  // Of the lower half lanes 3 and 4 say yes, of the upper half all do.
  auto failure = launcher.run(
      [](fovea_thread *t, const int64_t *args) {
        bool upper = t->thread >= 16, yes = upper || t->thread == 3 || t->thread == 4;
        for (int32_t kind = FOVEA_VOTE_ALL; kind <= FOVEA_VOTE_BALLOT; ++kind)
          writeGlobal(t, pointerOf<uint32_t>(args[0]) + 4 * t->thread + kind,
                      t->emulator->vote(t, kind, upper ? 0xffff0000 : 0xffff, yes ? 7 : 0, First),
                      Second);
      },
      {});
  ASSERT_FALSE(failure) << textOf(failure);
  for (uint32_t lane = 0; lane < 32; ++lane) {
    std::vector<uint32_t> got(&out[4 * lane], &out[4 * lane] + 4);
    EXPECT_EQ(got, lane < 16 ? (std::vector<uint32_t>{0, 1, 0, 0x18})
                             : (std::vector<uint32_t>{1, 1, 1, 0xffff0000}));
  }
}

TEST(Warp, lanes_may_meet_in_several_groups_at_once) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Launcher launcher;
    launcher.options.seed = seed;
    auto failure = launcher.run(
        [](fovea_thread *t, const int64_t *) {
          // Each pair on its own, three times, then each lane with the other of its four.
          uint32_t pair = 3u << (t->thread & ~1), four = 5u << (t->thread & ~3) << (t->thread & 1);
          for (int round = 0; round < 3; ++round)
            t->emulator->warp_barrier(t, pair, First);
          t->emulator->vote(t, FOVEA_VOTE_ANY, four, 1, Second);
        },
        {});
    EXPECT_FALSE(failure) << textOf(failure);
  }
}

TEST(Warp, barrier_orders_its_lanes) {
  for (uint64_t seed = 0; seed < 5; ++seed) {
    Launcher launcher;
    launcher.options.seed = seed;
    auto failure = launcher.run(
        [](fovea_thread *t, const int64_t *) {
          uint32_t half = t->thread % 32 < 16 ? 0xffff : 0xffff0000;
          for (int round = 0; round < 4; ++round) {
            writeShared(t, t->thread, round, First);
            t->emulator->warp_barrier(t, round % 2 ? half : allLanes, Second);
            readShared<int32_t>(t, t->thread ^ 9, Third);
            t->emulator->warp_barrier(t, round % 2 ? half : allLanes, Second);
          }
        },
        {.threads = 64, .sharedBytes = 256});
    EXPECT_FALSE(failure) << textOf(failure);
  }
}

TEST(Warp, mask_names_the_own_lane_and_no_other_warp) {
  Launcher launcher;
  auto failure = launcher.run(
      [](fovea_thread *t, const int64_t *) { t->emulator->warp_barrier(t, 1, First); }, {});
  expectBroken(failure, Rule::Warp, {"'the first' names lanes 0x00000001, not its own lane "});
  failure = launcher.run(
      [](fovea_thread *t, const int64_t *) { t->emulator->warp_barrier(t, allLanes, First); },
      {.threads = 20});
  expectBroken(failure, Rule::Warp, {"names lanes 0xffffffff, but its warp has 20 threads"});
}

TEST(Warp, lanes_come_to_the_same_operation) {
  Launcher launcher;
  auto failure = launcher.run(
      [](fovea_thread *t, const int64_t *) {
        if (t->thread % 2)
          t->emulator->warp_barrier(t, allLanes, First);
        else
          t->emulator->vote(t, FOVEA_VOTE_ANY, allLanes, 1, Second);
      },
      {});
  expectBroken(failure, Rule::Warp, {"of lanes 0xffffffff, but lanes ", " wait at 'the "});
}

TEST(Warp, takes_no_value_of_a_lane_that_is_not_there) {
  Launcher launcher;
  auto failure = launcher.run(
      [](fovea_thread *t, const int64_t *) {
        if (t->thread < 16)
          t->emulator->shuffle(t, FOVEA_SHUFFLE_DOWN, 0xffff, 1, 1, 31, nullptr, Third);
      },
      {});
  expectBroken(failure, Rule::Warp,
               {"thread 15: 'the third' takes the value of lane 16, which is not among lanes "
                "0x0000ffff"});
}

TEST(Warp, does_not_wait_for_lanes_that_have_ended) {
  // Whether the others have come by then depends on the seed.
  int after = 0, before = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Launcher launcher;
    launcher.options.seed = seed;
    auto failure = launcher.run(
        [](fovea_thread *t, const int64_t *) {
          if (t->thread != 7)
            t->emulator->warp_barrier(t, allLanes, First);
        },
        {});
    expectBroken(failure, Rule::Warp, {"'the first' "});
    after += textOf(failure).find("of which 0x00000080 have ended") != std::string::npos;
    before +=
        textOf(failure).find("thread 7: 'the first' is a barrier where lanes") != std::string::npos;
  }
  EXPECT_GT(after, 0);
  EXPECT_GT(before, 0);
  EXPECT_EQ(after + before, 200);
}
