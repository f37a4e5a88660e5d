//===- Random.h - decisions by a seed -------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_EMULATOR_RANDOM_H
#define FOVEA_RUNTIME_EMULATOR_RANDOM_H

#include <cstdint>

namespace fovea::emulator {

/// Numbers by SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators).
class Random {
public:
  explicit Random(uint64_t seed = 0) : state(seed) {}

  uint64_t next() {
    uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  /// A number in [0, limit), 0 < limit < 2^32.
  uint32_t below(uint32_t limit) { return uint32_t((next() >> 32) * limit >> 32); }

  bool coin() { return next() >> 63; }

private:
  uint64_t state;
};

} // namespace fovea::emulator

#endif // FOVEA_RUNTIME_EMULATOR_RANDOM_H
