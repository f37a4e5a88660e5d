//===- reference.c - errors of compiled functions against the C library ---===//
//
// Runs a compiled f32 function over many arguments and compares with the C library's double
// precision function. The error is in units in the last place (ULP) of the exact result as f32.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef void (*compiled)(const float *x, const float *y, float *out, int64_t count);
typedef double (*exact)(double x, double y);

/// What a comparison found. `wrong` counts results of the wrong kind: NaN, infinity, sign of zero.
typedef struct findings {
  double max_ulp;
  float worst_x, worst_y, worst_got;
  int64_t wrong;
  float wrong_x, wrong_y, wrong_got;
  int64_t compared;
} findings;

#define UNARY(name, expression)                                                                    \
  static double exact_##name(double x, double y) {                                                 \
    (void)y;                                                                                       \
    return expression;                                                                             \
  }
UNARY(exp, exp(x))
UNARY(exp2, exp2(x))
UNARY(expm1, expm1(x))
UNARY(tanh, tanh(x))
UNARY(sinh, sinh(x))
UNARY(cosh, cosh(x))
UNARY(sigmoid, 1.0 / (1.0 + exp(-x)))
UNARY(log, log(x))
UNARY(log2, log2(x))
UNARY(log10, log10(x))
UNARY(log1p, log1p(x))
UNARY(asinh, asinh(x))
UNARY(acosh, acosh(x))
UNARY(atanh, atanh(x))
UNARY(sin, sin(x))
UNARY(cos, cos(x))
UNARY(tan, tan(x))
UNARY(asin, asin(x))
UNARY(acos, acos(x))
UNARY(atan, atan(x))
UNARY(erf, erf(x))
UNARY(erfc, erfc(x))
UNARY(rsqrt, 1.0 / sqrt(x))
UNARY(sqrt, sqrt(x))
UNARY(cbrt, cbrt(x))
UNARY(round, round(x))
UNARY(floor, floor(x))
UNARY(ceil, ceil(x))
UNARY(trunc, trunc(x))
UNARY(roundeven, nearbyint(x))
UNARY(pow2, x *x)
UNARY(pow3, x * x * x)
UNARY(pow4, (x * x) * (x * x))
UNARY(powm1, 1.0 / x)
UNARY(powm2, 1.0 / (x * x))
UNARY(powhalf, pow(x, 0.5))
UNARY(powmhalf, pow(x, -0.5))
UNARY(powm3, pow(x, -3.0))
UNARY(pow13, pow(x, 13.0))
UNARY(pow1_3, pow(x, 1.3f))
static double exact_pow(double x, double y) { return pow(x, y); }
static double exact_atan2(double x, double y) { return atan2(x, y); }
static double exact_fmod(double x, double y) { return fmod(x, y); }

static const struct {
  const char *name;
  exact function;
} table[] = {
#define ENTRY(name) {#name, exact_##name}
    ENTRY(exp),    ENTRY(exp2),    ENTRY(expm1),    ENTRY(tanh),  ENTRY(sinh),  ENTRY(cosh),
    ENTRY(log),    ENTRY(log2),    ENTRY(log10),    ENTRY(log1p), ENTRY(asinh), ENTRY(acosh),
    ENTRY(atanh),  ENTRY(sin),     ENTRY(cos),      ENTRY(tan),   ENTRY(asin),  ENTRY(acos),
    ENTRY(atan),   ENTRY(erf),     ENTRY(erfc),     ENTRY(rsqrt), ENTRY(sqrt),  ENTRY(cbrt),
    ENTRY(round),  ENTRY(floor),   ENTRY(ceil),     ENTRY(trunc), ENTRY(pow2),  ENTRY(roundeven),
    ENTRY(pow3),   ENTRY(pow4),    ENTRY(powm1),    ENTRY(powm2), ENTRY(pow),   ENTRY(powhalf),
    ENTRY(atan2),  ENTRY(sigmoid), ENTRY(powmhalf), ENTRY(powm3), ENTRY(fmod),  ENTRY(pow13),
    ENTRY(pow1_3),
};

static exact find(const char *name) {
  for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); ++i)
    if (!strcmp(table[i].name, name))
      return table[i].function;
  return NULL;
}

/// Error of `got` in ULP of `want`; -1 when it is a result of the wrong kind.
static double error_of(double want, float got) {
  if (isnan(want) || isnan(got))
    return isnan(want) && isnan(got) ? 0 : -1;
  if (want == 0 && got == 0)
    return !signbit(want) == !signbit(got) ? 0 : -1;
  // From here on the exact value rounds to infinity.
  if (fabs(want) >= 0x1.ffffffp127)
    return (float)want == got || (isinf(want) && isinf(got) && (want > 0) == (got > 0)) ? 0
           : isinf(got) || isinf(want) ? -1
                                       : fabs(got - want) / 0x1p104;
  if (isinf(got))
    return -1;
  int exponent = want == 0 ? -126 : ilogb(want);
  return fabs(got - want) / ldexp(1.0, (exponent < -126 ? -126 : exponent) - 23);
}

static void compare(findings *f, exact want, const float *x, const float *y, const float *got,
                    int64_t count, double low, double high) {
  for (int64_t i = 0; i < count; ++i) {
    if (x[i] < low || x[i] > high)
      continue;
    double error = error_of(want(x[i], y[i]), got[i]);
    ++f->compared;
    if (error < 0) {
      if (!f->wrong++)
        f->wrong_x = x[i], f->wrong_y = y[i], f->wrong_got = got[i];
    } else if (error > f->max_ulp) {
      f->max_ulp = error;
      f->worst_x = x[i], f->worst_y = y[i], f->worst_got = got[i];
    }
  }
}

/// Compares for the given pairs; 0 when the name is unknown.
int sweep_pairs(findings *f, const char *name, compiled function, const float *x, const float *y,
                float *out, int64_t count) {
  exact want = find(name);
  if (!want)
    return 0;
  function(x, y, out, count);
  compare(f, want, x, y, out, count, -INFINITY, INFINITY);
  return 1;
}

/// Compares for the f32 with bits first, first + stride, ... below `end` that lie in [low, high] or
/// are NaN.
int sweep(findings *f, const char *name, compiled function, uint64_t first, uint64_t end,
          uint64_t stride, double low, double high) {
  enum { kChunk = 4096 };
  static _Thread_local float x[kChunk], out[kChunk];
  exact want = find(name);
  if (!want)
    return 0;
  while (first < end) {
    int64_t count = 0;
    for (; count < kChunk && first < end; ++count, first += stride) {
      uint32_t bits = (uint32_t)first;
      memcpy(&x[count], &bits, 4);
    }
    while (count % 16) {
      x[count] = x[count - 1];
      ++count;
    }
    function(x, x, out, count);
    compare(f, want, x, x, out, count, low, high);
  }
  return 1;
}
