//===- Stacks.cpp - stacks of fibres --------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Emulator/Stacks.h"

#include <sys/mman.h>
#include <unistd.h>

namespace fovea::emulator {

/// A kernel's frames hold what does not fit into registers, some KiB; below them are those of the
/// emulator and of libm.
static constexpr size_t stackBytes = size_t(128) << 10;
static constexpr int64_t chunkStacks = 64;

static size_t pageBytes() {
  static const auto bytes = size_t(sysconf(_SC_PAGESIZE));
  return bytes;
}

static size_t stride() { return stackBytes + pageBytes(); }

Stacks::~Stacks() {
  for (std::byte *chunk : chunks)
    munmap(chunk, stride() * chunkStacks);
}

/// Memory for stacks with their guards, or null.
static std::byte *makeChunk() {
  size_t bytes = stride() * chunkStacks;
  void *memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED)
    return nullptr;
  auto *chunk = static_cast<std::byte *>(memory);
  for (int64_t i = 0; i < chunkStacks; ++i)
    if (mprotect(chunk + size_t(i) * stride(), pageBytes(), PROT_NONE)) {
      munmap(memory, bytes);
      return nullptr;
    }
  return chunk;
}

bool Stacks::reserve(int64_t count) {
  while (int64_t(chunks.size()) * chunkStacks < count) {
    std::byte *chunk = makeChunk();
    if (!chunk)
      return false;
    chunks.push_back(chunk);
  }
  return true;
}

Stack Stacks::at(int64_t index) const {
  std::byte *bottom = chunks[size_t(index / chunkStacks)] + size_t(index % chunkStacks) * stride();
  // Tops at the same place of a page would share few sets of the first cache.
  size_t shift = size_t(index % 32) * 128;
  return {bottom + pageBytes(), stackBytes - shift};
}

} // namespace fovea::emulator
