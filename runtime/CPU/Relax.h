//===- Relax.h - a pause in a waiting loop --------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_CPU_RELAX_H
#define FOVEA_RUNTIME_CPU_RELAX_H

namespace fovea::cpu {

/// Tells the processor that this thread waits for another.
inline void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#else
  __asm__ volatile("yield");
#endif
}

} // namespace fovea::cpu

#endif // FOVEA_RUNTIME_CPU_RELAX_H
