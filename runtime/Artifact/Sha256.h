//===- Sha256.h - SHA-256 -------------------------------------------------===//
//
// FIPS 180-4 SHA-256, with the x86 SHA extensions where the CPU has them.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_ARTIFACT_SHA256_H
#define FOVEA_RUNTIME_ARTIFACT_SHA256_H

#include <array>
#include <cstddef>
#include <cstdint>

namespace fvm {

using Digest = std::array<uint8_t, 32>;

/// Which compression function to use. Native falls back to Portable where the CPU has no SHA
/// extensions.
enum class Sha256Kind { Portable, Native };

/// True when Native differs from Portable on this CPU.
bool hasNativeSha256();

class Sha256 {
public:
  explicit Sha256(Sha256Kind kind = Sha256Kind::Native);

  void update(const void *data, size_t size);

  /// Digest of everything given so far; the object must not be used afterwards.
  Digest finish();

private:
  using Compress = void (*)(uint32_t *state, const uint8_t *blocks, size_t count);

  Compress compress;
  std::array<uint32_t, 8> state;
  std::array<uint8_t, 64> pending;
  size_t pendingSize = 0;
  uint64_t totalBytes = 0;
};

Digest sha256(const void *data, size_t size, Sha256Kind kind = Sha256Kind::Native);

/// The 64 round constants, shared by the compression functions.
extern const uint32_t sha256Rounds[64];

/// Compression with the x86 SHA extensions. Call only when hasNativeSha256() is true.
void compressSha256Native(uint32_t *state, const uint8_t *blocks, size_t count);

} // namespace fvm

#endif // FOVEA_RUNTIME_ARTIFACT_SHA256_H
