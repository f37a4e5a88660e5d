//===- FakeMemory.cpp - memory of the CUDA driver for tests ---------------===//
//
// Allocations and copies, at once whatever the stream.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Runtime/CUDA/FakeCalls.h"

#include <cstdlib>
#include <cstring>
#include <mutex>
#include <set>

using namespace fovea::cuda;
using namespace fovea::test;

namespace {
struct HostBlock {
  size_t bytes;
  void *memory;
};
} // namespace

static std::mutex mutex;
/// By their addresses on the device. Kept to the end: what a lost device had is never freed.
static std::map<uint64_t, HostBlock> &blocks = *new std::map<uint64_t, HostBlock>;
static std::set<void *> &pinned = *new std::set<void *>;

/// Whether `bytes` at an address of the device lie in one allocation.
static bool holds(DevicePointer address, size_t bytes) {
  std::lock_guard<std::mutex> lock(mutex);
  auto next = blocks.upper_bound(address);
  if (next == blocks.begin())
    return false;
  auto [start, block] = *std::prev(next);
  return address - start + bytes <= block.bytes;
}

static void *host(DevicePointer address) { return reinterpret_cast<void *>(address - kFakeOffset); }

static int allocate(DevicePointer *memory, size_t bytes) {
  std::lock_guard<std::mutex> lock(mutex);
  FakeCuda &fake = *fake_cuda();
  if (bytes == 0 || bytes > fake.memory)
    return bytes ? kOutOfMemory : kInvalidValue;
  void *block = aligned_alloc(256, (bytes + 255) / 256 * 256);
  *memory = reinterpret_cast<uint64_t>(block) + kFakeOffset;
  blocks[*memory] = {bytes, block};
  ++fake.allocations, ++fake.liveAllocations;
  return kSuccess;
}

static int release(DevicePointer memory) {
  std::lock_guard<std::mutex> lock(mutex);
  if (!blocks.erase(memory))
    return kInvalidValue;
  free(host(memory));
  --fake_cuda()->liveAllocations;
  return kSuccess;
}

FAKE cuMemAlloc_v2(DevicePointer *memory, size_t bytes) {
  int result = calledWithin("cuMemAlloc_v2", std::to_string(bytes));
  return result ? result : allocate(memory, bytes);
}
FAKE cuMemFree_v2(DevicePointer memory) {
  int result = calledWithin("cuMemFree_v2");
  return result ? result : release(memory);
}
FAKE cuMemAllocHost_v2(void **memory, size_t bytes) {
  *memory = malloc(bytes);
  pinned.insert(*memory);
  return calledWithin("cuMemAllocHost_v2");
}
FAKE cuMemFreeHost(void *memory) {
  pinned.erase(memory);
  free(memory);
  return calledWithin("cuMemFreeHost");
}
FAKE cuMemAllocAsync(DevicePointer *memory, size_t bytes, StreamHandle stream) {
  int result = calledWithin("cuMemAllocAsync", std::to_string(bytes) + " " + on(stream));
  return result ? result : allocate(memory, bytes);
}
FAKE cuMemFreeAsync(DevicePointer memory, StreamHandle stream) {
  int result = calledWithin("cuMemFreeAsync", on(stream));
  return result ? result : release(memory);
}

static int toDevice(const std::string &name, DevicePointer to, const void *from, size_t bytes,
                    const std::string &details) {
  int result = calledWithin(name, std::to_string(bytes) + details);
  if (result != kSuccess || !holds(to, bytes))
    return result != kSuccess ? result : kInvalidValue;
  memcpy(host(to), from, bytes);
  return kSuccess;
}

FAKE cuMemcpyHtoD_v2(DevicePointer to, const void *from, size_t bytes) {
  return toDevice("cuMemcpyHtoD_v2", to, from, bytes, "");
}
FAKE cuMemcpyHtoDAsync_v2(DevicePointer to, const void *from, size_t bytes, StreamHandle stream) {
  return toDevice("cuMemcpyHtoDAsync_v2", to, from, bytes, " " + on(stream));
}

static int toHost(const std::string &name, void *to, DevicePointer from, size_t bytes,
                  const std::string &details) {
  int result = calledWithin(name, std::to_string(bytes) + details);
  if (result != kSuccess || !holds(from, bytes))
    return result != kSuccess ? result : kInvalidValue;
  memcpy(to, host(from), bytes);
  return kSuccess;
}

FAKE cuMemcpyDtoH_v2(void *to, DevicePointer from, size_t bytes) {
  return toHost("cuMemcpyDtoH_v2", to, from, bytes, "");
}
FAKE cuMemcpyDtoHAsync_v2(void *to, DevicePointer from, size_t bytes, StreamHandle stream) {
  return toHost("cuMemcpyDtoHAsync_v2", to, from, bytes, " " + on(stream));
}
FAKE cuMemcpyDtoDAsync_v2(DevicePointer to, DevicePointer from, size_t bytes, StreamHandle stream) {
  if (!holds(from, bytes))
    return kInvalidValue;
  return toDevice("cuMemcpyDtoDAsync_v2", to, host(from), bytes, " " + on(stream));
}
