//===- TeamTest.cpp - threads that go through phases together -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/CPU/Team.h"

#include <atomic>
#include <gtest/gtest.h>
#include <latch>
#include <thread>
#include <vector>

using fovea::cpu::Team;

namespace {
/// Prefix sums: a share of a phase adds what all shares of the phase before have left.
struct PrefixSums {
  PrefixSums(int64_t shares, int64_t phases) : team(shares), phases(phases) {
    team.open(shares);
    for (auto &buffer : sums)
      buffer.assign(size_t(shares), 1);
  }

  /// What a thread of the team does, from the first phase to the last. Not atomic: only the team
  /// orders what threads write and read.
  void run(int64_t slot) {
    team.enter(slot);
    for (int64_t phase = 0; phase < phases; ++phase)
      for (int64_t share; (share = team.next(slot)) >= 0;)
        work(phase, share);
  }

  void work(int64_t phase, int64_t share) {
    const std::vector<uint64_t> &before = sums[phase % 2];
    uint64_t sum = 0;
    for (int64_t i = 0; i <= share; ++i)
      sum += before[i];
    sums[(phase + 1) % 2][share] = sum;
    taken.fetch_add(1, std::memory_order_relaxed);
  }

  /// The same, by one thread without a team.
  void expect() const {
    std::vector<uint64_t> want(size_t(team.size()), 1);
    for (int64_t phase = 0; phase < phases; ++phase)
      for (size_t i = 1; i < want.size(); ++i)
        want[i] += want[i - 1];
    EXPECT_EQ(sums[phases % 2], want);
    EXPECT_EQ(taken.load(), phases * team.size()) << "a share was done twice, or not at all";
  }

  Team team;
  const int64_t phases;
  std::vector<uint64_t> sums[2];
  std::atomic<int64_t> taken{0};
};
} // namespace

class TeamSizes : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Team, TeamSizes, testing::Values(1, 2, 3, 4, 8));

TEST_P(TeamSizes, phases_see_all_shares_of_the_phase_before) {
  PrefixSums sums(GetParam(), 10000);
  std::vector<std::thread> threads;
  std::latch all(GetParam());
  for (int slot = 0; slot < GetParam(); ++slot)
    threads.emplace_back([&, slot] {
      all.arrive_and_wait();
      sums.run(slot);
    });
  for (std::thread &thread : threads)
    thread.join();
  sums.expect();
}

TEST_P(TeamSizes, one_thread_alone_gets_through) {
  for (int slot : {0, GetParam() - 1}) {
    PrefixSums sums(GetParam(), 1000);
    sums.run(slot);
    sums.expect();
  }
}

TEST_P(TeamSizes, threads_one_after_the_other_get_through) {
  PrefixSums sums(GetParam(), 1000);
  for (int slot = GetParam() - 1; slot >= 0; --slot)
    sums.run(slot);
  sums.expect();
}

TEST_P(TeamSizes, opens_again_for_the_next_loop) {
  Team team(GetParam());
  for (int64_t shares = 1; shares <= GetParam(); ++shares) {
    team.open(shares);
    EXPECT_EQ(team.size(), shares);
    team.enter(0);
    for (int64_t share = 0; share < shares; ++share)
      EXPECT_EQ(team.next(0), share);
    EXPECT_EQ(team.next(0), -1);
  }
}

TEST(Team, gives_a_thread_its_own_share_first) {
  Team team(4);
  team.open(4);
  for (int64_t slot : {2, 0, 3, 1})
    team.enter(slot);
  for (int64_t slot : {2, 0, 3, 1})
    EXPECT_EQ(team.next(slot), slot);
}

TEST(Team, skips_phases_that_are_over_when_a_thread_comes_late) {
  Team team(2);
  team.open(2);
  team.enter(0);
  for (int phase = 0; phase < 5; ++phase)
    while (team.next(0) >= 0)
      continue;
  EXPECT_EQ(team.next(0), 0);
  // The other thread goes through five phases without work, and takes its share of the sixth.
  team.enter(1);
  for (int phase = 0; phase < 5; ++phase)
    EXPECT_EQ(team.next(1), -1);
  EXPECT_EQ(team.next(1), 1);
  std::thread other([&] { EXPECT_EQ(team.next(1), -1); });
  EXPECT_EQ(team.next(0), -1);
  other.join();
}

TEST(Team, replaces_a_thread_that_stops_coming) {
  PrefixSums sums(2, 100);
  Team &team = sums.team;
  team.enter(0);
  team.enter(1);
  // Both come for a phase, in which the second thread does its share and is not seen again.
  int64_t own = team.next(0), other = team.next(1);
  ASSERT_EQ(own, 0);
  ASSERT_EQ(other, 1);
  sums.work(0, own);
  sums.work(0, other);
  std::thread leaver([&] { EXPECT_EQ(team.next(1), -1); });
  EXPECT_EQ(team.next(0), -1);
  leaver.join();
  for (int64_t phase = 1; phase < 100; ++phase)
    for (int64_t share; (share = team.next(0)) >= 0;)
      sums.work(phase, share);
  sums.expect();
}

namespace {
/// A counter that every phase raises by one; goes on while it is below a limit. What a thread that
/// comes late reads has been raised meanwhile.
struct Until {
  Until(int64_t shares, int64_t limit) : team(shares), limit(limit) { team.open(shares); }

  /// Steps that the thread made.
  int64_t run(int64_t slot, int64_t most = INT64_MAX) {
    team.enter(slot);
    int64_t step = 0;
    for (; step < most; ++step) {
      if (!team.proceed(slot, value.load(std::memory_order_relaxed) < limit))
        return step;
      for (int64_t share; (share = team.next(slot)) >= 0;)
        if (share == 0)
          value.fetch_add(1, std::memory_order_relaxed);
    }
    return step;
  }

  Team team;
  const int64_t limit;
  std::atomic<int64_t> value{0};
};
} // namespace

TEST_P(TeamSizes, all_threads_make_as_many_steps) {
  Until until(GetParam(), 5000);
  std::vector<int64_t> steps(size_t(GetParam()), -1);
  std::vector<std::thread> threads;
  for (int slot = 0; slot < GetParam(); ++slot)
    threads.emplace_back([&, slot] { steps[size_t(slot)] = until.run(slot); });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(steps, std::vector<int64_t>(size_t(GetParam()), 5000));
  EXPECT_EQ(until.value, 5000);
  EXPECT_EQ(until.team.steps(), 5000);
}

TEST_P(TeamSizes, late_threads_are_told_what_was_decided) {
  // The last one first, one behind the other: by then the counter says stop at once.
  Until until(GetParam(), 7);
  for (int slot = GetParam() - 1; slot >= 0; --slot)
    EXPECT_EQ(until.run(slot), 7);
  EXPECT_EQ(until.value, 7);
  EXPECT_EQ(until.team.steps(), 7);
}

TEST(Team, stops_at_the_first_step_and_opens_again) {
  Until until(2, 0);
  EXPECT_EQ(until.run(1), 0);
  // The condition would hold now; it was decided otherwise.
  until.value = -1;
  EXPECT_EQ(until.run(0), 0);
  EXPECT_EQ(until.team.steps(), 0);
  until.team.open(1);
  EXPECT_EQ(until.run(0), 1);
  EXPECT_EQ(until.team.steps(), 1);
}

TEST(Team, counts_steps_of_a_loop_that_its_bound_ends) {
  Until until(2, 100);
  EXPECT_EQ(until.run(0, 3), 3);
  EXPECT_EQ(until.run(1, 3), 3);
  EXPECT_EQ(until.team.steps(), 3);
}
