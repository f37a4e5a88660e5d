//===- Team.cpp - threads that go through phases together -----------------===//
//
// Whoever makes `taken` of a share one larger than the phase's number works on
// it, and sets `done` to the same; what was written before is seen by whoever
// reads that `done`.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/CPU/Team.h"
#include "runtime/CPU/Relax.h"

#include <sched.h>

namespace fovea::cpu {

/// Rounds of waiting after which a thread that used to come counts as gone, and after which waiting
/// gives the processor away. A round is some ten nanoseconds.
static constexpr int64_t roundsBeforeGone = 4096, roundsBeforeYield = 8192;

Team::Team(int64_t most)
    : slots(std::make_unique<Slot[]>(size_t(most))),
      shares(std::make_unique<Share[]>(size_t(most))) {}

void Team::open(int64_t number) {
  count = number;
  decided.store(0, std::memory_order_relaxed);
  for (int64_t i = 0; i < count; ++i) {
    shares[i].taken.store(0, std::memory_order_relaxed);
    shares[i].done.store(0, std::memory_order_relaxed);
    shares[i].present.store(false, std::memory_order_relaxed);
  }
}

bool Team::take(int64_t slot, int64_t number) {
  Share &share = shares[number];
  int64_t phase = slots[slot].phase;
  if (share.taken.load(std::memory_order_relaxed) != phase ||
      !share.taken.compare_exchange_strong(phase, phase + 1, std::memory_order_acq_rel))
    return false;
  share.present.store(slot == number, std::memory_order_relaxed);
  slots[slot].running = number;
  return true;
}

bool Team::takeAny(int64_t slot, bool fromPresent) {
  if (take(slot, slot))
    return true;
  for (int64_t step = 1; step < count; ++step) {
    int64_t number = slot + step < count ? slot + step : slot + step - count;
    bool present = shares[number].present.load(std::memory_order_relaxed);
    if ((fromPresent || !present) && take(slot, number))
      return true;
  }
  return false;
}

int64_t Team::next(int64_t slot) {
  Slot &own = slots[slot];
  if (own.running >= 0)
    shares[own.running].done.store(own.phase + 1, std::memory_order_release);
  own.running = -1;
  if (takeAny(slot, /*fromPresent=*/false))
    return own.running;
  int64_t rounds = 0;
  for (int64_t number = 0; number < count; ++number)
    while (shares[number].done.load(std::memory_order_acquire) <= own.phase) {
      if (++rounds % roundsBeforeGone == 0 && takeAny(slot, /*fromPresent=*/true))
        return own.running;
      if (rounds > roundsBeforeYield)
        sched_yield();
      else
        relax();
    }
  ++own.phase;
  return -1;
}

bool Team::proceed(int64_t slot, bool condition) {
  Slot &own = slots[slot];
  int64_t before = 2 * own.steps, after = condition ? before + 2 : before + 1;
  // Released, so that what the condition was computed from was read before anyone goes on and
  // writes it. Nothing is acquired: the end of a phase has done that.
  int64_t found = before;
  if (!decided.compare_exchange_strong(found, after, std::memory_order_acq_rel))
    after = found;
  if (after < before + 2)
    return false;
  ++own.steps;
  return true;
}

} // namespace fovea::cpu
