//===- Copies.cpp - copies to shared memory that go on beside the code ----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Emulator/Copies.h"
#include "runtime/Emulator/Mbarriers.h"
#include "runtime/Emulator/Memory.h"
#include "runtime/Emulator/Report.h"
#include "runtime/Emulator/Scheduler.h"

#include <cstring>

namespace fovea::emulator {

static void land(const Copy &copy) {
  std::memcpy(copy.to, copy.from, size_t(copy.valid));
  std::memset(copy.to + copy.valid, 0, size_t(copy.bytes - copy.valid));
}

static Access accessOf(const Thread &thread, const Copy &copy) {
  return {thread.thread, copy.site, copy.to - thread.home->shared, copy.bytes};
}

void copyAsync(Thread &thread, void *to, const void *from, int32_t bytes, int32_t valid,
               int32_t site) {
  if ((bytes != 4 && bytes != 8 && bytes != 16) || valid < 0 || valid > bytes) {
    report(thread, site, Rule::Copy,
           concat("copies ", valid, " of ", bytes, " bytes, expected at most 4, 8 or 16"));
    abandonLaunch(thread);
  }
  // The range is that which is read, the alignment that of the whole, also where nothing is read.
  if (valid)
    checkGlobal(thread, {from, valid, bytes, Use::Read, site});
  else
    checkAligned(thread, {from, bytes, bytes, Use::Read, site});
  checkShared(thread, {to, bytes, bytes, Use::Write, site});
  Machine &machine = *thread.machine;
  bool early = machine.random.coin();
  Copy copy{static_cast<std::byte *>(to),
            static_cast<const std::byte *>(from),
            bytes,
            valid,
            thread.group,
            site,
            early,
            -1};
  if (early) {
    land(copy);
  } else {
    for (int32_t i = 0; i < bytes; i += 4)
      std::memcpy(copy.to + i, &poison, sizeof(poison));
  }
  if (machine.options.checkMemory)
    thread.home->cells.close(accessOf(thread, copy), Use::Copy);
  thread.copies.push_back(copy);
}

void commitCopies(Thread &thread) { ++thread.group; }

/// Forgets what is behind the thread, now and then: there may always be something before it.
static void shorten(Thread &thread) {
  constexpr size_t many = 64;
  bool empty = thread.firstCopy == thread.copies.size();
  if (!empty && (thread.firstCopy < many || thread.firstCopy < thread.copies.size() / 2))
    return;
  thread.copies.erase(thread.copies.begin(), thread.copies.begin() + ptrdiff_t(thread.firstCopy));
  thread.firstCopy = 0;
}

void landCopies(Thread &thread, size_t end) {
  Block &block = *thread.home;
  for (; thread.firstCopy < thread.copies.size(); ++thread.firstCopy) {
    const Copy &copy = thread.copies[thread.firstCopy];
    if (copy.mbarrier >= 0) {
      arriveDeferred(thread, copy);
      continue;
    }
    if (thread.firstCopy >= end)
      break;
    if (!copy.landed)
      land(copy);
    if (block.machine->options.checkMemory)
      block.cells.open(block.clocks, accessOf(thread, copy));
  }
  shorten(thread);
}

void waitCopies(Thread &thread, int32_t pending, int32_t site) {
  if (pending < 0) {
    report(thread, site, Rule::Copy, concat("waits for all but ", pending, " groups of copies"));
    abandonLaunch(thread);
  }
  size_t end = thread.firstCopy;
  while (end < thread.copies.size() && (thread.copies[end].mbarrier >= 0 ||
                                        int32_t(thread.group - thread.copies[end].group) > pending))
    ++end;
  landCopies(thread, end);
}

void dropCopies(Thread &thread) {
  if (thread.machine->options.checkMemory)
    for (size_t i = thread.firstCopy; i < thread.copies.size(); ++i)
      if (Access access = accessOf(thread, thread.copies[i]); thread.copies[i].mbarrier < 0)
        thread.home->cells.forget(access.offset, access.bytes);
  thread.copies.clear();
  thread.firstCopy = 0;
}

} // namespace fovea::emulator
