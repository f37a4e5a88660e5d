//===- ContentHash.cpp - digest of a section's content --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Artifact/ContentHash.h"

#include <algorithm>
#include <atomic>
#include <pthread.h>
#include <vector>

namespace fvm {
namespace {

/// Chunks are claimed from a counter, so a slow thread does not hold up the other.
struct ChunkWork {
  std::span<const Bytes> parts;
  /// Offset of each part in the content, and the total at the end.
  std::vector<uint64_t> starts;
  std::vector<Digest> digests;
  std::atomic<size_t> next{0};

  void hashChunks();
  Digest hashChunk(size_t chunk) const;
};

} // namespace

static void updateWith(Sha256 &hash, const void *data, uint64_t size) {
  static const uint8_t zeros[4096] = {};
  if (data)
    return hash.update(data, size);
  for (uint64_t done = 0; done < size; done += sizeof(zeros))
    hash.update(zeros, std::min<uint64_t>(sizeof(zeros), size - done));
}

Digest ChunkWork::hashChunk(size_t chunk) const {
  uint64_t begin = chunk * hashChunkBytes;
  uint64_t end = std::min(begin + hashChunkBytes, starts.back());
  Sha256 hash;
  size_t part = std::upper_bound(starts.begin(), starts.end(), begin) - starts.begin() - 1;
  for (; begin < end; ++part) {
    uint64_t size = std::min(end, starts[part + 1]) - begin;
    auto *data = static_cast<const uint8_t *>(parts[part].data);
    updateWith(hash, data ? data + (begin - starts[part]) : nullptr, size);
    begin += size;
  }
  return hash.finish();
}

void ChunkWork::hashChunks() {
  for (size_t chunk; (chunk = next.fetch_add(1, std::memory_order_relaxed)) < digests.size();)
    digests[chunk] = hashChunk(chunk);
}

Digest contentHash(std::span<const Bytes> parts, unsigned threads) {
  ChunkWork work;
  work.parts = parts;
  uint64_t total = 0;
  for (const Bytes &part : parts) {
    work.starts.push_back(total);
    total += part.size;
  }
  work.starts.push_back(total);
  work.digests.resize((total + hashChunkBytes - 1) / hashChunkBytes);

  size_t helpers = std::min<size_t>(threads, std::max<size_t>(work.digests.size(), 1)) - 1;
  std::vector<pthread_t> started;
  started.reserve(helpers);
  auto run = [](void *arg) -> void * {
    static_cast<ChunkWork *>(arg)->hashChunks();
    return nullptr;
  };
  for (size_t i = 0; i < helpers; ++i) {
    // Without the helper the caller hashes alone.
    pthread_t thread;
    if (pthread_create(&thread, nullptr, run, &work) == 0)
      started.push_back(thread);
  }
  work.hashChunks();
  for (pthread_t thread : started)
    pthread_join(thread, nullptr);
  return sha256(work.digests.data(), work.digests.size() * sizeof(Digest));
}

} // namespace fvm
