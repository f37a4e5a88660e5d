//===- Sha256.cpp - SHA-256, portable part and choice ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Artifact/Sha256.h"

#include <algorithm>
#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace fvm {

alignas(16) const uint32_t sha256Rounds[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t loadBigEndian(const uint8_t *bytes) {
  return uint32_t(bytes[0]) << 24 | uint32_t(bytes[1]) << 16 | uint32_t(bytes[2]) << 8 | bytes[3];
}

static void storeBigEndian(uint8_t *bytes, uint32_t value) {
  for (int i = 0; i < 4; ++i)
    bytes[i] = uint8_t(value >> (24 - 8 * i));
}

static void compressPortable(uint32_t *state, const uint8_t *blocks, size_t count) {
  for (; count; --count, blocks += 64) {
    uint32_t w[64];
    for (int i = 0; i < 16; ++i)
      w[i] = loadBigEndian(blocks + 4 * i);
    for (int i = 16; i < 64; ++i) {
      uint32_t s0 = std::rotr(w[i - 15], 7) ^ std::rotr(w[i - 15], 18) ^ (w[i - 15] >> 3);
      uint32_t s1 = std::rotr(w[i - 2], 17) ^ std::rotr(w[i - 2], 19) ^ (w[i - 2] >> 10);
      w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    uint32_t v[8];
    std::copy_n(state, 8, v);
    // Variable x (0 for the standard's a, 7 for its h) of round i is v[(x - i) mod 8]: nothing
    // moves from round to round, and unrolled by 8 the indices are constants.
    for (int i = 0; i < 64; i += 8) {
#pragma GCC unroll 8
      for (int r = 0; r < 8; ++r) {
        auto var = [&](int x) -> uint32_t & { return v[(x - r) & 7]; };
        uint32_t s1 = std::rotr(var(4), 6) ^ std::rotr(var(4), 11) ^ std::rotr(var(4), 25);
        uint32_t choice = (var(4) & var(5)) ^ (~var(4) & var(6));
        uint32_t t1 = var(7) + s1 + choice + sha256Rounds[i + r] + w[i + r];
        uint32_t s0 = std::rotr(var(0), 2) ^ std::rotr(var(0), 13) ^ std::rotr(var(0), 22);
        uint32_t majority = (var(0) & var(1)) ^ (var(0) & var(2)) ^ (var(1) & var(2));
        var(3) += t1;
        var(7) = t1 + s0 + majority;
      }
    }
    for (int i = 0; i < 8; ++i)
      state[i] += v[i];
  }
}

static bool detectNative() {
#if defined(__x86_64__)
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSSE3) || !(c & bit_SSE4_1))
    return false;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA);
#else
  return false;
#endif
}

bool hasNativeSha256() {
  static const bool native = detectNative();
  return native;
}

#if !defined(__x86_64__)
void compressSha256Native(uint32_t *state, const uint8_t *blocks, size_t count) {
  compressPortable(state, blocks, count);
}
#endif

Sha256::Sha256(Sha256Kind kind)
    : compress(kind == Sha256Kind::Native && hasNativeSha256() ? compressSha256Native
                                                               : compressPortable),
      state{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
            0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19} {}

void Sha256::update(const void *data, size_t size) {
  auto *bytes = static_cast<const uint8_t *>(data);
  totalBytes += size;
  if (pendingSize) {
    size_t taken = std::min(size, pending.size() - pendingSize);
    std::copy_n(bytes, taken, pending.data() + pendingSize);
    pendingSize += taken;
    bytes += taken;
    size -= taken;
    if (pendingSize < pending.size())
      return;
    compress(state.data(), pending.data(), 1);
    pendingSize = 0;
  }
  compress(state.data(), bytes, size / 64);
  pendingSize = size % 64;
  std::copy_n(bytes + (size - pendingSize), pendingSize, pending.data());
}

Digest Sha256::finish() {
  uint64_t bits = totalBytes * 8;
  uint8_t tail[72] = {0x80};
  size_t padding = (pendingSize < 56 ? 56 : 120) - pendingSize;
  storeBigEndian(tail + padding, uint32_t(bits >> 32));
  storeBigEndian(tail + padding + 4, uint32_t(bits));
  update(tail, padding + 8);
  Digest digest;
  for (int i = 0; i < 8; ++i)
    storeBigEndian(digest.data() + 4 * i, state[i]);
  return digest;
}

Digest sha256(const void *data, size_t size, Sha256Kind kind) {
  Sha256 hash(kind);
  hash.update(data, size);
  return hash.finish();
}

} // namespace fvm
