//===- Expansions.h - elementary functions as arithmetic ------------------===//
//
// Each function takes f32 or f64 lanes and gives lanes of the same type. In f32 it is straight-line
// arithmetic; in f64 exp, log, sin, cos, tanh, erf, pow, fmod, expm1 and log1p are calls of the
// host and the others build on these. Accuracy and cost: docs/Rationale/VectorMath.md.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_CONVERSION_MATHTOARITH_EXPANSIONS_H
#define FOVEA_COMPILER_CONVERSION_MATHTOARITH_EXPANSIONS_H

#include "compiler/Conversion/MathToArith/Lanes.h"
#include "fovea_abi.h"

#include <limits>

namespace fovea::expand {

inline constexpr double kInf = std::numeric_limits<double>::infinity();
inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Exponentials.cpp
Lanes exp(Lanes x);
Lanes exp2(Lanes x);
Lanes expm1(Lanes x);
Lanes tanh(Lanes x);
Lanes sinh(Lanes x);
Lanes cosh(Lanes x);
/// exp with results below 2^-125 flushed to 0, three instructions shorter; f32.
Lanes expFlushed(Lanes x);
/// exp2 for x < 127, degree 5, results below 2^-126.5 flushed to 0; f32.
Lanes exp2OfScore(Lanes x);
/// The same for -127 <= x < 127.
Lanes exp2InRange(Lanes x);
/// The same for any x.
Lanes exp2Short(Lanes x);
/// 2^x for |x| of f64 lanes, rounded once to f32: the last step of powers.
Lanes exp2Narrow(Lanes x);

// Logarithms.cpp
Lanes log(Lanes x);
Lanes log2(Lanes x);
Lanes log10(Lanes x);
Lanes log1p(Lanes x);
Lanes asinh(Lanes x);
Lanes acosh(Lanes x);
Lanes atanh(Lanes x);
/// log2 |x| of f32 lanes as f64 lanes, with relative error below 2^-35; -inf at 0.
Lanes log2Wide(Lanes x);

// Trigonometry.cpp
Lanes sin(Lanes x);
Lanes cos(Lanes x);
Lanes tan(Lanes x);
Lanes asin(Lanes x);
Lanes acos(Lanes x);
Lanes atan(Lanes x);
Lanes atan2(Lanes y, Lanes x);

// ErrorFunction.cpp
Lanes erf(Lanes x);
Lanes erfc(Lanes x);

// Powers.cpp
Lanes rsqrt(Lanes x);
Lanes cbrt(Lanes x);
Lanes pow(Lanes x, Lanes y);
/// x^y with its sign and special cases, given |x|^y.
Lanes signedPower(Lanes x, Lanes y, Lanes magnitude);
/// x to the power of integer lanes `n`.
Lanes powOfInt(Lanes x, Lanes n);
/// x to a constant power by multiplications; any float or integer lanes.
Lanes powByMultiplying(Lanes x, uint64_t n);
/// Integer lanes to the power of integer lanes, modulo 2^width.
Lanes intPow(Lanes x, Lanes n);

// Remainder.cpp
/// Half away from zero.
Lanes round(Lanes x);
/// C's fmod, exact.
Lanes fmod(Lanes x, Lanes y);

// HostCall.cpp
/// function(a, b) per lane of f64 lanes by @fovea_math_f64.
Lanes host(fovea_math function, Lanes a, Lanes b);
inline Lanes host(fovea_math function, Lanes a) { return host(function, a, a); }

} // namespace fovea::expand
#endif // FOVEA_COMPILER_CONVERSION_MATHTOARITH_EXPANSIONS_H
