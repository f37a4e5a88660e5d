//===- Call.h - one run of compiled code ----------------------------------===//
//
// The host side of fovea_abi.h. Compiled code and these functions share a stack
// that longjmp may cut, so nothing here owns anything: failures are recorded as
// plain values and worded after the run.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_CORE_CALL_H
#define FOVEA_RUNTIME_CORE_CALL_H

#include "runtime/CPU/Team.h"
#include "runtime/CPU/ThreadPool.h"
#include "runtime/Core/Launcher.h"
#include "runtime/Core/Memory.h"
#include "runtime/Core/Module.h"
#include <atomic>
#include <csetjmp>
#include <span>
#include <string_view>

namespace fovea::core {

/// Why a run stopped.
struct Failure {
  enum class Kind {
    /// fault, node, value, limit of the ABI.
    Fault,
    /// Output `index` does not exist.
    NoOutput,
    OutputTwice,
    /// Rank `value` instead of `limit`.
    OutputRank,
    /// Dimension `dim` has size `value` instead of `limit`; compiled code is at fault.
    OutputDim,
    /// The same, where the caller's tensor does not have the size that the data gave.
    SuppliedDim,
    /// Dimension sizes of output `index` are negative or too large together.
    OutputSize,
    /// No memory for `value` bytes of output `index`.
    OutputMemory,
    /// A block of `value` bytes, which is negative or too large.
    BlockSize,
    /// No memory for a block of `value` bytes.
    BlockMemory,
    /// A kernel could not be run, for the reason in `text`.
    Launch,
  };
  Kind kind = Kind::Fault;
  int64_t fault = 0;
  int64_t node = -1;
  int64_t value = 0;
  int64_t limit = 0;
  int64_t index = -1;
  int64_t dim = -1;
  const char *text = nullptr;
};

/// Where an output of the run goes.
struct OutputSlot {
  /// The caller's tensor when it has memory, else null.
  const fovea_tensor *supplied = nullptr;
  /// The run writes `supplied` itself: it lies where kernels write.
  bool inPlace = false;
  /// The context's memory for the output otherwise; null before its first use and after a detach.
  fovea_buffer *buffer = nullptr;
  /// The caller wants it in the host's memory, kernels write the device's: a copy. Else null, and
  /// likewise after a detach.
  fovea_buffer *hostBuffer = nullptr;
  bool toHost = false;
  bool produced = false;
};

/// How the tasks of a region get their threads.
struct Threads {
  /// Calls share(arg, i) for i in [0, slots), of which those above 0 may be left out; `slots` is at
  /// most `count`.
  void run(int64_t slots, cpu::ThreadPool::Share share, void *arg) const;

  int64_t count = 1;
  fovea_parallel_for hook = nullptr;
  void *hookUser = nullptr;
  cpu::ThreadPool *pool = nullptr;
  cpu::Team *members = nullptr;
};

/// A run in progress. Lives on the stack of the thread that runs the context.
class Call : public fovea_call {
public:
  /// Outputs get their memory from `allocator`, which `owner` keeps alive.
  Call(const EntryPoint &entry, const fovea_allocator &allocator,
       const std::shared_ptr<void> &owner, const Threads &threads, std::span<OutputSlot> outputs,
       RunBlocks &blocks, Launcher *launcher)
      : entry(entry), allocator(allocator), owner(owner), team(threads), outputs(outputs),
        blocks(blocks), launcher(launcher) {}
  Call(const Call &) = delete;
  Call &operator=(const Call &) = delete;

  /// Runs the entry; the fields of fovea_call must be set. `firstScratch` is thread 0's, the
  /// others follow at `scratchStride`. False when the run failed.
  bool execute(char *firstScratch, int64_t scratchStride);

  const Failure &failure() const { return firstFailure; }

  /// Keeps the first failure. From any thread.
  void record(const Failure &failure);

  /// Records and goes back to execute. From the thread that runs the context, outside tasks.
  [[noreturn]] void fail(const Failure &failure);

  void parallelFor(fovea_task task, void *args, int64_t count);
  void runTeam(fovea_task task, void *args, int64_t shares);
  int64_t share(int64_t slot) { return team.members->next(slot); }
  bool proceed(int64_t slot, bool condition) {
    return team.members->proceed(slot, condition && !failed.load(std::memory_order_relaxed));
  }
  int64_t steps() const { return team.members->steps(); }
  void *output(int64_t index, std::span<const int64_t> shape);
  void *allocate(int64_t bytes);
  void launch(int64_t kernel, int64_t blocks, const int64_t *args);

private:
  struct Region;
  struct TeamRegion;

  static void runShare(void *region, int64_t slot);
  static void runMember(void *region, int64_t slot);
  void open(cpu::ThreadPool::Share share, void *region, int64_t slots);
  bool enter();
  void admit(std::string_view name, const void *data, int64_t bytes);
  void admitOutput(int64_t index, const void *data, int64_t bytes);
  void checkOutputShape(int64_t index, std::span<const int64_t> shape);

  const EntryPoint &entry;
  const fovea_allocator &allocator;
  const std::shared_ptr<void> &owner;
  const Threads &team;
  std::span<OutputSlot> outputs;
  RunBlocks &blocks;
  /// Null where the code has no kernels of a device.
  Launcher *const launcher;
  char *scratch = nullptr;
  int64_t scratchStride = 0;
  Failure firstFailure;
  std::atomic<bool> failed{false};
  jmp_buf start;
};

/// The host table that every call points to.
const fovea_host *hostTable();

} // namespace fovea::core

#endif // FOVEA_RUNTIME_CORE_CALL_H
