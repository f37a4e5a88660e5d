//===- Atomics.cpp - atomic operations ------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Emulator/Atomics.h"
#include "runtime/Emulator/Approximate.h"
#include "runtime/Emulator/Memory.h"
#include "runtime/Emulator/Report.h"
#include "runtime/Emulator/Scheduler.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace fovea::emulator {

/// Words of shared memory whose atomic operations are told apart.
constexpr size_t mostWords = 4096;

static int64_t bytesOf(int32_t type) {
  return type == FOVEA_ATOMIC_S64 || type == FOVEA_ATOMIC_U64 ? 8 : 4;
}

/// On integers of `Type`, or on their bits.
template <typename Type>
static uint64_t applyInteger(const AtomicOperation &operation, uint64_t beforeBits) {
  using Bits = std::make_unsigned_t<Type>;
  auto before = Type(Bits(beforeBits)), value = Type(Bits(operation.value));
  switch (operation.operation) {
  case FOVEA_ATOMIC_ADD:
    return Bits(Bits(before) + Bits(value));
  case FOVEA_ATOMIC_MIN:
    return Bits(std::min(before, value));
  case FOVEA_ATOMIC_MAX:
    return Bits(std::max(before, value));
  case FOVEA_ATOMIC_AND:
    return Bits(before & value);
  case FOVEA_ATOMIC_OR:
    return Bits(before | value);
  case FOVEA_ATOMIC_XOR:
    return Bits(before ^ value);
  case FOVEA_ATOMIC_EXCHANGE:
    return Bits(value);
  default:
    return before == Type(Bits(operation.compare)) ? Bits(value) : Bits(before);
  }
}

/// Sums in global memory flush denormals, those in shared memory do not.
static uint64_t addFloats(const AtomicOperation &operation, uint64_t beforeBits) {
  auto before = std::bit_cast<float>(uint32_t(beforeBits));
  auto value = std::bit_cast<float>(uint32_t(operation.value));
  if (operation.space != FOVEA_SPACE_GLOBAL)
    return std::bit_cast<uint32_t>(before + value);
  return std::bit_cast<uint32_t>(flushDenormal(flushDenormal(before) + flushDenormal(value)));
}

bool applyAtomic(const AtomicOperation &operation, uint64_t before, uint64_t &after) {
  if (operation.operation < FOVEA_ATOMIC_ADD || operation.operation > FOVEA_ATOMIC_COMPARE_EXCHANGE)
    return false;
  switch (operation.type) {
  case FOVEA_ATOMIC_S32:
    after = applyInteger<int32_t>(operation, before);
    return true;
  case FOVEA_ATOMIC_U32:
    after = applyInteger<uint32_t>(operation, before);
    return true;
  case FOVEA_ATOMIC_S64:
    after = applyInteger<int64_t>(operation, before);
    return true;
  case FOVEA_ATOMIC_U64:
    after = applyInteger<uint64_t>(operation, before);
    return true;
  case FOVEA_ATOMIC_F32:
    if (operation.operation == FOVEA_ATOMIC_ADD)
      after = addFloats(operation, before);
    else if (operation.operation >= FOVEA_ATOMIC_EXCHANGE)
      after = applyInteger<uint32_t>(operation, before);
    else
      return false;
    return true;
  }
  return false;
}

/// What is known through atomic operations on this address.
static Clock &clockOf(Block &block, const AtomicOperation &operation) {
  if (operation.space != FOVEA_SPACE_SHARED)
    return block.otherAtomics;
  auto word = int64_t(uintptr_t(operation.address) - uintptr_t(block.shared)) & ~int64_t(3);
  auto found = block.atomicClocks.find(word);
  if (found != block.atomicClocks.end())
    return found->second;
  return block.atomicClocks.size() < mostWords ? block.atomicClocks[word] : block.otherAtomics;
}

static void checkAtomic(Thread &thread, const AtomicOperation &operation, int64_t bytes) {
  uint64_t ignored;
  bool hasSpace = operation.space == FOVEA_SPACE_SHARED || operation.space == FOVEA_SPACE_GLOBAL;
  if (!hasSpace || !applyAtomic(operation, 0, ignored)) {
    report(thread, operation.site, Rule::Atomic,
           concat("is an atomic operation (", operation.operation, ") of type ", operation.type,
                  " in space ", operation.space, ", which there is not"));
    abandonLaunch(thread);
  }
  MemoryAccess access{operation.address, bytes, bytes, Use::Atomic, operation.site};
  if (operation.space == FOVEA_SPACE_SHARED)
    checkShared(thread, access);
  else
    checkGlobal(thread, access);
}

/// Whether the thread did the same before with the same result, at most a few others in between.
static bool isRepeated(Thread &thread, const LastAtomic &operation) {
  std::array<LastAtomic, 4> &last = thread.lastAtomics;
  if (std::find(last.begin(), last.end(), operation) != last.end())
    return true;
  last[thread.nextAtomic++ % last.size()] = operation;
  return false;
}

uint64_t atomic(Thread &thread, const AtomicOperation &operation) {
  Block &block = *thread.home;
  Machine &machine = *thread.machine;
  int64_t bytes = bytesOf(operation.type);
  bool orders = operation.order != FOVEA_ATOMIC_RELAXED;
  bool checks = machine.options.checkMemory && orders;
  if (checks)
    block.clocks.acquire(thread.thread, clockOf(block, operation));
  checkAtomic(thread, operation, bytes);
  uint64_t before = 0, after = 0;
  std::memcpy(&before, operation.address, size_t(bytes));
  applyAtomic(operation, before, after);
  std::memcpy(operation.address, &after, size_t(bytes));
  if (checks)
    block.clocks.release(thread.thread, clockOf(block, operation));
  if (machine.conflicts.enabled() && orders && operation.space == FOVEA_SPACE_GLOBAL)
    machine.conflicts.atomic(thread.block, operation.address);
  bool vain = before == after && isRepeated(thread, {operation.address, operation.value,
                                                     operation.compare, before, operation.site});
  if (vain || machine.random.coin())
    yield(thread, operation.site, vain);
  else
    machine.schedule.idle = 0;
  return before;
}

} // namespace fovea::emulator
