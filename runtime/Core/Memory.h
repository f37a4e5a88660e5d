//===- Memory.h - memory of a context -------------------------------------===//
//
// All tensor memory goes through the allocator that the host may supply.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_CORE_MEMORY_H
#define FOVEA_RUNTIME_CORE_MEMORY_H

#include "runtime/include/fovea_runtime.h"

#include <memory>
#include <utility>

namespace fovea::core {

/// Alignment of everything that compiled code is given.
inline constexpr size_t memoryAlignment = 64;

/// The runtime's own allocator. Large blocks ask for huge pages.
fovea_allocator defaultAllocator();

/// One block of memory, 64-byte aligned, that is freed with its owner. Move only.
class Block {
public:
  Block() = default;
  explicit Block(const fovea_allocator &allocator) : allocator(allocator) {}
  Block(Block &&other) noexcept { *this = std::move(other); }
  Block &operator=(Block &&other) noexcept {
    std::swap(allocator, other.allocator);
    std::swap(memory, other.memory);
    std::swap(capacity, other.capacity);
    return *this;
  }
  ~Block() { release(); }

  /// Makes room for `bytes`, losing the content when it must grow. False, and empty, when there
  /// is no memory.
  bool reserve(size_t bytes);
  void release();

  void *data() const { return memory; }
  size_t size() const { return capacity; }

private:
  fovea_allocator allocator = {};
  void *memory = nullptr;
  size_t capacity = 0;
};

/// Blocks of memory that one run asks for, freed together.
class RunBlocks {
public:
  explicit RunBlocks(const fovea_allocator &allocator) : allocator(allocator) {}
  ~RunBlocks();
  RunBlocks(const RunBlocks &) = delete;
  RunBlocks &operator=(const RunBlocks &) = delete;

  /// Null when there is no memory.
  void *allocate(size_t bytes);

private:
  struct Node;
  const fovea_allocator &allocator;
  Node *first = nullptr;
};

} // namespace fovea::core

/// An output's memory and shape, which live and are handed over together.
struct fovea_buffer {
  /// Keeps the block's allocator alive.
  std::shared_ptr<void> owner;
  fovea::core::Block block;
  int64_t shape[FOVEA_MAX_RANK] = {};
};

#endif // FOVEA_RUNTIME_CORE_MEMORY_H
