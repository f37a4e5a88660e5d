//===- doubles.c - f64 functions against long double, and their host ------===//
//
// Defines the host's function that compiled f64 code calls, as the runtime does, and compares
// compiled functions with the C library's long double ones.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "fovea_abi.h"

#include <math.h>
#include <string.h>

double fovea_math_f64(int64_t function, double a, double b) {
  switch (function) {
  case FOVEA_MATH_EXP:
    return exp(a);
  case FOVEA_MATH_LOG:
    return log(a);
  case FOVEA_MATH_SIN:
    return sin(a);
  case FOVEA_MATH_COS:
    return cos(a);
  case FOVEA_MATH_TANH:
    return tanh(a);
  case FOVEA_MATH_ERF:
    return erf(a);
  case FOVEA_MATH_POW:
    return pow(a, b);
  case FOVEA_MATH_FMOD:
    return fmod(a, b);
  case FOVEA_MATH_EXPM1:
    return expm1(a);
  case FOVEA_MATH_LOG1P:
    return log1p(a);
  }
  return NAN;
}

typedef long double (*exact)(long double x, long double y);

#define UNARY(name)                                                                                \
  static long double exact_##name(long double x, long double y) {                                  \
    (void)y;                                                                                       \
    return name##l(x);                                                                             \
  }
UNARY(exp)
UNARY(exp2)
UNARY(expm1)
UNARY(tanh)
UNARY(sinh)
UNARY(cosh)
UNARY(log)
UNARY(log2)
UNARY(log10)
UNARY(log1p)
UNARY(asinh)
UNARY(acosh)
UNARY(atanh)
UNARY(sin)
UNARY(cos)
UNARY(tan)
UNARY(asin)
UNARY(acos)
UNARY(atan)
UNARY(erf)
UNARY(erfc)
UNARY(cbrt)
UNARY(round)
UNARY(sqrt)

static const struct {
  const char *name;
  exact function;
} table[] = {
#define ENTRY(name) {#name, exact_##name}
    ENTRY(exp),     ENTRY(exp2),       ENTRY(expm1),    ENTRY(tanh),  ENTRY(sinh),  ENTRY(cosh),
    ENTRY(log),     ENTRY(log2),       ENTRY(log10),    ENTRY(log1p), ENTRY(asinh), ENTRY(acosh),
    ENTRY(atanh),   ENTRY(sin),        ENTRY(cos),      ENTRY(tan),   ENTRY(asin),  ENTRY(acos),
    ENTRY(atan),    ENTRY(erf),        ENTRY(erfc),     ENTRY(cbrt),  ENTRY(round), ENTRY(sqrt),
    {"powf", powl}, {"atan2", atan2l}, {"fmod", fmodl},
};

/// Largest error in ULP over the arguments, with its place; infinite when a result is of the wrong
/// kind, -1 when the name is unknown.
double compare_doubles(const char *name, const double *x, const double *y, const double *got,
                       int64_t count, int64_t *place) {
  double max_ulp = -1;
  for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); ++i)
    if (!strcmp(table[i].name, name))
      for (int64_t j = 0; j < count; ++j) {
        long double want = table[i].function(x[j], y[j]);
        double error = 0, rounded = (double)want;
        if (isnan(rounded) || isnan(got[j]) || isinf(rounded) || isinf(got[j]))
          error = (isnan(rounded) && isnan(got[j])) || rounded == got[j] ? 0 : INFINITY;
        else if (rounded == 0 && got[j] == 0)
          error = !signbit(rounded) == !signbit(got[j]) ? 0 : INFINITY;
        else
          error = (double)(fabsl(got[j] - want) /
                           ldexpl(1, (fabs(rounded) < 0x1p-1022 ? -1022 : ilogb(rounded)) - 52));
        if (error > max_ulp) {
          max_ulp = error;
          *place = j;
        }
      }
  return max_ulp;
}
