//===- Approximate.h - functions that the hardware approximates -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_EMULATOR_APPROXIMATE_H
#define FOVEA_RUNTIME_EMULATOR_APPROXIMATE_H

#include <cmath>
#include <cstdint>
#include <limits>

namespace fovea::emulator {

/// Zero of the same sign for denormals, as .ftz makes of operands and results.
inline float flushDenormal(float x) {
  return std::fabs(x) < std::numeric_limits<float>::min() ? std::copysign(0.0f, x) : x;
}

/// A function (fovea_approximation) of f32, rounded once from double precision. The hardware's
/// results differ from these by less than the bounds of the PTX ISA:
///   ex2.approx.ftz    relative error 2^-22
///   lg2.approx.ftz    absolute error 2^-22 for x in (0.5, 2), relative error 2^-22 elsewhere
///   rcp.approx.ftz    relative error 2^-23
///   rsqrt.approx.ftz  relative error 2^-22.4
///   tanh.approx       relative error 2^-11 (denormals are kept)
///   cvt.rna.tf32      none: to nearest of 10 bits behind the point, ties away from 0; NaN as PTX
///                     has it, 0x7fffffff
/// NaN for functions that there are not.
float approximate(int32_t function, float x);

} // namespace fovea::emulator

#endif // FOVEA_RUNTIME_EMULATOR_APPROXIMATE_H
