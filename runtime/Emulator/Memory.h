//===- Memory.h - checks of accesses to memory ----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_EMULATOR_MEMORY_H
#define FOVEA_RUNTIME_EMULATOR_MEMORY_H

#include "runtime/Emulator/Grid.h"

namespace fovea::emulator {

/// An access to memory; `address` has to be a multiple of `alignment`, a power of two.
struct MemoryAccess {
  const void *address;
  int64_t bytes;
  int64_t alignment;
  Use use;
  int32_t site;
};

/// Checks an access to shared memory and records it. Gives the place in shared memory.
int64_t checkShared(Thread &thread, const MemoryAccess &access);

/// Checks an access to global memory, for bounds and for conflicts with other blocks. Gives the
/// region in which it lies.
const GlobalMemory::Region &checkGlobal(Thread &thread, const MemoryAccess &access);

/// Checks the alignment of an access alone.
void checkAligned(Thread &thread, const MemoryAccess &access);

/// A plain access to memory of a space (fovea_space).
void checkAccess(Thread &thread, int32_t space, const MemoryAccess &access);

} // namespace fovea::emulator

#endif // FOVEA_RUNTIME_EMULATOR_MEMORY_H
