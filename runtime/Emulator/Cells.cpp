//===- Cells.cpp - who last used each cell of shared memory ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Emulator/Cells.h"

#include <algorithm>

namespace fovea::emulator {

/// Warps whose reads of a cell are told apart; others share a mark with one of these.
static constexpr size_t maxReaders = 8;
/// The clock of marks that conflict with everything.
static constexpr uint32_t never = ~uint32_t(0);

void Cells::configure(int64_t size, int32_t threads) {
  size_t warps = size_t(threads + FOVEA_WARP - 1) / FOVEA_WARP;
  size_t wanted = 1 + std::min(warps, maxReaders);
  if (bytes == size && width == wanted)
    return;
  bytes = size;
  width = wanted;
  clear();
}

void Cells::clear() {
  shift = 2;
  marks.assign(size_t((bytes + 3) / 4) * width, Mark());
}

/// Makes cells so small that the access consists of whole ones.
void Cells::refine(const Access &access) {
  int32_t wanted = (access.offset | access.bytes) & 1 ? 0 : 1;
  size_t parts = size_t(1) << (shift - wanted);
  std::vector<Mark> finer(marks.size() * parts);
  for (size_t cell = 0; cell < marks.size() / width; ++cell)
    for (size_t part = 0; part < parts; ++part)
      std::copy_n(&marks[cell * width], width, &finer[(cell * parts + part) * width]);
  marks = std::move(finer);
  shift = wanted;
}

static bool ordered(const Clocks &clocks, int32_t thread, Mark mark) {
  return mark.clock() != never && clocks.knows(thread, mark.thread(), mark.clock());
}

const Mark *Cells::read(const Clocks &clocks, const Access &access) {
  if ((access.offset | access.bytes) & ((1 << shift) - 1))
    refine(access);
  uint32_t floor = clocks.floor();
  // Less than `width`: a block of fewer warps has a mark for each of them.
  size_t slot = 1 + size_t(access.thread / FOVEA_WARP) % maxReaders;
  Mark mark(clocks.now(access.thread), access.thread, Use::Read, access.site);
  for (size_t i = row(access.offset), end = rowsEnd(access); i < end; i += width) {
    if (marks[i].clock() >= floor && !ordered(clocks, access.thread, marks[i]))
      return &marks[i];
    marks[i + slot] = mark;
  }
  return nullptr;
}

const Mark *Cells::write(const Clocks &clocks, const Access &access, Use use) {
  if ((access.offset | access.bytes) & ((1 << shift) - 1))
    refine(access);
  uint32_t floor = clocks.floor();
  Mark mark(clocks.now(access.thread), access.thread, use, access.site);
  for (size_t i = row(access.offset), end = rowsEnd(access); i < end; i += width) {
    for (size_t k = 0; k < width; ++k) {
      Mark other = marks[i + k];
      if (other.clock() < floor || ordered(clocks, access.thread, other))
        continue;
      // Atomic operations do not race with each other.
      if (use != Use::Atomic || other.use() != Use::Atomic)
        return &marks[i + k];
    }
    marks[i] = mark;
  }
  return nullptr;
}

void Cells::set(const Access &access, Mark mark) {
  for (size_t i = row(access.offset), end = rowsEnd(access); i < end; i += width)
    marks[i] = mark;
}

void Cells::close(const Access &access, Use use) {
  set(access, Mark(never, access.thread, use, access.site));
}

void Cells::open(const Clocks &clocks, const Access &access) {
  set(access, Mark(clocks.now(access.thread), access.thread, Use::Write, access.site));
}

void Cells::forget(int64_t offset, int64_t count) { set({0, 0, offset, count}, Mark()); }

} // namespace fovea::emulator
