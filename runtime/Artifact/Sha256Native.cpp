//===- Sha256Native.cpp - SHA-256 with the x86 SHA extensions -------------===//
//
// Four rounds a step; the message schedule for round group g + 1 is built from
// groups g - 3 to g while g runs.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Artifact/Sha256.h"

#if defined(__x86_64__)
#include <immintrin.h>

namespace fvm {

__attribute__((target("sha,sse4.1,ssse3"))) void
compressSha256Native(uint32_t *state, const uint8_t *blocks, size_t count) {
  const __m128i swapBytes = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
  auto *words = reinterpret_cast<__m128i *>(state);
  // The instructions want the state as (A B E F) and (C D G H).
  __m128i abcd = _mm_shuffle_epi32(_mm_loadu_si128(words), 0xB1);
  __m128i efgh = _mm_shuffle_epi32(_mm_loadu_si128(words + 1), 0x1B);
  __m128i abef = _mm_alignr_epi8(abcd, efgh, 8);
  __m128i cdgh = _mm_blend_epi16(efgh, abcd, 0xF0);

  for (; count; --count, blocks += 64) {
    const __m128i abefBefore = abef, cdghBefore = cdgh;
    __m128i w[4];
    for (int i = 0; i < 4; ++i)
      w[i] = _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i *>(blocks) + i),
                              swapBytes);
#pragma GCC unroll 16
    for (int g = 0; g < 16; ++g) {
      const __m128i now = w[g % 4];
      __m128i message =
          _mm_add_epi32(now, _mm_load_si128(reinterpret_cast<const __m128i *>(sha256Rounds) + g));
      cdgh = _mm_sha256rnds2_epu32(cdgh, abef, message);
      if (g >= 3 && g < 15) {
        __m128i next = _mm_sha256msg1_epu32(w[(g + 1) % 4], w[(g + 2) % 4]);
        next = _mm_add_epi32(next, _mm_alignr_epi8(now, w[(g + 3) % 4], 4));
        w[(g + 1) % 4] = _mm_sha256msg2_epu32(next, now);
      }
      abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(message, 0x0E));
    }
    abef = _mm_add_epi32(abef, abefBefore);
    cdgh = _mm_add_epi32(cdgh, cdghBefore);
  }

  const __m128i feba = _mm_shuffle_epi32(abef, 0x1B);
  const __m128i dchg = _mm_shuffle_epi32(cdgh, 0xB1);
  _mm_storeu_si128(words, _mm_blend_epi16(feba, dchg, 0xF0));
  _mm_storeu_si128(words + 1, _mm_alignr_epi8(dchg, feba, 8));
}

} // namespace fvm
#endif
