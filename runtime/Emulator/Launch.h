//===- Launch.h - runs kernels of a device on the CPU ---------------------===//
//
// The emulator executes kernels that were compiled for it: each thread of a grid is a fibre, and
// what the kernel asks of fovea_emulator (fovea_device_abi.h) follows the rules of PTX. A broken
// rule ends the launch with a sentence that names the operation. docs/Rationale/Emulator.md says
// what is checked and what is not.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_EMULATOR_LAUNCH_H
#define FOVEA_RUNTIME_EMULATOR_LAUNCH_H

#include "runtime/include/fovea_device_abi.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fovea::emulator {

/// Global memory that a launch may use. Ranges may overlap.
struct Range {
  const void *address = nullptr;
  int64_t bytes = 0;
  bool writable = false;
  /// What messages call it, such as "input 0".
  std::string_view name;
};

struct Options {
  /// Decides the order of blocks, warps and threads, and when copies land. The same seed gives the
  /// same run.
  uint64_t seed = 0;
  /// Checks bounds and races of plain accesses, and poisons memory. Without it, operations of
  /// warps, barriers and copies are still held to their rules.
  bool checkMemory = true;
  /// Finds conflicting accesses of different blocks to global memory. Takes eight times the memory
  /// of the writable ranges, and one worker.
  bool checkBlocks = false;
};

/// Calls share(arg, i) for i in [0, count), at the same time or one after the other, on any
/// threads; some of those above 0 may be left out. Returns when all have returned.
struct Workers {
  int64_t count = 1;
  void (*run)(void *user, int64_t count, void (*share)(void *arg, int64_t slot),
              void *arg) = nullptr;
  void *user = nullptr;
};
/// Blocks of a cooperative kernel that run at the same time where it takes any number.
int64_t residentBlocks(const fovea_device_kernel &kernel);

struct Launch {
  const fovea_device_kernel *kernel = nullptr;
  int64_t blocks = 0;
  /// The words of the kernel's argument block.
  const int64_t *args = nullptr;
  std::span<const Range> ranges;
  /// Where the kernel records a fault; a range of its own. May be null.
  fovea_fault_record *fault = nullptr;
  Options options;
  /// Who runs blocks that do not depend on each other. Results and messages do not depend on it.
  Workers workers;
};

/// The kind of rule that was broken.
enum class Rule {
  /// The launch itself: no code for the emulator, sizes out of range.
  Launch,
  Bounds,
  /// A write to a range that is not writable.
  ReadOnly,
  Alignment,
  /// Accesses of shared memory that no barrier orders.
  Race,
  /// An access to memory that a copy under way writes.
  InFlight,
  Barrier,
  /// An operation of a warp whose lanes do not come together.
  Warp,
  Copy,
  Mbarrier,
  Atomic,
  /// Accesses of two blocks to global memory.
  Blocks,
  Deadlock,
};

struct Failure {
  Rule rule = Rule::Launch;
  /// Of the thread that broke the rule; -1 where it was none in particular.
  int64_t block = -1, thread = -1;
  /// The operation's number in the kernel's table of sites; -1 if none.
  int32_t site = -1;
  /// One sentence: kernel, block, thread, operation, rule and values.
  std::string text;
};

struct Machine;

/// Keeps stacks and tables between launches. One launch at a time; several threads use one each.
class Emulator {
public:
  Emulator();
  ~Emulator();
  Emulator(const Emulator &) = delete;
  Emulator &operator=(const Emulator &) = delete;

  /// Runs all threads of the launch; what went wrong, if anything did, in the lowest block where it
  /// did, unless blocks depend on each other. What the kernel had written by then stays written.
  std::optional<Failure> run(const Launch &launch);

  /// Switches from one thread to another in the last launch.
  int64_t switches() const;

private:
  /// One for each worker, and those that the last launch used.
  std::vector<std::unique_ptr<Machine>> machines;
  size_t used = 1;
};

} // namespace fovea::emulator

#endif // FOVEA_RUNTIME_EMULATOR_LAUNCH_H
