//===- ClocksTest.cpp - what threads know, against plain vector clocks ----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Emulator/Clocks.h"
#include "runtime/Emulator/Random.h"

#include <algorithm>
#include <bit>
#include <gtest/gtest.h>

using namespace fovea::emulator;

namespace {
constexpr int32_t threads = 70, warps = 3, objects = 4;
constexpr uint32_t lanesOf[warps] = {~0u, ~0u, 0x3f};

/// Every thread has a vector of its own, of all threads.
struct Plain {
  using Vector = std::vector<uint32_t>;
  std::vector<Vector> known = std::vector<Vector>(threads, Vector(threads));
  Vector now = Vector(threads, 1);
  std::vector<Vector> object = std::vector<Vector>(objects, Vector(threads));

  static void join(Vector &into, const Vector &from) {
    for (size_t i = 0; i < into.size(); ++i)
      into[i] = std::max(into[i], from[i]);
  }
  void release(int32_t thread, Vector &into) {
    join(into, known[size_t(thread)]);
    into[size_t(thread)] = now[size_t(thread)]++;
  }
  void barrier(const uint32_t (&masks)[warps], Vector joined = Vector(threads)) {
    for (int32_t t = 0; t < threads; ++t)
      if (masks[t / 32] >> t % 32 & 1)
        release(t, joined);
    for (int32_t t = 0; t < threads; ++t)
      if (masks[t / 32] >> t % 32 & 1)
        join(known[size_t(t)], joined);
  }
};

/// Both, doing the same, and marks of what threads did at times.
struct Both {
  Clocks clocks;
  Plain plain;
  std::vector<Clock> object = std::vector<Clock>(objects);
  Random random;
  struct Mark {
    int32_t thread;
    uint32_t clock, plainClock;
  };
  std::vector<Mark> marks;

  explicit Both(uint64_t seed) : random(seed) { clocks.configure(threads); }

  int32_t anyThread() { return int32_t(random.below(threads)); }
  size_t anyObject() { return random.below(objects); }

  uint32_t anyMask(int32_t warp) {
    uint32_t mask = uint32_t(random.next()) & lanesOf[warp];
    return random.below(3) ? lanesOf[warp] : mask;
  }

  void step() {
    int32_t thread = anyThread(), warp = thread / 32;
    size_t at = anyObject();
    switch (random.below(20)) {
    case 0:
      clocks.joinAll();
      plain.barrier({lanesOf[0], lanesOf[1], lanesOf[2]});
      break;
    case 1:
    case 2: {
      // Some come to a barrier, those of the object have before.
      uint32_t masks[warps] = {anyMask(0), random.coin() ? 0 : anyMask(1),
                               random.coin() ? 0 : anyMask(2)};
      Clock joined = object[at];
      clocks.joinPart(joined, masks, lanesOf);
      plain.barrier(masks, plain.object[at]);
      break;
    }
    case 3:
    case 4:
    case 5:
    case 6: {
      uint32_t mask = anyMask(warp), masks[warps] = {};
      masks[warp] = mask;
      clocks.joinWarp(warp, mask, lanesOf[warp]);
      plain.barrier(masks);
      break;
    }
    case 7:
    case 8:
    case 9:
      clocks.release(thread, object[at]);
      plain.release(thread, plain.object[at]);
      break;
    case 10:
    case 11:
    case 12:
      clocks.acquire(thread, object[at]);
      Plain::join(plain.known[size_t(thread)], plain.object[at]);
      break;
    default:
      marks.push_back({thread, clocks.now(thread), plain.now[size_t(thread)]});
    }
  }

  void compare() {
    for (int i = 0; i < 40 && !marks.empty(); ++i) {
      const Mark &mark =
          marks[marks.size() - 1 - random.below(uint32_t(std::min<size_t>(marks.size(), 60)))];
      int32_t thread = anyThread();
      bool want = thread == mark.thread ||
                  plain.known[size_t(thread)][size_t(mark.thread)] >= mark.plainClock;
      ASSERT_EQ(clocks.knows(thread, mark.thread, mark.clock), want)
          << "thread " << thread << " of " << mark.thread;
      (want ? known : unknown) += 1;
    }
  }

  int64_t known = 0, unknown = 0;
};
} // namespace

TEST(Clocks, know_what_plain_vector_clocks_know) {
  for (uint64_t seed = 0; seed < 6; ++seed) {
    Both both(seed);
    for (int i = 0; i < 4000; ++i) {
      both.step();
      both.compare();
      if (HasFatalFailure())
        return;
    }
    // Both answers were asked for.
    EXPECT_GT(both.known, 1000);
    EXPECT_GT(both.unknown, 1000);
  }
}

TEST(Clocks, go_on_in_the_next_block_and_can_begin_anew) {
  Clocks clocks;
  clocks.configure(threads);
  uint32_t first = clocks.now(3);
  EXPECT_FALSE(clocks.knows(4, 3, first));
  clocks.configure(threads);
  EXPECT_TRUE(clocks.knows(4, 3, first));
  EXPECT_FALSE(clocks.knows(4, 3, clocks.now(3)));
  clocks.restart();
  EXPECT_LE(clocks.now(3), first);
  EXPECT_EQ(clocks.now(3), clocks.floor());
  EXPECT_FALSE(clocks.knows(4, 3, clocks.now(3)));
}
