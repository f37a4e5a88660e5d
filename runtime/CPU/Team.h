//===- Team.h - threads that go through phases together -------------------===//
//
// A team's threads run the same code, a sequence of phases. The work of a phase
// is cut into shares, as many as the team has slots; a phase is over when all
// its shares are done, by whomever. A thread takes its own share first, in all
// phases the same part of the data, which so stays in its cache. Shares of
// threads that have not come, or have stopped coming, go to others: nobody is
// waited for who has not begun, and one thread alone gets through.
//
// Between phases a thread may ask whether to go on. The first that asks decides:
// it has finished all phases before, and nobody is ahead of it. The others, who
// may find memory that later phases have written, get the same answer.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_CPU_TEAM_H
#define FOVEA_RUNTIME_CPU_TEAM_H

#include <atomic>
#include <cstdint>
#include <memory>

namespace fovea::cpu {

class Team {
public:
  /// Memory for at most `most` threads.
  explicit Team(int64_t most);

  /// Begins with `shares` shares, at most `most`. No thread may be in the team.
  void open(int64_t shares);

  /// Shares, and slots, of the team at work.
  int64_t size() const { return count; }

  /// A thread begins, or begins again, with the first phase.
  void enter(int64_t slot) { slots[slot] = Slot(); }

  /// Ends the share that the slot's thread works on, if any, and gives its next one of the phase;
  /// -1 when all shares are done, and the thread goes on to the next phase.
  int64_t next(int64_t slot);

  /// Whether the slot's thread goes on: what `condition` says for the first that asks, and the same
  /// for those that come later. Asked behind a phase's end; never again once it was false.
  bool proceed(int64_t slot, bool condition);

  /// How often the foremost thread went on.
  int64_t steps() const { return decided.load(std::memory_order_acquire) / 2; }

private:
  /// Of one slot: the phase that its thread is in, the share that it works on, and how often it
  /// went on.
  struct alignas(64) Slot {
    int64_t phase = 0, running = -1, steps = 0;
  };
  /// Of one share: how often it was taken and done. `present` while its own thread comes for it.
  struct alignas(64) Share {
    std::atomic<int64_t> taken{0}, done{0};
    std::atomic<bool> present{false};
  };

  bool take(int64_t slot, int64_t share);
  bool takeAny(int64_t slot, bool fromPresent);

  int64_t count = 0;
  /// Twice the number of times that the foremost thread went on; one more when it then stopped.
  alignas(64) std::atomic<int64_t> decided{0};
  const std::unique_ptr<Slot[]> slots;
  const std::unique_ptr<Share[]> shares;
};

} // namespace fovea::cpu

#endif // FOVEA_RUNTIME_CPU_TEAM_H
