//===- CellsTest.cpp - races, against a list of all accesses --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Emulator/Cells.h"
#include "runtime/Emulator/Random.h"

#include <gtest/gtest.h>

using namespace fovea::emulator;

namespace {
constexpr int32_t threads = 128, bytes = 64;

struct Past {
  int32_t thread;
  uint32_t clock;
  int64_t offset, bytes;
  Use use;
};

/// One thread of each of four warps uses memory, and tells others of it by objects and barriers.
struct Memory {
  Clocks clocks;
  Cells cells;
  std::vector<Clock> objects = std::vector<Clock>(3);
  Clock atomics;
  std::vector<Past> past;
  Random random;

  explicit Memory(uint64_t seed) : random(seed) {
    clocks.configure(threads);
    cells.configure(bytes, threads);
  }

  void synchronize() {
    auto thread = int32_t(32 * random.below(4));
    Clock &object = objects[random.below(3)];
    if (random.below(12) == 0)
      clocks.joinAll();
    else if (random.coin())
      clocks.release(thread, object);
    else
      clocks.acquire(thread, object);
  }

  /// The access is a race with one before it; the list says with whom.
  bool isRace(const Access &access, Use use, const Mark *found) const {
    bool any = false, named = !found;
    for (const Past &other : past) {
      bool overlaps =
          other.offset < access.offset + access.bytes && access.offset < other.offset + other.bytes;
      bool conflicts = (use != Use::Read || other.use != Use::Read) &&
                       (use != Use::Atomic || other.use != Use::Atomic);
      if (!overlaps || !conflicts || clocks.knows(access.thread, other.thread, other.clock))
        continue;
      any = true;
      named |= found && found->thread() == other.thread && found->use() == other.use;
    }
    EXPECT_TRUE(named) << "the access that it names is not one";
    return any;
  }

  /// Does an access; whether it was a race.
  bool access() {
    int64_t size = int64_t(1) << random.below(5);
    Access access{int32_t(32 * random.below(4)), 7,
                  int64_t(random.below(uint32_t(bytes / size))) * size, size};
    Use use = Use(random.below(3));
    // What atomic operations know of each other is what Atomics.cpp gives them.
    if (use == Use::Atomic)
      clocks.acquire(access.thread, atomics);
    const Mark *found =
        use == Use::Read ? cells.read(clocks, access) : cells.write(clocks, access, use);
    EXPECT_EQ(found != nullptr, isRace(access, use, found));
    past.push_back({access.thread, clocks.now(access.thread), access.offset, access.bytes, use});
    if (use == Use::Atomic)
      clocks.release(access.thread, atomics);
    return found;
  }
};
} // namespace

TEST(Cells, find_all_races_of_threads_of_four_warps) {
  int races = 0;
  int64_t accesses = 0;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    Memory memory(seed);
    bool race = false;
    for (int i = 0; i < 60 && !race && !testing::Test::HasFailure(); ++i, ++accesses) {
      for (int k = 0; k < 6; ++k)
        memory.synchronize();
      race = memory.access();
    }
    races += race;
  }
  EXPECT_GT(races, 100);
  EXPECT_GT(accesses, 1500);
}

TEST(Cells, marks_hold_what_they_are_made_of) {
  Mark mark(123456789, 1023, Use::Mbarrier, 400000);
  EXPECT_EQ(mark.clock(), 123456789u);
  EXPECT_EQ(mark.thread(), 1023);
  EXPECT_EQ(mark.use(), Use::Mbarrier);
  EXPECT_EQ(mark.site(), 400000);
  EXPECT_EQ(Mark(1, 0, Use::Read, 600000).site(), -1);
  EXPECT_EQ(Mark(1, 0, Use::Read, -1).site(), -1);
}
