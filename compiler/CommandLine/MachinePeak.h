//===- MachinePeak.h - what this machine can do at most -------------------===//
//
// Measured upper bounds that benchmarks are put beside: multiply-adds and reads from memory.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_COMMANDLINE_MACHINEPEAK_H
#define FOVEA_COMPILER_COMMANDLINE_MACHINEPEAK_H

#include <memory>

namespace fovea::cli {

/// Instructions that multiply-adds are measured with: the widest registers there are, or none wider
/// than AVX2's.
enum class PeakCode { widest, avx2 };

/// Measures in slices. Its threads are its own, each on a processor of its own where the process
/// may use as many; they sleep between slices, and the caller sleeps during them.
class PeakMeter {
public:
  /// Fewer than one thread counts as one.
  PeakMeter(int threads, PeakCode code);
  ~PeakMeter();

  /// f32 operations (a multiply-add is two) in 1e9 a second: all threads' rates together.
  double multiplyGflops(double milliseconds);

  /// Bytes read from memory in 1e9 a second, of 256 MiB in all; each slice goes on where the one
  /// before it ended. 0 when the memory cannot be had.
  double readGbps(double milliseconds);

  /// The same of `bytes` a thread (16 KiB to its part of the memory) that are read over and over,
  /// every second time from behind: what caches of that size give.
  double rereadGbps(double milliseconds, size_t bytes);

private:
  class Team;
  std::unique_ptr<Team> team;
};

/// The best of several slices.
double measurePeakGflops(int threads, PeakCode code = PeakCode::widest);
double measureReadGbps(int threads);

} // namespace fovea::cli

#endif // FOVEA_COMPILER_COMMANDLINE_MACHINEPEAK_H
