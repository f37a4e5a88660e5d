//===- Memory.cpp - checks of accesses to memory --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Emulator/Memory.h"
#include "runtime/Emulator/Report.h"
#include "runtime/Emulator/Scheduler.h"

namespace fovea::emulator {

static const char *verbOf(Use use) {
  return use == Use::Read ? "reads " : use == Use::Atomic ? "updates " : "writes ";
}

static void reportRace(const Thread &thread, const MemoryAccess &access, int64_t offset,
                       const Mark &mark) {
  bool closed = mark.use() == Use::Copy || mark.use() == Use::Mbarrier;
  report(thread, access.site, closed ? Rule::InFlight : Rule::Race,
         concat(verbOf(access.use), access.bytes, " bytes at ", sharedAddress(offset),
                closed ? ", which belongs to " : ", a race with ", useText(*thread.machine, mark)));
}

static void reportOutside(const Thread &thread, const MemoryAccess &access, int64_t offset,
                          int64_t size) {
  report(thread, access.site, Rule::Bounds,
         concat(verbOf(access.use), access.bytes, " bytes at shared memory",
                offset < 0 ? concat(" - ", -offset) : concat(" + ", offset), ", which has ", size,
                " bytes"));
}

static void reportMisaligned(const Thread &thread, const MemoryAccess &access) {
  report(thread, access.site, Rule::Alignment,
         concat("uses ", access.bytes, " bytes at an address that is ",
                int64_t(uintptr_t(access.address) & uint64_t(access.alignment - 1)),
                " behind a multiple of ", access.alignment));
}

void checkAligned(Thread &thread, const MemoryAccess &access) {
  if (!(uintptr_t(access.address) & uint64_t(access.alignment - 1)))
    return;
  reportMisaligned(thread, access);
  abandonLaunch(thread);
}

static bool lies(int64_t offset, int64_t bytes, int64_t size) {
  return offset >= 0 && bytes > 0 && offset <= size - bytes;
}

int64_t checkShared(Thread &thread, const MemoryAccess &access) {
  Block &block = *thread.home;
  int64_t size = thread.machine->kernel->shared_bytes;
  auto offset = int64_t(uintptr_t(access.address) - uintptr_t(block.shared));
  if (!lies(offset, access.bytes, size)) {
    reportOutside(thread, access, offset, size);
    abandonLaunch(thread);
  }
  checkAligned(thread, access);
  if (!thread.machine->options.checkMemory)
    return offset;
  Access cells{thread.thread, access.site, offset, access.bytes};
  const Mark *other = access.use == Use::Read ? block.cells.read(block.clocks, cells)
                                              : block.cells.write(block.clocks, cells, access.use);
  if (other) {
    reportRace(thread, access, offset, *other);
    abandonLaunch(thread);
  }
  return offset;
}

static void reportConflict(const Thread &thread, const MemoryAccess &access,
                           const BlockConflicts::Mark &other) {
  report(thread, access.site, Rule::Blocks,
         concat(verbOf(access.use), access.bytes, " bytes of global memory that block ",
                other.block, " used at ", operationName(*thread.machine, other.site),
                ", which may run at the same time"));
}

const GlobalMemory::Region &checkGlobal(Thread &thread, const MemoryAccess &access) {
  Machine &machine = *thread.machine;
  bool write = access.use != Use::Read;
  const GlobalMemory::Region *region =
      machine.globals.find(access.address, access.bytes, write, access.site);
  if (!region) {
    Rule rule = Rule::Bounds;
    report(thread, access.site, rule,
           machine.globals.refusal(access.address, access.bytes, write, rule));
    machine.failure->rule = rule;
    abandonLaunch(thread);
  }
  checkAligned(thread, access);
  if (!machine.conflicts.enabled() || access.use == Use::Atomic)
    return *region;
  if (const auto *other = machine.conflicts.access(thread.block, access.address, access.bytes,
                                                   write, access.site)) {
    reportConflict(thread, access, *other);
    abandonLaunch(thread);
  }
  return *region;
}

/// Lets the site go on in the region without telling of it, unless other blocks have to be known.
static void openWindow(Machine &machine, const GlobalMemory::Region &region,
                       const MemoryAccess &access) {
  if (machine.conflicts.enabled() || size_t(access.site) >= machine.windows.size())
    return;
  auto alignment = uint64_t(access.alignment);
  uint64_t begin = (region.begin + alignment - 1) & ~(alignment - 1);
  uint64_t last = region.begin + region.bytes - uint64_t(access.bytes);
  machine.windows[size_t(access.site)] = {begin, (last - begin) / alignment + 1};
}

void checkAccess(Thread &thread, int32_t space, const MemoryAccess &access) {
  if (space == FOVEA_SPACE_SHARED)
    checkShared(thread, access);
  else
    openWindow(*thread.machine, checkGlobal(thread, access), access);
}

} // namespace fovea::emulator
