//===- FiberTest.cpp - flows of control that switch among themselves ------===//
//
// Built a second time for ucontext, which other processors use.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Emulator/Fiber.h"

#include <cstdint>
#include <gtest/gtest.h>
#include <vector>

using namespace fovea::emulator;

namespace {
/// Two flows, the test's and a fibre's, and what they hand each other.
struct Pair {
  Context caller, fiber;
  std::vector<std::byte> memory = std::vector<std::byte>(64 << 10);
  int64_t value = 0;
  double sum = 0;

  void start(FiberEntry entry) {
    prepareCaller(caller);
    prepareFiber(fiber, {memory.data(), memory.size()}, entry, this);
  }
};
} // namespace

TEST(Fiber, keeps_its_variables_across_switches) {
  Pair pair;
  pair.start([](void *memory) {
    auto &own = *static_cast<Pair *>(memory);
    double local = 0.5;
    for (int64_t step = 1;; ++step) {
      local *= 2;
      own.value = step * step;
      own.sum += local;
      switchFiber(own.fiber, own.caller);
    }
  });
  double want = 0;
  for (int64_t step = 1; step <= 40; ++step) {
    switchFiber(pair.caller, pair.fiber);
    want += double(int64_t(1) << (step - 1));
    EXPECT_EQ(pair.value, step * step);
    EXPECT_EQ(pair.sum, want);
  }
}

TEST(Fiber, has_an_aligned_stack) {
  Pair pair;
  pair.start([](void *memory) {
    auto &own = *static_cast<Pair *>(memory);
    alignas(16) volatile float lanes[4] = {1, 2, 3, 4};
    own.value = int64_t(reinterpret_cast<uintptr_t>(&lanes) % 16);
    own.sum = lanes[3];
    switchFiber(own.fiber, own.caller);
  });
  pair.value = -1;
  switchFiber(pair.caller, pair.fiber);
  EXPECT_EQ(pair.value, 0);
  EXPECT_EQ(pair.sum, 4);
}

TEST(Fiber, begins_anew_on_the_stack_of_one_that_was_left) {
  Pair pair;
  for (int round = 0; round < 3; ++round) {
    pair.start([](void *memory) {
      auto &own = *static_cast<Pair *>(memory);
      ++own.value;
      switchFiber(own.fiber, own.caller);
      own.value = -100;
      switchFiber(own.fiber, own.caller);
    });
    switchFiber(pair.caller, pair.fiber);
  }
  EXPECT_EQ(pair.value, 3);
}
