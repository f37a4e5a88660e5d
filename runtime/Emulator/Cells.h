//===- Cells.h - who last used each cell of shared memory -----------------===//
//
// For each cell of shared memory: the last write, and for groups of warps the last read. An access
// is a race with one of these that did not happen before it. A cell is 4 bytes; from the first
// access that is narrower, 2 or 1.
//
// Nothing is reported that is not a race. Of the reads of a cell since its last write, those of up
// to eight warps are remembered, one of each, so that a race with another one may be missed.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_EMULATOR_CELLS_H
#define FOVEA_RUNTIME_EMULATOR_CELLS_H

#include "runtime/Emulator/Clocks.h"

namespace fovea::emulator {

/// How a cell was used.
enum class Use : uint32_t {
  Read = 0,
  Write = 1,
  Atomic = 2,
  /// A copy under way will write it, or is the state of an mbarrier: not to be touched.
  Copy = 3,
  Mbarrier = 4,
};

/// Who used a cell: a clock (32 bits), a thread (10), the use (3), the operation (19). 0 is nobody.
class Mark {
public:
  Mark() = default;
  Mark(uint32_t clock, int32_t thread, Use use, int32_t site)
      : bits(uint64_t(clock) << 32 | uint64_t(uint32_t(thread)) << 22 | uint64_t(use) << 19 |
             uint64_t(uint32_t(site) < noSite ? uint32_t(site) : noSite)) {}

  uint32_t clock() const { return uint32_t(bits >> 32); }
  int32_t thread() const { return int32_t(bits >> 22 & 1023); }
  Use use() const { return Use(bits >> 19 & 7); }
  /// -1 for those that do not fit.
  int32_t site() const { return (bits & noSite) == noSite ? -1 : int32_t(bits & noSite); }

private:
  static constexpr uint32_t noSite = (1 << 19) - 1;
  uint64_t bits = 0;
};

/// An access: `thread` uses `bytes` bytes from `offset` of the block's shared memory.
struct Access {
  int32_t thread, site;
  int64_t offset, bytes;
};

class Cells {
public:
  /// For shared memory of so many bytes. Forgets nothing where the sizes are as before.
  void configure(int64_t bytes, int32_t threads);

  /// Forgets everything.
  void clear();

  /// Records an access and gives null, or gives the use that it conflicts with; the pointer holds
  /// until the next call.
  const Mark *read(const Clocks &clocks, const Access &access);
  const Mark *write(const Clocks &clocks, const Access &access, Use use = Use::Write);

  /// Makes the cells such that every access conflicts, until they are opened.
  void close(const Access &access, Use use);
  /// Makes the cells as if `access` had written them now, ...
  void open(const Clocks &clocks, const Access &access);
  /// ... or as if nobody had.
  void forget(int64_t offset, int64_t count);

private:
  void refine(const Access &access);
  size_t row(int64_t offset) const { return size_t(offset >> shift) * width; }
  size_t rowsEnd(const Access &access) const {
    return size_t((access.offset + access.bytes + (1 << shift) - 1) >> shift) * width;
  }
  void set(const Access &access, Mark mark);

  int64_t bytes = 0;
  /// Marks of a cell: of the last write, then of reads.
  size_t width = 2;
  int32_t shift = 2;
  std::vector<Mark> marks;
};

} // namespace fovea::emulator

#endif // FOVEA_RUNTIME_EMULATOR_CELLS_H
