//===- Memory.cpp - memory of a context -----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Core/Memory.h"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <sys/mman.h>

namespace fovea::core {

static constexpr size_t hugePage = size_t(1) << 21;

static void *allocateDefault(void *, size_t bytes, size_t alignment) {
  // With 4 KiB pages a large arena costs more in address translation than a huge page wastes.
  bool large = bytes >= 2 * hugePage;
  void *memory = nullptr;
  if (posix_memalign(&memory, large ? hugePage : alignment, bytes) != 0)
    return nullptr;
  if (large)
    madvise(memory, bytes, MADV_HUGEPAGE);
  return memory;
}

static void freeDefault(void *, void *memory, size_t, size_t) { free(memory); }

fovea_allocator defaultAllocator() { return {allocateDefault, freeDefault, nullptr}; }

bool Block::reserve(size_t bytes) {
  if (memory && bytes <= capacity)
    return true;
  release();
  // Never null for an empty tensor.
  bytes = std::max<size_t>(bytes, 1);
  if (bytes > SIZE_MAX / 2)
    return false;
  memory = allocator.alloc(allocator.user, bytes, memoryAlignment);
  capacity = memory ? bytes : 0;
  return memory;
}

struct RunBlocks::Node {
  Node *next;
  Block block;
};

RunBlocks::~RunBlocks() {
  while (first)
    delete std::exchange(first, first->next);
}

void *RunBlocks::allocate(size_t bytes) {
  Node *node = new (std::nothrow) Node{first, Block(allocator)};
  if (!node || !node->block.reserve(bytes)) {
    delete node;
    return nullptr;
  }
  first = node;
  return node->block.data();
}

void Block::release() {
  if (memory)
    allocator.free(allocator.user, memory, capacity, memoryAlignment);
  memory = nullptr;
  capacity = 0;
}

} // namespace fovea::core
