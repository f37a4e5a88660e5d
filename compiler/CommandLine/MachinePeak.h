//===- MachinePeak.h - what this machine can do at most -------------------===//
//
// Measured upper bounds that benchmarks are put beside: multiply-adds and reads from memory.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_COMMANDLINE_MACHINEPEAK_H
#define FOVEA_COMPILER_COMMANDLINE_MACHINEPEAK_H

namespace fovea::cli {

/// Most f32 operations (a multiply-add is two) in 1e9 a second on `threads` threads, over several
/// tries of some milliseconds.
double measurePeakGflops(int threads);

/// Most bytes read from memory in 1e9 a second on `threads` threads, from 256 MiB in all. 0 when
/// the memory cannot be had.
double measureReadGbps(int threads);

} // namespace fovea::cli

#endif // FOVEA_COMPILER_COMMANDLINE_MACHINEPEAK_H
