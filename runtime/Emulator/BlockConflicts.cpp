//===- BlockConflicts.cpp - accesses of two blocks to global memory -------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Emulator/BlockConflicts.h"

#include <algorithm>

namespace fovea::emulator {

void BlockConflicts::configure(const GlobalMemory &globals, int64_t blocks, bool wanted) {
  areas.clear();
  clocks.clear();
  known.clear();
  released.clear();
  floor = latest = 1;
  if (!wanted || blocks < 2)
    return;
  // Regions that overlap or touch share an area, in words of 4 bytes.
  for (const GlobalMemory::Region &region : globals.all()) {
    uintptr_t begin = region.begin & ~uintptr_t(3), end = (region.begin + region.bytes + 3) & ~3ull;
    if (!region.writable)
      continue;
    if (!areas.empty() && begin <= areas.back().end)
      areas.back().end = std::max(areas.back().end, end);
    else
      areas.push_back({begin, end, {}, {}});
  }
  for (Area &area : areas) {
    area.writes.resize((area.end - area.begin) / 4);
    area.reads.resize((area.end - area.begin) / 4);
  }
}

uint32_t BlockConflicts::clockOf(int32_t block) {
  uint32_t &clock = clocks.try_emplace(block, floor).first->second;
  return clock = std::max(clock, floor);
}

bool BlockConflicts::conflicts(const Mark &mark, int32_t block, uint32_t bytes) const {
  if (mark.clock < floor || mark.block == block || !(mark.bytes & bytes))
    return false;
  auto mine = known.find(block);
  if (mine == known.end())
    return true;
  auto other = mine->second.find(mark.block);
  return other == mine->second.end() || other->second < mark.clock;
}

const BlockConflicts::Mark *BlockConflicts::access(int32_t block, const void *pointer,
                                                   int64_t count, bool write, int32_t site) {
  auto begin = uintptr_t(pointer), end = begin + uintptr_t(count);
  for (Area &area : areas) {
    if (begin < area.begin || end > area.end)
      continue;
    Mark mark{block, clockOf(block), site, 0};
    for (uintptr_t word = begin & ~uintptr_t(3); word < end; word += 4) {
      uintptr_t first = std::max(word, begin) - word, last = std::min(word + 4, end) - word;
      mark.bytes = (1u << last) - (1u << first);
      Mark &written = area.writes[(word - area.begin) / 4];
      Mark &read = area.reads[(word - area.begin) / 4];
      if (conflicts(written, block, mark.bytes))
        return &written;
      if (write && conflicts(read, block, mark.bytes))
        return &read;
      Mark &own = write ? written : read;
      if (own.block == block && own.clock == mark.clock)
        mark.bytes |= own.bytes;
      own = mark;
    }
    return nullptr;
  }
  return nullptr;
}

void BlockConflicts::atomic(int32_t block, const void *address) {
  Knowledge &mine = known[block], &there = released[uintptr_t(address)];
  for (auto [other, clock] : there)
    mine[other] = std::max(mine[other], clock);
  mine[block] = clockOf(block);
  there = mine;
  latest = std::max(latest, ++clocks[block]);
}

} // namespace fovea::emulator
