//===- ContentHash.h - digest of a section's content ----------------------===//
//
// SHA-256 over the concatenated SHA-256 digests of the content's 1 MiB chunks,
// so that the chunks of large sections can be hashed by several threads.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_ARTIFACT_CONTENTHASH_H
#define FOVEA_RUNTIME_ARTIFACT_CONTENTHASH_H

#include "runtime/Artifact/Sha256.h"
#include <span>

namespace fvm {

/// Borrowed bytes; null data stands for `size` zero bytes.
struct Bytes {
  const void *data = nullptr;
  uint64_t size = 0;
};

/// Size of a chunk; part of the file format.
inline constexpr uint64_t hashChunkBytes = uint64_t(1) << 20;

/// Digest of the concatenation of `parts`. Uses up to `threads` threads, the caller's included,
/// when there are several chunks; the result does not depend on it.
Digest contentHash(std::span<const Bytes> parts, unsigned threads = 2);

} // namespace fvm

#endif // FOVEA_RUNTIME_ARTIFACT_CONTENTHASH_H
