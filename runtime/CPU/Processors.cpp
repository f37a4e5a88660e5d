//===- Processors.cpp - how many threads make sense here ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/CPU/Processors.h"

#include <algorithm>
#include <cstdio>
#include <sched.h>
#include <unistd.h>

namespace fovea::cpu {

static std::string readStart(const std::string &path) {
  char text[4096];
  FILE *file = fopen(path.c_str(), "re");
  if (!file)
    return {};
  size_t size = fread(text, 1, sizeof(text), file);
  fclose(file);
  return {text, size};
}

std::optional<int> quotaProcessors(const std::string &cpuMax) {
  long long quota, period;
  if (sscanf(cpuMax.c_str(), "%lld %lld", &quota, &period) != 2 || quota <= 0 || period <= 0)
    return std::nullopt;
  return int(std::min<long long>(quota / period + (quota % period != 0), 1 << 16));
}

/// Smallest quota of the process's control group and the groups around it. Version 2, and the
/// usual place of version 1 in containers.
static std::optional<int> groupQuota() {
  const std::string root = "/sys/fs/cgroup";
  std::optional<int> least;
  auto consider = [&least](const std::string &cpuMax) {
    if (std::optional<int> quota = quotaProcessors(cpuMax))
      least = std::min(least.value_or(*quota), *quota);
  };
  std::string groups = readStart("/proc/self/cgroup"), group;
  if (size_t at = groups.find("0::/"); at != std::string::npos)
    group = groups.substr(at + 3, groups.find('\n', at) - at - 3);
  for (;; group.resize(group.rfind('/'))) {
    consider(readStart(root + group + "/cpu.max"));
    if (group.rfind('/') == std::string::npos)
      break;
  }
  consider(readStart(root + "/cpu/cpu.cfs_quota_us") + " " +
           readStart(root + "/cpu/cpu.cfs_period_us"));
  return least;
}

int usableProcessors() {
  cpu_set_t set;
  long count = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set)
                                                            : sysconf(_SC_NPROCESSORS_ONLN);
  if (std::optional<int> quota = groupQuota())
    count = std::min<long>(count, *quota);
  return int(std::max<long>(count, 1));
}

} // namespace fovea::cpu
