//===- Fiber.cpp - flows of control that switch among themselves ----------===//
//
// A new flow begins in `begin`, reached by the return of the first switch to it, with its entry and
// argument in registers that a switch restores.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Emulator/Fiber.h"

#include <cstdint>
#include <cstring>

#if defined(__SANITIZE_ADDRESS__)
#define FOVEA_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FOVEA_ADDRESS_SANITIZER 1
#endif
#endif
#ifdef FOVEA_ADDRESS_SANITIZER
#include <pthread.h>
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

#ifdef FOVEA_EMULATOR_OWN_SWITCH
extern "C" {
/// Saves the caller's registers and stack pointer (to `*from`), and takes the stack `to`.
__attribute__((visibility("hidden"))) void emulator_switch_stack(void **from, void *to);
__attribute__((visibility("hidden"))) void emulator_begin_fiber();
}
#endif

#if defined(FOVEA_EMULATOR_OWN_SWITCH) && defined(__x86_64__)
// System V ABI: rbx, rbp, r12 to r15 are kept across calls. On the stack, from its pointer up:
// r15, r14, r13, r12, rbx, rbp, return address.
__asm__(R"(
  .text
  .p2align 4
  .hidden emulator_switch_stack
  .globl emulator_switch_stack
  .type emulator_switch_stack, @function
emulator_switch_stack:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
  .size emulator_switch_stack, .-emulator_switch_stack

  .p2align 4
  .hidden emulator_begin_fiber
  .globl emulator_begin_fiber
  .type emulator_begin_fiber, @function
emulator_begin_fiber:
  movq %r12, %rdi
  xorl %ebp, %ebp
  callq *%r13
  ud2
  .size emulator_begin_fiber, .-emulator_begin_fiber
)");

/// Words that a switch takes from a stack, and which of them hold argument, entry and return.
static constexpr size_t savedWords = 7, argumentWord = 3, entryWord = 2, returnWord = 6;

#elif defined(FOVEA_EMULATOR_OWN_SWITCH) && defined(__aarch64__)
// AAPCS64: x19 to x29, the lower halves of v8 to v15 and, for the return, x30.
__asm__(R"(
  .text
  .p2align 4
  .hidden emulator_switch_stack
  .globl emulator_switch_stack
  .type emulator_switch_stack, %function
emulator_switch_stack:
  sub sp, sp, #160
  stp x19, x20, [sp, #0]
  stp x21, x22, [sp, #16]
  stp x23, x24, [sp, #32]
  stp x25, x26, [sp, #48]
  stp x27, x28, [sp, #64]
  stp x29, x30, [sp, #80]
  stp d8, d9, [sp, #96]
  stp d10, d11, [sp, #112]
  stp d12, d13, [sp, #128]
  stp d14, d15, [sp, #144]
  mov x9, sp
  str x9, [x0]
  mov sp, x1
  ldp x19, x20, [sp, #0]
  ldp x21, x22, [sp, #16]
  ldp x23, x24, [sp, #32]
  ldp x25, x26, [sp, #48]
  ldp x27, x28, [sp, #64]
  ldp x29, x30, [sp, #80]
  ldp d8, d9, [sp, #96]
  ldp d10, d11, [sp, #112]
  ldp d12, d13, [sp, #128]
  ldp d14, d15, [sp, #144]
  add sp, sp, #160
  ret
  .size emulator_switch_stack, .-emulator_switch_stack

  .p2align 4
  .hidden emulator_begin_fiber
  .globl emulator_begin_fiber
  .type emulator_begin_fiber, %function
emulator_begin_fiber:
  mov x0, x19
  mov x29, #0
  blr x20
  brk #0
  .size emulator_begin_fiber, .-emulator_begin_fiber
)");

static constexpr size_t savedWords = 20, argumentWord = 0, entryWord = 1, returnWord = 11;
#endif

namespace fovea::emulator {

#ifdef FOVEA_ADDRESS_SANITIZER
static void leaveStack(Context &from, const Context &to) {
  __sanitizer_start_switch_fiber(&from.fakeStack, to.stack.bottom, to.stack.bytes);
}
static void enterStack(void *fakeStack) {
  __sanitizer_finish_switch_fiber(fakeStack, nullptr, nullptr);
}
/// Frames that were left for good have marked parts of the stack as not to be touched.
static void clearStack(Stack stack) { __asan_unpoison_memory_region(stack.bottom, stack.bytes); }
#else
static void leaveStack(Context &, const Context &) {}
static void enterStack(void *) {}
static void clearStack(Stack) {}
#endif

void prepareCaller(Context &context) {
#ifdef FOVEA_ADDRESS_SANITIZER
  pthread_attr_t attributes;
  void *bottom = nullptr;
  pthread_getattr_np(pthread_self(), &attributes);
  pthread_attr_getstack(&attributes, &bottom, &context.stack.bytes);
  pthread_attr_destroy(&attributes);
  context.stack.bottom = static_cast<std::byte *>(bottom);
#endif
}

/// What a new flow runs first, at the upper end of its stack.
struct Start {
  FiberEntry entry;
  void *argument;
};

static void begin(void *memory) {
  enterStack(nullptr);
  auto *start = static_cast<Start *>(memory);
  start->entry(start->argument);
}

#ifdef FOVEA_EMULATOR_OWN_SWITCH
void prepareFiber(Context &context, Stack stack, FiberEntry entry, void *argument) {
  clearStack(stack);
  context.stack = stack;
  auto top =
      (reinterpret_cast<uintptr_t>(stack.bottom) + stack.bytes - sizeof(Start)) & ~size_t(63);
  auto *start = reinterpret_cast<Start *>(top);
  *start = {entry, argument};
  // Once they are taken the stack pointer is `top`, a multiple of 16 as both ABIs want it.
  uintptr_t *words = reinterpret_cast<uintptr_t *>(top) - savedWords;
  std::memset(words, 0, savedWords * sizeof(uintptr_t));
  words[argumentWord] = top;
  words[entryWord] = reinterpret_cast<uintptr_t>(&begin);
  words[returnWord] = reinterpret_cast<uintptr_t>(&emulator_begin_fiber);
  context.stackPointer = words;
}

void switchFiber(Context &from, Context &to) {
  leaveStack(from, to);
  emulator_switch_stack(&from.stackPointer, to.stackPointer);
  enterStack(from.fakeStack);
}
#else
static void beginContext(unsigned low, unsigned high) {
  begin(reinterpret_cast<void *>(uintptr_t(low) | uintptr_t(uint64_t(high) << 32)));
}

void prepareFiber(Context &context, Stack stack, FiberEntry entry, void *argument) {
  clearStack(stack);
  context.stack = stack;
  auto top =
      (reinterpret_cast<uintptr_t>(stack.bottom) + stack.bytes - sizeof(Start)) & ~size_t(63);
  auto *start = reinterpret_cast<Start *>(top);
  *start = {entry, argument};
  getcontext(&context.state);
  context.state.uc_stack.ss_sp = stack.bottom;
  context.state.uc_stack.ss_size = size_t(top - reinterpret_cast<uintptr_t>(stack.bottom));
  context.state.uc_link = nullptr;
  // makecontext passes nothing wider than int.
  auto address = uint64_t(reinterpret_cast<uintptr_t>(start));
  makecontext(&context.state, reinterpret_cast<void (*)()>(&beginContext), 2, unsigned(address),
              unsigned(address >> 32));
}

void switchFiber(Context &from, Context &to) {
  leaveStack(from, to);
  swapcontext(&from.state, &to.state);
  enterStack(from.fakeStack);
}
#endif

} // namespace fovea::emulator
