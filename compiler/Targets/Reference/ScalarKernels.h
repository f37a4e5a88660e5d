//===- ScalarKernels.h - loops around scalar formulas ---------------------===//
//
// Turns a formula on one element into a kernel over lanes.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_REFERENCE_SCALARKERNELS_H
#define FOVEA_COMPILER_TARGETS_REFERENCE_SCALARKERNELS_H

#include "compiler/Targets/Reference/Scalar.h"

namespace fovea::reference {

/// f(double, ...) -> double.
template <auto F> void real1(const Lanes &lanes) {
  for (int64_t i = 0; i < lanes.count; ++i)
    lanes.result[i].real = F(lanes.args[0][i].real);
}
template <auto F> void real2(const Lanes &lanes) {
  for (int64_t i = 0; i < lanes.count; ++i)
    lanes.result[i].real = F(lanes.args[0][i].real, lanes.args[1][i].real);
}
template <auto F> void real3(const Lanes &lanes) {
  for (int64_t i = 0; i < lanes.count; ++i)
    lanes.result[i].real = F(lanes.args[0][i].real, lanes.args[1][i].real, lanes.args[2][i].real);
}
/// f(double) -> bool.
template <auto F> void test1(const Lanes &lanes) {
  for (int64_t i = 0; i < lanes.count; ++i)
    lanes.result[i].integer = F(lanes.args[0][i].real);
}

/// The value of an operand as a signed number: a set i1 is -1.
inline int64_t signedOf(unsigned width, int64_t value) { return width == 1 ? -value : value; }

/// f(int64_t signed, ..., unsigned width) -> int64_t.
template <auto F> void signed1(const Lanes &lanes) {
  unsigned width = lanes.from.width;
  for (int64_t i = 0; i < lanes.count; ++i)
    lanes.result[i].integer = F(signedOf(width, lanes.args[0][i].integer), width);
}
template <auto F> void signed2(const Lanes &lanes) {
  unsigned width = lanes.from.width;
  for (int64_t i = 0; i < lanes.count; ++i)
    lanes.result[i].integer = F(signedOf(width, lanes.args[0][i].integer),
                                signedOf(width, lanes.args[1][i].integer), width);
}
/// f(uint64_t zero-extended, ..., unsigned width) -> uint64_t.
template <auto F> void unsigned1(const Lanes &lanes) {
  unsigned width = lanes.from.width;
  for (int64_t i = 0; i < lanes.count; ++i)
    lanes.result[i].integer =
        static_cast<int64_t>(F(unsignedOf(width, lanes.args[0][i].integer), width));
}
template <auto F> void unsigned2(const Lanes &lanes) {
  unsigned width = lanes.from.width;
  for (int64_t i = 0; i < lanes.count; ++i)
    lanes.result[i].integer =
        static_cast<int64_t>(F(unsignedOf(width, lanes.args[0][i].integer),
                               unsignedOf(width, lanes.args[1][i].integer), width));
}

} // namespace fovea::reference

#endif // FOVEA_COMPILER_TARGETS_REFERENCE_SCALARKERNELS_H
