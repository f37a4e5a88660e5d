//===- FloatEnvironment.h - the same rounding on every thread -------------===//
//
// Compiled code assumes IEEE defaults: round to nearest, denormals kept, no
// traps. A caller may have changed its thread's control register, which would
// make results depend on the thread that ran a task.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_CPU_FLOATENVIRONMENT_H
#define FOVEA_RUNTIME_CPU_FLOATENVIRONMENT_H

#include <cstdint>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace fovea::cpu {

/// Sets the IEEE defaults on this thread for its lifetime, then puts back what was there.
class FloatEnvironment {
public:
#if defined(__x86_64__)
  FloatEnvironment() : saved(_mm_getcsr()) { _mm_setcsr(0x1f80); }
  ~FloatEnvironment() { _mm_setcsr(unsigned(saved)); }
#elif defined(__aarch64__)
  FloatEnvironment() {
    __asm__ volatile("mrs %0, fpcr" : "=r"(saved));
    __asm__ volatile("msr fpcr, %0" : : "r"(uint64_t(0)));
  }
  ~FloatEnvironment() { __asm__ volatile("msr fpcr, %0" : : "r"(saved)); }
#endif
  FloatEnvironment(const FloatEnvironment &) = delete;
  FloatEnvironment &operator=(const FloatEnvironment &) = delete;

private:
  uint64_t saved;
};

} // namespace fovea::cpu

#endif // FOVEA_RUNTIME_CPU_FLOATENVIRONMENT_H
