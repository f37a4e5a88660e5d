//===- ThreadPoolTest.cpp - the thread pool -------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/CPU/ThreadPool.h"

#include <gtest/gtest.h>
#include <mutex>
#include <set>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

using fovea::cpu::ThreadPool;

namespace {
/// Tasks claimed from a counter, as the pool asks of its shares.
struct Work {
  explicit Work(int64_t count) : hits(count) {}
  std::vector<std::atomic<int>> hits;
  std::atomic<size_t> next{0};
  std::mutex mutex;
  std::set<int64_t> slots;

  static void share(void *arg, int64_t slot) {
    Work &work = *static_cast<Work *>(arg);
    {
      std::lock_guard lock(work.mutex);
      EXPECT_TRUE(work.slots.insert(slot).second) << "two shares of slot " << slot;
    }
    for (size_t i; (i = work.next.fetch_add(1)) < work.hits.size();)
      work.hits[i].fetch_add(1);
  }

  void expectOnceEach() const {
    for (const std::atomic<int> &hit : hits)
      ASSERT_EQ(hit.load(), 1);
  }
};
} // namespace

class ThreadPoolSizes : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(ThreadPool, ThreadPoolSizes, testing::Range(1, 9));

TEST_P(ThreadPoolSizes, runs_every_task_once_in_many_regions) {
  for (int spin : {0, 20}) {
    ThreadPool pool(GetParam(), spin);
    for (int64_t region = 0; region < 300; ++region) {
      Work work(region % 17 + 1);
      pool.run(GetParam(), Work::share, &work);
      work.expectOnceEach();
      EXPECT_LE(*work.slots.rbegin(), GetParam() - 1);
    }
  }
}

TEST_P(ThreadPoolSizes, wakes_parked_workers) {
  ThreadPool pool(GetParam(), 0);
  for (int region = 0; region < 5; ++region) {
    Work work(1000);
    pool.run(GetParam(), Work::share, &work);
    work.expectOnceEach();
    std::this_thread::sleep_for(std::chrono::milliseconds(3));
  }
}

TEST(ThreadPool, other_threads_take_part) {
  ThreadPool pool(2, 100);
  std::atomic<bool> other{false};
  auto share = [](void *arg, int64_t slot) {
    auto &other = *static_cast<std::atomic<bool> *>(arg);
    if (slot == 1)
      other = true;
    while (!other)
      std::this_thread::yield();
  };
  pool.run(2, share, &other);
  EXPECT_TRUE(other);
  EXPECT_EQ(pool.workers(), 1);
}

TEST(ThreadPool, one_share_does_not_touch_the_pool) {
  ThreadPool pool(4, 100);
  Work work(10);
  pool.run(1, Work::share, &work);
  work.expectOnceEach();
  EXPECT_EQ(pool.workers(), 0);
}

TEST(ThreadPool, ends_without_having_run) { ThreadPool pool(4, 100); }

TEST(ThreadPool, works_in_a_forked_child) {
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
  GTEST_SKIP() << "ThreadSanitizer does not support threads after a fork";
#endif
#endif
  ThreadPool pool(3, 10);
  Work before(50);
  pool.run(3, Work::share, &before);
  pid_t child = fork();
  if (child == 0) {
    alarm(20);
    Work work(50);
    pool.run(3, Work::share, &work);
    for (const std::atomic<int> &hit : work.hits)
      if (hit.load() != 1)
        _exit(1);
    _exit(pool.workers() == 2 ? 0 : 2);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}
