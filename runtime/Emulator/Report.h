//===- Report.h - sentences about broken rules ----------------------------===//
//
// A broken rule ends the launch in two steps, so that no text is left in frames that are never
// returned to: report() records the failure and returns, abandonLaunch() leaves for good.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_EMULATOR_REPORT_H
#define FOVEA_RUNTIME_EMULATOR_REPORT_H

#include "runtime/Artifact/Status.h"
#include "runtime/Emulator/Grid.h"

namespace fovea::emulator {

using fvm::concat;

/// "'mma.sync of node x'", or "operation 3" where the kernel has no text for it.
std::string operationName(const Machine &machine, int32_t site);

/// The kernel's name, in messages.
const char *kernelName(const fovea_device_kernel &kernel);

/// Records that `thread` broke a rule at `site`; `what` is a clause without subject or full stop.
void report(const Thread &thread, int32_t site, Rule rule, std::string_view what);

/// Records a failure of the launch as a whole.
void reportLaunch(Machine &machine, Rule rule, std::string_view what);

/// "shared + 64"
std::string sharedAddress(int64_t offset);

/// "0x0000ffff"
std::string maskText(uint32_t mask);

/// What an access met: "a write by thread 3 at 'store of q'".
std::string useText(const Machine &machine, const Mark &mark);

/// What all threads are doing that have not ended, the same things counted together.
std::string situation(const Machine &machine);

} // namespace fovea::emulator

#endif // FOVEA_RUNTIME_EMULATOR_REPORT_H
