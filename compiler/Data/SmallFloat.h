//===- SmallFloat.h - 16-bit floating-point formats -----------------------===//
//
// IEEE binary16 and bfloat16 to and from double, rounded once (to nearest, ties to even), so that
// no intermediate format can round a second time.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_DATA_SMALLFLOAT_H
#define FOVEA_COMPILER_DATA_SMALLFLOAT_H

#include <bit>
#include <cmath>
#include <cstdint>

namespace fovea {

/// Bits of `value` in a format of 1 sign, `ExponentBits` and `MantissaBits` bits. NaN stays a quiet
/// NaN with its sign; too large values become infinite, too small ones subnormal or zero.
template <int ExponentBits, int MantissaBits> uint16_t encodeSmallFloat(double value) {
  constexpr int bias = (1 << (ExponentBits - 1)) - 1;
  constexpr uint16_t infinity = ((1 << ExponentBits) - 1) << MantissaBits;
  uint64_t bits = std::bit_cast<uint64_t>(value);
  uint16_t sign = static_cast<uint16_t>((bits >> 63) << (ExponentBits + MantissaBits));
  if (std::isnan(value))
    return sign | infinity | (1 << (MantissaBits - 1));
  int exponent = static_cast<int>((bits >> 52) & 0x7ff) - 1023;
  if (exponent > bias)
    return sign | infinity;
  bool normal = exponent >= 1 - bias;
  int shift = 52 - MantissaBits + (normal ? 0 : 1 - bias - exponent);
  if (shift > 54)
    return sign;
  uint64_t mantissa = (bits & ((uint64_t(1) << 52) - 1)) | (uint64_t(1) << 52);
  uint64_t kept = mantissa >> shift;
  uint64_t rest = mantissa & ((uint64_t(1) << shift) - 1), half = uint64_t(1) << (shift - 1);
  if (rest > half || (rest == half && (kept & 1)))
    ++kept;
  // A carry out of the mantissa raises the exponent, up to infinity, as the formats intend.
  if (normal)
    kept += static_cast<uint64_t>(exponent + bias - 1) << MantissaBits;
  return sign | static_cast<uint16_t>(kept);
}

/// The value of such bits; exact.
template <int ExponentBits, int MantissaBits> double decodeSmallFloat(uint16_t bits) {
  constexpr int bias = (1 << (ExponentBits - 1)) - 1;
  constexpr int top = (1 << ExponentBits) - 1;
  int exponent = (bits >> MantissaBits) & top;
  int mantissa = bits & ((1 << MantissaBits) - 1);
  double magnitude;
  if (exponent == top)
    magnitude = mantissa ? std::nan("") : HUGE_VAL;
  else if (exponent == 0)
    magnitude = std::ldexp(mantissa, 1 - bias - MantissaBits);
  else
    magnitude = std::ldexp(mantissa + (1 << MantissaBits), exponent - bias - MantissaBits);
  return bits >> (ExponentBits + MantissaBits) ? -magnitude : magnitude;
}

inline uint16_t encodeF16(double value) { return encodeSmallFloat<5, 10>(value); }
inline double decodeF16(uint16_t bits) { return decodeSmallFloat<5, 10>(bits); }
inline uint16_t encodeBF16(double value) { return encodeSmallFloat<8, 7>(value); }
inline double decodeBF16(uint16_t bits) { return decodeSmallFloat<8, 7>(bits); }

} // namespace fovea

#endif // FOVEA_COMPILER_DATA_SMALLFLOAT_H
