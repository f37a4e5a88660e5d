//===- Clocks.h - what the threads of a block know of each other ----------===//
//
// Happens-before by vector clocks (FastTrack: Flanagan and Freund, PLDI 2009). A thread's clock is
// counted up when it releases; it knows another up to the clock that it acquired. To keep barriers
// cheap, a barrier of all threads only raises a floor below which everybody knows everything, and
// the threads of a warp share a vector: a thread has one of its own only from what it acquires
// alone until its warp's next barrier.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_EMULATOR_CLOCKS_H
#define FOVEA_RUNTIME_EMULATOR_CLOCKS_H

#include "runtime/include/fovea_device_abi.h"

#include <cstdint>
#include <span>
#include <vector>

namespace fovea::emulator {

/// For each thread of a block, up to which of its clocks it is known; empty knows nobody.
using Clock = std::vector<uint32_t>;

class Clocks {
public:
  /// For blocks of `threads` threads. Clocks go on where they were.
  void configure(int32_t threads);

  /// Goes back to the first clock.
  void restart();

  uint32_t now(int32_t thread) const { return clocks[size_t(thread)]; }

  /// The first clock that is not known to everybody.
  uint32_t floor() const { return known; }

  /// Whether what `other` did at `clock` happened before what `thread` does now.
  bool knows(int32_t thread, int32_t other, uint32_t clock) const {
    if (clock < known || thread == other)
      return true;
    auto warp = size_t(thread / FOVEA_WARP);
    if (shared[warp * clocks.size() + size_t(other)] >= clock)
      return true;
    return (alone[warp] >> thread % FOVEA_WARP & 1) && own[size_t(thread)][size_t(other)] >= clock;
  }

  /// A barrier of all threads.
  void joinAll();

  /// A barrier of the lanes `mask` of a warp that has the lanes `lanes`.
  void joinWarp(int32_t warp, uint32_t mask, uint32_t lanes);

  /// A barrier of the lanes `masks` of each warp, whose threads also learn what `joined` knows.
  /// `joined` becomes what they know then.
  void joinPart(Clock &joined, std::span<const uint32_t> masks, std::span<const uint32_t> lanes);

  /// `into` learns what the thread knows, and what it has done.
  void release(int32_t thread, Clock &into);

  /// The thread learns what `from` knows.
  void acquire(int32_t thread, const Clock &from);

private:
  void advance(int32_t thread);
  void collect(int32_t warp, uint32_t mask, Clock &into);
  void give(int32_t warp, uint32_t mask, uint32_t lanes, const Clock &from);

  uint32_t known = 1, latest = 1;
  std::vector<uint32_t> clocks;
  /// What all threads of a warp know: a row for each warp.
  std::vector<uint32_t> shared;
  /// What a thread knows beyond that, and for each warp which lanes know anything beyond.
  std::vector<Clock> own;
  std::vector<uint32_t> alone;
  Clock scratch;
};

} // namespace fovea::emulator

#endif // FOVEA_RUNTIME_EMULATOR_CLOCKS_H
