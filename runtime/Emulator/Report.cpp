//===- Report.cpp - sentences about broken rules --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Emulator/Report.h"

#include <cstdio>

namespace fovea::emulator {

std::string operationName(const Machine &machine, int32_t site) {
  const fovea_device_kernel &kernel = *machine.kernel;
  if (kernel.sites && site >= 0 && site < kernel.site_count && kernel.sites[site])
    return concat("'", kernel.sites[site], "'");
  return site < 0 ? std::string("an operation") : concat("operation ", site);
}

const char *kernelName(const fovea_device_kernel &kernel) {
  return kernel.name ? kernel.name : "?";
}

void report(const Thread &thread, int32_t site, Rule rule, std::string_view what) {
  Machine &machine = *thread.machine;
  machine.failure =
      Failure{rule, thread.block, thread.thread, site,
              concat("kernel '", kernelName(*machine.kernel), "', block ", thread.block,
                     ", thread ", thread.thread, ": ", operationName(machine, site), " ", what)};
}

void reportLaunch(Machine &machine, Rule rule, std::string_view what) {
  machine.failure =
      Failure{rule, -1, -1, -1, concat("kernel '", kernelName(*machine.kernel), "': ", what)};
}

std::string sharedAddress(int64_t offset) {
  return offset < 0 ? concat("shared - ", -offset) : concat("shared + ", offset);
}

std::string maskText(uint32_t mask) {
  char text[16];
  std::snprintf(text, sizeof(text), "0x%08x", mask);
  return text;
}

std::string useText(const Machine &machine, const Mark &mark) {
  static const char *const uses[] = {"a read", "a write", "an atomic operation",
                                     "a copy that has not been waited for", "the mbarrier"};
  return concat(uses[size_t(mark.use())], " of thread ", mark.thread(), " at ",
                operationName(machine, mark.site()));
}

/// What the thread waits for, with how far it is from happening.
static std::string waitText(const Thread &thread) {
  const Machine &machine = *thread.machine;
  std::string place = operationName(machine, thread.site);
  const Block &home = *thread.home;
  switch (thread.wait) {
  case Wait::Barrier: {
    const NamedBarrier &barrier = home.barriers[size_t(thread.barrier)];
    return concat("wait at ", place, ", where barrier ", thread.barrier, " of block ", home.index,
                  " has ", barrier.arrived, " of ", barrier.expected, " threads");
  }
  case Wait::Warp: {
    const Warp &warp = *thread.warp;
    for (uint32_t i = 0; i < FOVEA_WARP; ++i)
      if (const Meeting &meeting = warp.meetings[i];
          (warp.meetingsUsed >> i & 1) && (meeting.arrived & laneBit(thread)))
        return concat("wait at ", place, " for lanes ", maskText(meeting.mask & ~meeting.arrived),
                      " of warp ", warpIndex(thread), " of block ", home.index);
    return concat("wait at ", place);
  }
  case Wait::Mbarrier: {
    const Mbarrier &barrier = home.mbarriers[size_t(thread.barrier)];
    return concat("wait at ", place, ", where the mbarrier at ", sharedAddress(barrier.offset),
                  " of block ", home.index, " has phase ", barrier.phase, " open with ",
                  barrier.pending, " of ", barrier.count, " arrivals and ", barrier.transactions,
                  " bytes to come");
  }
  case Wait::Grid:
    return concat("wait at ", place, " for the grid");
  case Wait::Nothing:
    return concat("poll at ", place);
  case Wait::Ended:
    break;
  }
  return "have ended";
}

std::string situation(const Machine &machine) {
  constexpr size_t most = 12;
  std::vector<std::pair<std::string, int64_t>> groups;
  int64_t others = 0;
  for (const auto &block : machine.residents())
    for (int32_t i = 0; i < machine.kernel->threads; ++i) {
      std::string text = waitText(block->threads[size_t(i)]);
      size_t found = 0;
      while (found < groups.size() && groups[found].first != text)
        ++found;
      if (found < groups.size())
        ++groups[found].second;
      else if (groups.size() < most)
        groups.emplace_back(std::move(text), 1);
      else
        ++others;
    }
  std::string all;
  for (const auto &[text, count] : groups)
    all += concat(all.empty() ? "" : "; ", count, count == 1 ? " thread: " : " threads: ", text);
  return others ? concat(all, "; ", others, " threads elsewhere") : all;
}

} // namespace fovea::emulator
