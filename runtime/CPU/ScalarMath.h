//===- ScalarMath.h - functions of one or two doubles ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_CPU_SCALARMATH_H
#define FOVEA_RUNTIME_CPU_SCALARMATH_H

#include <cstdint>

namespace fovea::cpu {

/// Evaluates a function (fovea_math) in double precision, for code of the CPU and of the emulator.
/// NaN for functions that there are not.
double scalarMath(int64_t function, double a, double b);

} // namespace fovea::cpu

#endif // FOVEA_RUNTIME_CPU_SCALARMATH_H
