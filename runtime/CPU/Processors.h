//===- Processors.h - how many threads make sense here --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_CPU_PROCESSORS_H
#define FOVEA_RUNTIME_CPU_PROCESSORS_H

#include <optional>
#include <string>

namespace fovea::cpu {

/// Processors that this process may use: its affinity mask, limited by the CPU quota of its
/// control group (a container on a large machine). At least 1.
int usableProcessors();

/// Processors of a quota in the form of cgroup's cpu.max, "<quota> <period>", rounded up; nullopt
/// for "max" and for what cannot be read.
std::optional<int> quotaProcessors(const std::string &cpuMax);

} // namespace fovea::cpu

#endif // FOVEA_RUNTIME_CPU_PROCESSORS_H
