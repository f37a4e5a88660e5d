//===- Clocks.cpp - what the threads of a block know of each other --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Emulator/Clocks.h"

#include <algorithm>
#include <bit>

namespace fovea::emulator {

static void join(uint32_t *into, const uint32_t *from, size_t count) {
  for (size_t i = 0; i < count; ++i)
    into[i] = std::max(into[i], from[i]);
}

void Clocks::configure(int32_t threads) {
  size_t warps = size_t(threads + FOVEA_WARP - 1) / FOVEA_WARP, count = warps * FOVEA_WARP;
  if (clocks.size() != count) {
    clocks.assign(count, latest);
    shared.assign(warps * count, 0);
    own.assign(count, {});
    alone.assign(warps, 0);
    scratch.assign(count, 0);
  }
  joinAll();
}

void Clocks::restart() {
  latest = 0;
  std::fill(shared.begin(), shared.end(), 0);
  joinAll();
}

void Clocks::joinAll() {
  known = ++latest;
  std::fill(clocks.begin(), clocks.end(), known);
  std::fill(alone.begin(), alone.end(), 0);
}

void Clocks::advance(int32_t thread) { latest = std::max(latest, ++clocks[size_t(thread)]); }

/// `into` learns what the lanes of a warp know and have done, who go on with their next clocks.
void Clocks::collect(int32_t warp, uint32_t mask, Clock &into) {
  join(into.data(), &shared[size_t(warp) * clocks.size()], clocks.size());
  for (uint32_t rest = mask & alone[size_t(warp)]; rest; rest &= rest - 1)
    join(into.data(), own[size_t(warp * FOVEA_WARP + std::countr_zero(rest))].data(),
         clocks.size());
  for (uint32_t rest = mask; rest; rest &= rest - 1) {
    int32_t thread = warp * FOVEA_WARP + std::countr_zero(rest);
    into[size_t(thread)] = now(thread);
    advance(thread);
  }
}

/// The lanes of a warp know what `from` knows, which includes all that they know.
void Clocks::give(int32_t warp, uint32_t mask, uint32_t lanes, const Clock &from) {
  if (mask == lanes) {
    std::copy(from.begin(), from.end(), &shared[size_t(warp) * clocks.size()]);
    alone[size_t(warp)] = 0;
    return;
  }
  for (uint32_t rest = mask; rest; rest &= rest - 1)
    own[size_t(warp * FOVEA_WARP + std::countr_zero(rest))] = from;
  alone[size_t(warp)] |= mask;
}

void Clocks::joinWarp(int32_t warp, uint32_t mask, uint32_t lanes) {
  if (mask == lanes && !alone[size_t(warp)]) {
    // Nobody knows more of other warps than the others do.
    int32_t first = warp * FOVEA_WARP;
    uint32_t *row = &shared[size_t(warp) * clocks.size() + size_t(first)];
    for (int32_t lane = 0; lane < FOVEA_WARP; ++lane) {
      row[lane] = clocks[size_t(first + lane)]++;
      latest = std::max(latest, row[lane] + 1);
    }
    return;
  }
  std::fill(scratch.begin(), scratch.end(), 0);
  collect(warp, mask, scratch);
  give(warp, mask, lanes, scratch);
}

void Clocks::joinPart(Clock &joined, std::span<const uint32_t> masks,
                      std::span<const uint32_t> lanes) {
  joined.resize(clocks.size());
  for (size_t warp = 0; warp < masks.size(); ++warp)
    if (masks[warp])
      collect(int32_t(warp), masks[warp], joined);
  for (size_t warp = 0; warp < masks.size(); ++warp)
    if (masks[warp])
      give(int32_t(warp), masks[warp], lanes[warp], joined);
}

void Clocks::release(int32_t thread, Clock &into) {
  into.resize(clocks.size());
  collect(thread / FOVEA_WARP, uint32_t(1) << thread % FOVEA_WARP, into);
}

void Clocks::acquire(int32_t thread, const Clock &from) {
  if (from.empty())
    return;
  Clock &mine = own[size_t(thread)];
  uint32_t &mask = alone[size_t(thread / FOVEA_WARP)];
  uint32_t bit = uint32_t(1) << thread % FOVEA_WARP;
  if (mask & bit) {
    join(mine.data(), from.data(), from.size());
    return;
  }
  mine = from;
  mask |= bit;
}

} // namespace fovea::emulator
