//===- Fiber.h - flows of control that switch among themselves ------------===//
//
// A switch saves the registers that a called function must keep on the stack of the flow that it
// leaves, and takes the other's stack: some 20 instructions for x86-64 and AArch64, ucontext for
// other processors. Rounding mode and exception masks of floats are not switched.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_EMULATOR_FIBER_H
#define FOVEA_RUNTIME_EMULATOR_FIBER_H

#include <cstddef>

#if (defined(__x86_64__) || defined(__aarch64__)) && !defined(FOVEA_EMULATOR_UCONTEXT)
#define FOVEA_EMULATOR_OWN_SWITCH 1
#else
#include <ucontext.h>
#endif

namespace fovea::emulator {

/// Memory for a stack; it grows down from `bottom + bytes`.
struct Stack {
  std::byte *bottom = nullptr;
  size_t bytes = 0;
};

/// Where a suspended flow goes on. Nothing is released with it: a flow that is never resumed is
/// forgotten, together with what its frames hold.
struct Context {
#ifdef FOVEA_EMULATOR_OWN_SWITCH
  void *stackPointer = nullptr;
#else
  ucontext_t state = {};
#endif
  /// For the address sanitizer, which has to know on which stack it is.
  Stack stack;
  void *fakeStack = nullptr;
};

using FiberEntry = void (*)(void *argument);

/// Makes `context` a flow that begins with entry(argument) on `stack`. `entry` must not return.
void prepareFiber(Context &context, Stack stack, FiberEntry entry, void *argument);

/// Makes `context` the one of the caller's own stack.
void prepareCaller(Context &context);

/// Suspends the caller in `from` and goes on with `to`.
void switchFiber(Context &from, Context &to);

} // namespace fovea::emulator

#endif // FOVEA_RUNTIME_EMULATOR_FIBER_H
