//===- AtomicTest.cpp - atomic operations ---------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Runtime/Emulator/Kernels.h"

#include <bit>

using namespace fovea::emulator;

namespace {
struct Case {
  int32_t operation, type;
  uint64_t memory, value, compare, want;
};
constexpr uint64_t minusOne = 0xffffffff, minusOne64 = ~uint64_t(0), big64 = uint64_t(1) << 40;
constexpr uint64_t bitsOf(float x) { return std::bit_cast<uint32_t>(x); }
const Case cases[] = {
    {FOVEA_ATOMIC_ADD, FOVEA_ATOMIC_S32, 5, minusOne, 0, 4},
    {FOVEA_ATOMIC_ADD, FOVEA_ATOMIC_U32, minusOne, 2, 0, 1},
    {FOVEA_ATOMIC_ADD, FOVEA_ATOMIC_U64, big64, big64, 0, 2 * big64},
    {FOVEA_ATOMIC_ADD, FOVEA_ATOMIC_F32, bitsOf(1.5), bitsOf(2), 0, bitsOf(3.5)},
    {FOVEA_ATOMIC_MIN, FOVEA_ATOMIC_S32, 3, minusOne, 0, minusOne},
    {FOVEA_ATOMIC_MIN, FOVEA_ATOMIC_U32, 3, minusOne, 0, 3},
    {FOVEA_ATOMIC_MAX, FOVEA_ATOMIC_S64, minusOne64, 4, 0, 4},
    {FOVEA_ATOMIC_MAX, FOVEA_ATOMIC_U64, minusOne64, 4, 0, minusOne64},
    {FOVEA_ATOMIC_AND, FOVEA_ATOMIC_U32, 12, 10, 0, 8},
    {FOVEA_ATOMIC_OR, FOVEA_ATOMIC_U32, 12, 10, 0, 14},
    {FOVEA_ATOMIC_XOR, FOVEA_ATOMIC_U64, 12, 10, 0, 6},
    {FOVEA_ATOMIC_EXCHANGE, FOVEA_ATOMIC_F32, 12, 10, 0, 10},
    {FOVEA_ATOMIC_COMPARE_EXCHANGE, FOVEA_ATOMIC_S32, 12, 10, 12, 10},
    {FOVEA_ATOMIC_COMPARE_EXCHANGE, FOVEA_ATOMIC_S64, 12, 10, 13, 12},
    {FOVEA_ATOMIC_COMPARE_EXCHANGE, FOVEA_ATOMIC_S64, big64, 10, 0, big64},
};
} // namespace

TEST(Atomic, does_each_operation) {
  for (const Case &c : cases) {
    std::vector<uint64_t> memory(1, c.memory), before(1);
    Launcher launcher;
    launcher.pass(memory);
    launcher.pass(before);
    launcher.args.insert(launcher.args.end(),
                         {c.operation, c.type, int64_t(c.value), int64_t(c.compare)});
    auto failure = launcher.run(
        [](fovea_thread *t, const int64_t *args) {
          uint64_t old = t->emulator->atomic(
              t, int32_t(args[2]), int32_t(args[3]), FOVEA_ATOMIC_ACQ_REL, FOVEA_SPACE_GLOBAL,
              pointerOf<uint64_t>(args[0]), uint64_t(args[4]), uint64_t(args[5]), First);
          writeGlobal(t, pointerOf<uint64_t>(args[1]), old, Second);
        },
        {.threads = 1});
    ASSERT_FALSE(failure) << textOf(failure);
    EXPECT_EQ(memory[0], c.want) << "operation " << c.operation << " type " << c.type;
    EXPECT_EQ(before[0], c.memory);
  }
}

TEST(Atomic, counts_all_threads_of_all_blocks) {
  std::vector<uint32_t> out(1);
  for (bool cooperative : {false, true}) {
    out[0] = 0;
    Launcher launcher;
    launcher.pass(out);
    auto failure = launcher.run(
        [](fovea_thread *t, const int64_t *args) {
          const fovea_emulator &e = *t->emulator;
          if (t->thread == 0)
            writeShared(t, 0, 0, First);
          sync(t);
          e.atomic(t, FOVEA_ATOMIC_ADD, FOVEA_ATOMIC_U32, FOVEA_ATOMIC_ACQ_REL, FOVEA_SPACE_SHARED,
                   t->shared, 2, 0, Second);
          sync(t);
          if (t->thread == 7)
            e.atomic(t, FOVEA_ATOMIC_ADD, FOVEA_ATOMIC_U32, FOVEA_ATOMIC_ACQ_REL,
                     FOVEA_SPACE_GLOBAL, pointerOf<uint32_t>(args[0]),
                     readShared<uint32_t>(t, 0, Third), 0, Third);
        },
        {.threads = 64, .blocks = 5, .sharedBytes = 4, .cooperative = cooperative});
    ASSERT_FALSE(failure) << textOf(failure);
    EXPECT_EQ(out[0], 5u * 64 * 2);
  }
}

TEST(Atomic, sums_of_floats_flush_denormals_in_global_memory_alone) {
  std::vector<float> out(2, 0x1p-140f);
  Launcher launcher;
  launcher.pass(out);
  auto failure = launcher.run(
      [](fovea_thread *t, const int64_t *args) {
        const fovea_emulator &e = *t->emulator;
        e.atomic(t, FOVEA_ATOMIC_ADD, FOVEA_ATOMIC_F32, FOVEA_ATOMIC_ACQ_REL, FOVEA_SPACE_GLOBAL,
                 pointerOf<float>(args[0]), bitsOf(0x1p-140f), 0, First);
        writeShared(t, 0, 0x1p-140f, First);
        e.atomic(t, FOVEA_ATOMIC_ADD, FOVEA_ATOMIC_F32, FOVEA_ATOMIC_ACQ_REL, FOVEA_SPACE_SHARED,
                 t->shared, bitsOf(0x1p-140f), 0, First);
        writeGlobal(t, pointerOf<float>(args[0]) + 1, readShared<float>(t, 0, First), First);
      },
      {.threads = 1, .sharedBytes = 4});
  ASSERT_FALSE(failure) << textOf(failure);
  EXPECT_EQ(out[0], 0);
  EXPECT_EQ(out[1], 0x1p-139f);
}

/// args[0]: the order. Word 0 is the flag that warp 1 spins on, without any barrier.
static void handOver(fovea_thread *t, const int64_t *args) {
  const fovea_emulator &e = *t->emulator;
  auto order = int32_t(args[0]);
  if (t->thread == 0)
    writeShared(t, 0, 0, First);
  sync(t);
  if (t->thread == 0) {
    writeShared(t, 1, 42, First);
    e.atomic(t, FOVEA_ATOMIC_EXCHANGE, FOVEA_ATOMIC_S32, order, FOVEA_SPACE_SHARED, t->shared, 1, 0,
             Second);
  } else if (t->thread >= 32) {
    while (!e.atomic(t, FOVEA_ATOMIC_OR, FOVEA_ATOMIC_U32, order, FOVEA_SPACE_SHARED, t->shared, 0,
                     0, Third)) {
    }
    EXPECT_EQ(readShared<int32_t>(t, 1, Fourth), 42);
  }
}

TEST(Atomic, hands_data_over_in_shared_memory) {
  for (uint64_t seed = 0; seed < 10; ++seed) {
    Launcher launcher;
    launcher.options.seed = seed;
    launcher.args = {FOVEA_ATOMIC_ACQ_REL};
    auto failure = launcher.run(handOver, {.threads = 64, .sharedBytes = 8});
    EXPECT_FALSE(failure) << textOf(failure);
  }
}

TEST(Atomic, that_is_relaxed_orders_nothing) {
  for (uint64_t seed = 0; seed < 10; ++seed) {
    Launcher launcher;
    launcher.options.seed = seed;
    launcher.args = {FOVEA_ATOMIC_RELAXED};
    expectBroken(launcher.run(handOver, {.threads = 64, .sharedBytes = 8}), Rule::Race,
                 {"'the fourth' reads 4 bytes at shared + 4, a race with a write of thread 0"});
  }
}

TEST(Atomic, does_not_excuse_plain_accesses) {
  Launcher launcher;
  auto failure = launcher.run(
      [](fovea_thread *t, const int64_t *) {
        if (t->thread == 3)
          writeShared(t, 0, 1, First);
        else
          t->emulator->atomic(t, FOVEA_ATOMIC_ADD, FOVEA_ATOMIC_S32, FOVEA_ATOMIC_ACQ_REL,
                              FOVEA_SPACE_SHARED, t->shared, 1, 0, Second);
      },
      {.sharedBytes = 4});
  expectBroken(failure, Rule::Race, {"4 bytes at shared + 0, a race with a"});
}

TEST(Atomic, does_not_race_with_one_of_another_size) {
  Launcher launcher;
  auto failure = launcher.run(
      [](fovea_thread *t, const int64_t *) {
        bool wide = t->thread % 2;
        t->emulator->atomic(t, FOVEA_ATOMIC_OR, wide ? FOVEA_ATOMIC_U64 : FOVEA_ATOMIC_U32,
                            FOVEA_ATOMIC_ACQ_REL, FOVEA_SPACE_SHARED,
                            static_cast<uint32_t *>(t->shared) + !wide, 1, 0, Second);
      },
      {.sharedBytes = 8});
  EXPECT_FALSE(failure) << textOf(failure);
}

TEST(Atomic, is_one_that_the_hardware_has) {
  std::vector<uint32_t> out(2);
  auto run = [&](int64_t operation, int64_t type, int64_t space, int64_t offset) {
    Launcher launcher;
    launcher.pass(out);
    launcher.args.insert(launcher.args.end(), {operation, type, space, offset});
    return launcher.run(
        [](fovea_thread *t, const int64_t *args) {
          t->emulator->atomic(t, int32_t(args[1]), int32_t(args[2]), FOVEA_ATOMIC_ACQ_REL,
                              int32_t(args[3]), pointerOf<std::byte>(args[0]) + args[4], 0, 0,
                              First);
        },
        {.threads = 1});
  };
  expectBroken(run(FOVEA_ATOMIC_MAX, FOVEA_ATOMIC_F32, FOVEA_SPACE_GLOBAL, 0), Rule::Atomic,
               {"'the first' is an atomic operation (2) of type 4 in space 1, which there is not"});
  expectBroken(run(8, FOVEA_ATOMIC_U32, FOVEA_SPACE_GLOBAL, 0), Rule::Atomic, {"(8)"});
  expectBroken(run(0, FOVEA_ATOMIC_U32, 5, 0), Rule::Atomic, {"in space 5"});
  expectBroken(run(0, FOVEA_ATOMIC_U32, FOVEA_SPACE_GLOBAL, 2), Rule::Alignment, {"2 behind"});
  expectBroken(run(0, FOVEA_ATOMIC_U64, FOVEA_SPACE_GLOBAL, 8), Rule::Bounds,
               {"writes 8 bytes at argument 0 + 8, which has 8 bytes"});
}

TEST(Atomic, polling_of_all_is_a_deadlock) {
  // Of one word, or of three in turn.
  for (int64_t words : {1, 3}) {
    std::vector<uint32_t> out(3);
    Launcher launcher;
    launcher.pass(out);
    launcher.args.push_back(words);
    auto failure = launcher.run(
        [](fovea_thread *t, const int64_t *args) {
          for (int64_t i = 0; !t->emulator->atomic(
                   t, FOVEA_ATOMIC_ADD, FOVEA_ATOMIC_U32, FOVEA_ATOMIC_ACQ_REL, FOVEA_SPACE_GLOBAL,
                   pointerOf<uint32_t>(args[0]) + i % args[1], 0, 0, Second);
               ++i) {
          }
        },
        {.threads = 4});
    expectBroken(failure, Rule::Deadlock,
                 {"deadlock, all threads only poll: 4 threads: poll at 'the second'"});
  }
}

TEST(Atomic, operations_without_effect_are_no_deadlock) {
  // A maximum of many numbers of which the first is the largest.
  std::vector<uint32_t> out(1, 1000000);
  Launcher launcher;
  launcher.pass(out);
  auto failure = launcher.run(
      [](fovea_thread *t, const int64_t *args) {
        for (uint64_t i = 0; i < 200000; ++i)
          t->emulator->atomic(t, FOVEA_ATOMIC_MAX, FOVEA_ATOMIC_U32, FOVEA_ATOMIC_ACQ_REL,
                              FOVEA_SPACE_GLOBAL, pointerOf<uint32_t>(args[0]), i, 0, First);
      },
      {.threads = 1});
  EXPECT_FALSE(failure) << textOf(failure);
}
