//===- ErrorFunction.cpp - erf and erfc -----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/MathToArith/Expansions.h"

namespace fovea::expand {

Lanes erf(Lanes x) {
  if (x.isDouble())
    return host(FOVEA_MATH_ERF, x);
  Lanes a = abs(x);
  Lanes s = x * x;
  // Up to 0.9375: x + x P(x^2), relative error 2e-8.
  Lanes p =
      polynomial(s, {0.12837915, -0.3761248, 0.1128162, -0.02675871, 0.0049809692, -0.00059268135});
  Lanes near = fma(x, p, x);
  // Beyond: 1 - 2^Q(|x|) with Q = log2 erfc, until that is 1.
  Lanes q = polynomial(atMost(a, 4.0), {-0.00032244445, -1.6267271, -0.91953593, -0.14970031,
                                        0.031950872, -0.004361501, 0.00027973836});
  Lanes far = copysign(1.0 - exp2InRange(q), x);
  return select(a > 0.9375, far, near);
}

/// e^(a^2) erfc(a) / t for a >= 0, with t = c / (a + c) in the lanes' own c, given 1 - 2t.
static Lanes scaledErfc(Lanes w) {
  if (!w.isDouble())
    return polynomial(w,
                      {0.3580023, -0.29446483, 0.19674261, -0.10348875, 0.039844543, -0.008945709,
                       -0.00041346054, 0.0010233975, -0.00015689616, -0.00010500511});
  return polynomial(w, {0.27399891525012277,    -0.2441371822702205,     0.19330217556630933,
                        -0.13521345782830924,   0.08271289696949802,     -0.04350273430996519,
                        0.019095378727478216,   -0.0065925133354038145,  0.0015280139116444352,
                        -7.023971341097678e-05, -0.00011376315132022023, 4.420318927465802e-05,
                        -9.088978362396469e-07, -4.715177190039289e-06,  1.1739648166146132e-06,
                        3.55988711804046e-07,   -2.1235810810392167e-07, -1.890368623405034e-08,
                        3.217869122373585e-08,  4.114975201635791e-10,   -4.7877517873452234e-09,
                        -2.267011370994144e-10, 5.729009994373596e-10,   1.218484030517324e-10});
}

Lanes erfc(Lanes x) {
  double c = x.isDouble() ? 4.0 : 3.0;
  // Beyond the bound the result is 0.
  Lanes a = atMost(abs(x), x.isDouble() ? 27.5 : 10.1);
  Lanes divisor = a + c;
  Lanes t = c / divisor;
  // What the sum and the quotient lost, times 1/c: the function is steep in t.
  Lanes lost = fma(t, a - (divisor - c), fma(t, divisor, -c)) * (1.0 / c);
  Lanes correction = -(lost * t);
  Lanes series = scaledErfc(fma(correction, -2.0, fma(t, -2.0, 1.0)));
  Lanes factor = fma(t, series, correction * series);
  // e^(-a^2) with the square's rounding error put back to first order.
  Lanes square = a * a;
  Lanes error = fma(a, a, -square);
  Lanes result = exp(-square) * fma(-error, factor, factor);
  return select(x < 0.0, 2.0 - result, result);
}

} // namespace fovea::expand
