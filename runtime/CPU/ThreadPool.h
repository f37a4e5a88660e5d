//===- ThreadPool.h - spin-then-park thread pool --------------------------===//
//
// One leader, the thread that calls run, and a fixed number of workers. Idle
// workers spin for a while, so that regions which follow each other closely
// start in under a microsecond, and then sleep on a futex.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_CPU_THREADPOOL_H
#define FOVEA_RUNTIME_CPU_THREADPOOL_H

#include <atomic>
#include <cstdint>
#include <memory>
#include <pthread.h>

namespace fovea::cpu {

class ThreadPool {
public:
  /// What the threads of a region do; `slot` is in [0, slots) and belongs to one thread at a time.
  using Share = void (*)(void *arg, int64_t slot);

  /// A pool of `threads` threads, the leader included. Nothing is started before it is needed.
  ThreadPool(int threads, int spinMicroseconds);

  /// Ends and joins the workers.
  ~ThreadPool();
  ThreadPool(const ThreadPool &) = delete;
  ThreadPool &operator=(const ThreadPool &) = delete;

  /// Calls share(arg, 0) on this thread and share(arg, i), 0 < i < slots, on workers that are
  /// free in time; returns when all that have begun are through. The shares must claim their work
  /// from a common counter, so that share 0 alone would do all of it. slots is at most the
  /// pool's threads; with slots == 1 the pool is not touched. When workers cannot be started, or
  /// are gone because the process forked, the leader works alone. One leader at a time.
  void run(int64_t slots, Share share, void *arg);

  /// Workers that are running.
  int workers() const { return started; }

private:
  struct Worker {
    ThreadPool *pool;
    int64_t slot;
    pthread_t thread;
  };

  void start();
  void work(int64_t slot);
  uint32_t waitForRegion(uint32_t served);
  void waitForWorkers();

  const int threads;
  const int64_t spinNanoseconds;
  int started = 0;
  uint32_t forkCount = 0;
  bool tried = false;
  std::unique_ptr<Worker[]> team;

  /// The open region, written by the leader while none is open and read by active workers.
  Share share = nullptr;
  void *arg = nullptr;
  int64_t slots = 0;

  /// Odd while a region is open, even while there is none; every region has its own number. Both
  /// this and `active` are futexes.
  alignas(64) std::atomic<uint32_t> epoch{0};
  std::atomic<bool> ending{false};
  std::atomic<int> parked{0};
  /// Workers between entering a region and leaving it.
  alignas(64) std::atomic<uint32_t> active{0};
  std::atomic<bool> leaderParked{false};
};

} // namespace fovea::cpu

#endif // FOVEA_RUNTIME_CPU_THREADPOOL_H
