//===- BlockConflicts.h - accesses of two blocks to global memory ---------===//
//
// Blocks of a launch run in any order or at the same time: what one writes, another may only use
// behind a barrier of the grid, or where atomic operations of both, on one address, order them. For
// each 4 bytes of writable memory the last write and the last read are kept. What threads of one
// block do to each other is not looked at, nor more than one read since the last write: nothing is
// reported that is no conflict, but some may be missed.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_EMULATOR_BLOCKCONFLICTS_H
#define FOVEA_RUNTIME_EMULATOR_BLOCKCONFLICTS_H

#include "runtime/Emulator/GlobalMemory.h"

#include <unordered_map>

namespace fovea::emulator {

class BlockConflicts {
public:
  /// Who used a word: the block, its clock, the operation, and which of the bytes.
  struct Mark {
    int32_t block = -1;
    uint32_t clock = 0;
    int32_t site = -1;
    uint32_t bytes = 0;
  };

  /// For the writable regions of a launch; nothing is kept when not `enabled`.
  void configure(const GlobalMemory &globals, int64_t blocks, bool enabled);

  bool enabled() const { return !areas.empty(); }

  /// Records an access of a block; the mark that it conflicts with, or null.
  const Mark *access(int32_t block, const void *address, int64_t bytes, bool write, int32_t site);

  /// An atomic operation of a block: it learns what those before it on this address knew.
  void atomic(int32_t block, const void *address);

  /// A barrier of the grid: everything so far is ordered.
  void joinAll() { floor = ++latest; }

private:
  struct Area {
    uintptr_t begin = 0, end = 0;
    std::vector<Mark> writes, reads;
  };
  using Knowledge = std::unordered_map<int32_t, uint32_t>;

  bool conflicts(const Mark &mark, int32_t block, uint32_t bytes) const;
  uint32_t clockOf(int32_t block);

  std::vector<Area> areas;
  uint32_t floor = 1, latest = 1;
  std::unordered_map<int32_t, uint32_t> clocks;
  std::unordered_map<int32_t, Knowledge> known;
  std::unordered_map<uintptr_t, Knowledge> released;
};

} // namespace fovea::emulator

#endif // FOVEA_RUNTIME_EMULATOR_BLOCKCONFLICTS_H
