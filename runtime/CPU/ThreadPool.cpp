//===- ThreadPool.cpp - spin-then-park thread pool ------------------------===//
//
// Entering and closing a region is Dekker's handshake: a worker counts itself
// active and then looks whether the region is still open; the leader closes the
// region and then looks whether anybody is active. Either the worker sees the
// closed region or the leader waits for it, so a late worker cannot touch data
// of a region that is over. Parking works the same way with `parked`.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/CPU/ThreadPool.h"
#include "runtime/CPU/Relax.h"

#include <chrono>
#include <csignal>
#include <cstdio>
#include <linux/futex.h>
#include <new>
#include <sys/syscall.h>
#include <unistd.h>

namespace fovea::cpu {

/// Number of forks between the first process and this one. Threads do not survive a fork.
static std::atomic<uint32_t> forks{0};

static void watchForks() {
  static const int registered =
      pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1, std::memory_order_relaxed); });
  (void)registered;
}

static void sleepWhile(std::atomic<uint32_t> &word, uint32_t value) {
  syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, value, nullptr, nullptr, 0);
}

static void wake(std::atomic<uint32_t> &word, int count) {
  syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, count, nullptr, nullptr, 0);
}

/// Spins until `done()` or until the time is over; true when done.
template <typename Done> static bool spinUntil(int64_t nanoseconds, Done done) {
  using Clock = std::chrono::steady_clock;
  if (done())
    return true;
  if (nanoseconds == 0)
    return false;
  auto end = Clock::now() + std::chrono::nanoseconds(nanoseconds);
  do {
    for (int i = 0; i < 16; ++i) {
      relax();
      if (done())
        return true;
    }
  } while (Clock::now() < end);
  return false;
}

ThreadPool::ThreadPool(int threads, int spinMicroseconds)
    : threads(threads), spinNanoseconds(int64_t(spinMicroseconds) * 1000) {
  watchForks();
}

ThreadPool::~ThreadPool() {
  if (!started)
    return;
  if (forkCount != forks.load(std::memory_order_relaxed)) {
    // The workers are threads of another process.
    return;
  }
  ending.store(true);
  epoch.fetch_add(1);
  wake(epoch, started);
  for (int i = 0; i < started; ++i)
    pthread_join(team[i].thread, nullptr);
}

void ThreadPool::start() {
  if (tried && forkCount == forks.load(std::memory_order_relaxed))
    return;
  // After a fork the child starts its own team; counters may hold what the parent's threads did.
  tried = true;
  forkCount = forks.load(std::memory_order_relaxed);
  started = 0;
  epoch.store(0);
  parked.store(0);
  active.store(0);
  team.reset(new (std::nothrow) Worker[threads - 1]);
  if (!team)
    return;
  // Signals are for the host's threads.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  for (int i = 0; i < threads - 1; ++i) {
    Worker &worker = team[i];
    worker.pool = this;
    worker.slot = i + 1;
    auto main = [](void *arg) -> void * {
      auto *worker = static_cast<Worker *>(arg);
      worker->pool->work(worker->slot);
      return nullptr;
    };
    if (pthread_create(&worker.thread, nullptr, main, &worker) != 0)
      break;
    ++started;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

/// Returns the number of an open region other than `served`, or any when the pool ends.
uint32_t ThreadPool::waitForRegion(uint32_t served) {
  for (;;) {
    uint32_t now = served;
    auto ready = [&] {
      now = epoch.load();
      return ((now & 1) && now != served) || ending.load(std::memory_order_relaxed);
    };
    if (spinUntil(spinNanoseconds, ready))
      return now;
    parked.fetch_add(1);
    if (!ready())
      sleepWhile(epoch, now);
    parked.fetch_sub(1);
  }
}

void ThreadPool::work(int64_t slot) {
  char name[16];
  snprintf(name, sizeof(name), "fovea-%d", int(slot));
  pthread_setname_np(pthread_self(), name);
  uint32_t served = 0;
  for (;;) {
    uint32_t region = waitForRegion(served);
    if (ending.load())
      return;
    served = region;
    active.fetch_add(1);
    if (epoch.load() == region && slot < slots)
      share(arg, slot);
    if (active.fetch_sub(1) == 1 && leaderParked.load())
      wake(active, 1);
  }
}

void ThreadPool::waitForWorkers() {
  auto done = [this] { return active.load() == 0; };
  while (!spinUntil(spinNanoseconds, done)) {
    leaderParked.store(true);
    if (uint32_t now = active.load())
      sleepWhile(active, now);
    leaderParked.store(false);
  }
}

void ThreadPool::run(int64_t count, Share newShare, void *newArg) {
  if (count > 1)
    start();
  if (count <= 1 || !started)
    return newShare(newArg, 0);
  share = newShare;
  arg = newArg;
  slots = count;
  epoch.fetch_add(1);
  if (parked.load() > 0)
    wake(epoch, started);
  newShare(newArg, 0);
  epoch.fetch_add(1);
  waitForWorkers();
}

} // namespace fovea::cpu
