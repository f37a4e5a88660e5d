//===- Atomics.h - atomic operations --------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_EMULATOR_ATOMICS_H
#define FOVEA_RUNTIME_EMULATOR_ATOMICS_H

#include "runtime/Emulator/Grid.h"

namespace fovea::emulator {

struct AtomicOperation {
  /// fovea_atomic, fovea_atomic_type, fovea_atomic_order, fovea_space.
  int32_t operation, type, order, space;
  void *address;
  /// Operand and, of a compare-exchange, what it is compared with, as bits.
  uint64_t value, compare;
  int32_t site;
};

/// Does the operation and gives the value before it. Others may run before it returns. Unless it is
/// relaxed, what is before it in the thread happened before what follows any later one that is not,
/// on the same address (on any address of global memory).
uint64_t atomic(Thread &thread, const AtomicOperation &operation);

/// The rule alone: the value after an operation on `before`. False for operations that the hardware
/// does not have (atom of the PTX ISA for sm_80: floats are added, exchanged and compared only).
bool applyAtomic(const AtomicOperation &operation, uint64_t before, uint64_t &after);

} // namespace fovea::emulator

#endif // FOVEA_RUNTIME_EMULATOR_ATOMICS_H
