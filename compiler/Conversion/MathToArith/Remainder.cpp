//===- Remainder.cpp - fmod and rounding half away from zero --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/MathToArith/Expansions.h"

#include <limits>

namespace fovea::expand {

Lanes round(Lanes x) {
  // The largest number below one half: adding one half itself would round 0.49999997 up.
  double half = x.isDouble() ? 0.49999999999999994 : 0.499999970197677612;
  return trunc(x + copysign(x.like(half), x));
}

Lanes fmod(Lanes x, Lanes y) {
  if (x.isDouble())
    return host(FOVEA_MATH_FMOD, x, y);
  // In f64, quotients of f32 are below 2^278: six steps remove 48 bits each. A step's quotient may
  // be off by one, which leaves |r| < 2 |y| 2^shift for the next; r stays a multiple of the last
  // place of x or y, so that every fma is exact.
  Lanes ay = toF64(abs(y));
  Lanes r = toF64(abs(x));
  Lanes reciprocal = 1.0 / ay;
  for (int shift = 240; shift >= 0; shift -= 48) {
    Lanes quotient = trunc(r * (reciprocal * std::ldexp(1.0, -shift)));
    r = fma(-quotient, ay * std::ldexp(1.0, shift), r);
  }
  r = select(r < 0.0, r + ay, r);
  r = select(r >= ay, r - ay, r);
  Lanes result = copysign(toF32(r), x);
  // y infinite: x. y zero or x infinite: the steps gave NaN already.
  Lanes isWhole = abs(y) == std::numeric_limits<double>::infinity();
  return select(isWhole,
                select(abs(x) < std::numeric_limits<double>::infinity(), x,
                       std::numeric_limits<double>::quiet_NaN()),
                result);
}

} // namespace fovea::expand
