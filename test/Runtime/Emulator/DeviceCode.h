//===- DeviceCode.h - what kernels of tests are made of -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_TEST_RUNTIME_EMULATOR_DEVICECODE_H
#define FOVEA_TEST_RUNTIME_EMULATOR_DEVICECODE_H

#include "runtime/include/fovea_device_abi.h"

#include <cstddef>

namespace fovea::emulator {

/// Numbers of operations, and their texts in the table of sites of every kernel here.
enum Site : int32_t { First, Second, Third, Fourth, Sites };
inline const char *const siteTexts[Sites] = {"the first", "the second", "the third", "the fourth"};

constexpr uint32_t allLanes = ~uint32_t(0);

template <typename Type> Type *pointerOf(int64_t word) {
  return reinterpret_cast<Type *>(intptr_t(word));
}

inline std::byte *sharedAt(fovea_thread *thread, int64_t offset) {
  return static_cast<std::byte *>(thread->shared) + offset;
}

// What compiled kernels do: an access is announced, then done.

template <typename Type> Type read(fovea_thread *thread, int32_t space, const Type *at, Site site) {
  thread->emulator->access(thread, space, FOVEA_READ, at, sizeof(Type), alignof(Type), site);
  return *at;
}

template <typename Type>
void write(fovea_thread *thread, int32_t space, Type *at, Type value, Site site) {
  thread->emulator->access(thread, space, FOVEA_WRITE, at, sizeof(Type), alignof(Type), site);
  *at = value;
}

template <typename Type> Type readShared(fovea_thread *thread, int64_t index, Site site) {
  return read(thread, FOVEA_SPACE_SHARED, static_cast<Type *>(thread->shared) + index, site);
}

template <typename Type>
void writeShared(fovea_thread *thread, int64_t index, Type value, Site site) {
  write(thread, FOVEA_SPACE_SHARED, static_cast<Type *>(thread->shared) + index, value, site);
}

template <typename Type> Type readGlobal(fovea_thread *thread, const Type *at, Site site) {
  return read(thread, FOVEA_SPACE_GLOBAL, at, site);
}

template <typename Type> void writeGlobal(fovea_thread *thread, Type *at, Type value, Site site) {
  write(thread, FOVEA_SPACE_GLOBAL, at, value, site);
}

/// A barrier of the block.
inline void sync(fovea_thread *thread, Site site = Fourth) {
  thread->emulator->barrier(thread, 0, (thread->threads + 31) / 32 * 32, site);
}

} // namespace fovea::emulator

#endif // FOVEA_TEST_RUNTIME_EMULATOR_DEVICECODE_H
