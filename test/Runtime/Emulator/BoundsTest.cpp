//===- BoundsTest.cpp - which memory a launch may touch -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Runtime/Emulator/Kernels.h"

#include <cstring>

using namespace fovea::emulator;

/// Thread 9 uses 4 bytes of global memory at args[0] + args[1]: args[2] is the kind.
static void useKernel(fovea_thread *t, const int64_t *args) {
  if (t->thread == 9)
    t->emulator->access(t, FOVEA_SPACE_GLOBAL, int32_t(args[2]),
                        pointerOf<std::byte>(args[0]) + args[1], 4, 1, Third);
}

TEST(Bounds, of_global_memory_are_those_of_the_ranges) {
  std::vector<uint32_t> data(8);
  auto use = [&](int64_t offset, int64_t kind, bool writable) {
    Launcher launcher;
    launcher.pass(data, writable);
    launcher.args.insert(launcher.args.end(), {offset, kind});
    return launcher.run(useKernel, {});
  };
  EXPECT_FALSE(use(28, FOVEA_READ, false));
  EXPECT_FALSE(use(0, FOVEA_WRITE, true));
  expectBroken(use(29, FOVEA_READ, false), Rule::Bounds,
               {"kernel 'sample', block 0, thread 9: 'the third' reads 4 bytes at argument 0 + 29, "
                "which has 32 bytes"});
  expectBroken(use(-4, FOVEA_WRITE, true), Rule::Bounds,
               {"writes 4 bytes at argument 0 - 4, which has 32 bytes"});
  expectBroken(use(4, FOVEA_WRITE, false), Rule::ReadOnly,
               {"writes 4 bytes at argument 0 + 4, which is not to be written"});
  expectBroken(use(int64_t(1) << 46, FOVEA_READ, false), Rule::Bounds,
               {"reads 4 bytes of global memory that is not among the launch's arguments"});
}

TEST(Bounds, ranges_may_overlap) {
  std::vector<uint32_t> data(64);
  Launcher launcher;
  launcher.args = {int64_t(reinterpret_cast<intptr_t>(data.data())), 100, FOVEA_WRITE};
  launcher.ranges = {{data.data(), 256, false, "all"}, {data.data() + 20, 40, true, "a part"}};
  EXPECT_FALSE(launcher.run(useKernel, {}));
  launcher.args[1] = 200;
  expectBroken(launcher.run(useKernel, {}), Rule::ReadOnly, {"writes 4 bytes at all + 200"});
  launcher.ranges.pop_back();
  launcher.ranges.push_back({data.data() + 50, 56, true, ""});
  EXPECT_FALSE(launcher.run(useKernel, {}));
  launcher.args[1] = 256;
  expectBroken(launcher.run(useKernel, {}), Rule::Bounds,
               {"writes 4 bytes at all + 256, which has 256 bytes"});
}

/// Tells of a read of 4 bytes at args[0] + 8 and of one of shared memory, and copies windows of
/// the sites to args[1], the first before that.
static void windowKernel(fovea_thread *t, const int64_t *args) {
  if (t->thread != 0)
    return;
  auto *windows = pointerOf<fovea_window>(args[1]);
  windows[0] = t->windows[First];
  t->emulator->access(t, FOVEA_SPACE_GLOBAL, FOVEA_READ, pointerOf<std::byte>(args[0]) + 8, 4, 4,
                      First);
  t->emulator->access(t, FOVEA_SPACE_SHARED, FOVEA_READ, t->shared, 4, 4, Second);
  windows[1] = t->windows[First];
  windows[2] = t->windows[Second];
}

TEST(Bounds, a_site_need_not_tell_of_what_begins_in_its_window) {
  std::vector<uint32_t> data(8);
  std::vector<fovea_window> windows(3, {7, 7});
  Launcher launcher;
  launcher.pass(data, false);
  launcher.pass(windows);
  // Each launch starts with none; shared memory has none.
  for (int round = 0; round < 2; ++round) {
    EXPECT_FALSE(launcher.run(windowKernel, {.sharedBytes = 16}));
    EXPECT_EQ(windows[0].starts, 0u);
    EXPECT_EQ(windows[1].begin, reinterpret_cast<uintptr_t>(data.data()));
    EXPECT_EQ(windows[1].starts, 8u);
    EXPECT_EQ(windows[2].starts, 0u);
  }
  // Conflicts of blocks are found by being told of every access.
  launcher.options.checkBlocks = true;
  EXPECT_FALSE(launcher.run(windowKernel, {.blocks = 2, .sharedBytes = 16}));
  EXPECT_EQ(windows[1].starts, 0u);
  // Nothing is checked: nothing has to be told.
  launcher.options = {.checkMemory = false};
  EXPECT_FALSE(launcher.run(windowKernel, {.sharedBytes = 16}));
  EXPECT_EQ(windows[0].starts, ~uint64_t(0));
}

TEST(Bounds, windows_hold_what_is_aligned) {
  // Reads of 8 bytes in steps of 8, in a range that begins and ends elsewhere.
  alignas(8) std::byte memory[64];
  fovea_window window = {};
  Launcher launcher;
  launcher.ranges = {{memory + 4, 55, false, "a part"}, {&window, sizeof(window), true, "window"}};
  launcher.args = {int64_t(reinterpret_cast<intptr_t>(memory)),
                   int64_t(reinterpret_cast<intptr_t>(&window))};
  auto failure = launcher.run(
      [](fovea_thread *t, const int64_t *args) {
        t->emulator->access(t, FOVEA_SPACE_GLOBAL, FOVEA_READ, pointerOf<std::byte>(args[0]) + 16,
                            8, 8, First);
        *pointerOf<fovea_window>(args[1]) = t->windows[First];
      },
      {.threads = 1});
  ASSERT_FALSE(failure) << textOf(failure);
  EXPECT_EQ(window.begin, reinterpret_cast<uintptr_t>(memory + 8));
  EXPECT_EQ(window.starts, 6u);
}

TEST(Bounds, accesses_are_aligned_to_what_they_rely_on) {
  // 16 bytes at an offset, in memory of a space, by threads of which the third is off.
  auto use = [](int32_t space, int32_t alignment, int64_t offset) {
    std::vector<int64_t> data(64);
    Launcher launcher;
    launcher.pass(data);
    launcher.args.insert(launcher.args.end(), {space, alignment, offset});
    return launcher.run(
        [](fovea_thread *t, const int64_t *args) {
          bool shared = args[1] == FOVEA_SPACE_SHARED;
          auto *base = shared ? sharedAt(t, 0) : pointerOf<std::byte>(args[0]);
          // Vectors of C++ may begin behind a multiple of 16.
          auto *first = base + (-uintptr_t(base) & 15) + 32 * t->thread;
          t->emulator->access(t, int32_t(args[1]), FOVEA_READ, first + (t->thread == 2) * args[3],
                              16, int32_t(args[2]), First);
        },
        {.threads = 4, .sharedBytes = 256});
  };
  for (int32_t space : {FOVEA_SPACE_GLOBAL, FOVEA_SPACE_SHARED}) {
    EXPECT_FALSE(use(space, 16, 16));
    EXPECT_FALSE(use(space, 4, 4));
    EXPECT_FALSE(use(space, 1, 3));
    expectBroken(use(space, 16, 8), Rule::Alignment,
                 {"thread 2: 'the first' uses 16 bytes at an address that is 8 behind a multiple "
                  "of 16"});
    expectBroken(use(space, 4, 2), Rule::Alignment, {"2 behind a multiple of 4"});
  }
}

TEST(Bounds, of_shared_memory_are_those_of_the_kernel) {
  auto use = [](int64_t bytes) {
    Launcher launcher;
    launcher.args = {bytes};
    return launcher.run(
        [](fovea_thread *t, const int64_t *args) {
          t->emulator->access(t, FOVEA_SPACE_SHARED, FOVEA_WRITE, sharedAt(t, 16 * (t->thread % 2)),
                              args[0], 1, First);
        },
        {.threads = 2, .sharedBytes = 36});
  };
  EXPECT_FALSE(use(16));
  expectBroken(use(24), Rule::Bounds,
               {"thread 1: 'the first' writes 24 bytes at shared memory + 16, which has 36 bytes"});
  expectBroken(use(-1), Rule::Bounds, {"-1 bytes"});
}

TEST(Bounds, memory_of_a_block_is_aligned) {
  Launcher launcher;
  auto failure = launcher.run(
      [](fovea_thread *t, const int64_t *) {
        EXPECT_EQ(reinterpret_cast<uintptr_t>(t->shared) % 1024, 0u);
      },
      {.threads = 100, .sharedBytes = 12});
  EXPECT_FALSE(failure) << textOf(failure);
}

TEST(Bounds, memory_that_nothing_has_written_is_nan) {
  std::vector<uint32_t> out(2);
  Launcher launcher;
  launcher.pass(out);
  auto failure = launcher.run(
      [](fovea_thread *t, const int64_t *args) {
        auto *to = pointerOf<uint32_t>(args[0]);
        // The second block must not see what the first has left.
        writeGlobal(t, to + t->block, readShared<uint32_t>(t, 0, First), First);
        writeShared(t, 0, 0, First);
      },
      {.threads = 1, .blocks = 2, .sharedBytes = 4});
  ASSERT_FALSE(failure) << textOf(failure);
  // A signaling NaN of f32 and, in both halves, of bf16; f16 has a NaN there.
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(out[i] & 0x7f800000, 0x7f800000u);
    EXPECT_EQ(out[i] & 0x00400000, 0u);
    EXPECT_NE(out[i] & 0x003fffff, 0u);
    EXPECT_EQ(out[i] >> 16, out[i] & 0xffff);
    EXPECT_EQ(out[i] & 0x7c00, 0x7c00u);
  }
}

TEST(Bounds, of_a_launch_are_checked_before_it) {
  auto kernel = [](fovea_thread *, const int64_t *) {};
  auto run = [&](Shape shape) {
    Launcher launcher;
    return launcher.run(kernel, shape);
  };
  EXPECT_FALSE(run({.blocks = 0}));
  expectBroken(run({.threads = 1025}), Rule::Launch,
               {"kernel 'sample': has 1025 threads a block, expected 1 to 1024"});
  expectBroken(run({.sharedBytes = 232449}), Rule::Launch,
               {"232449 bytes of shared memory a block, expected 0 to 232448"});
  expectBroken(run({.blocks = -2}), Rule::Launch, {"has -2 blocks"});
  expectBroken(run({.threads = 1024, .blocks = 17, .cooperative = true}), Rule::Launch,
               {"17408 threads in a cooperative launch, expected 0 to 16384"});
  Launcher launcher;
  expectBroken(launcher.run(nullptr, {}), Rule::Launch, {"holds no code for the emulator"});
}

TEST(Bounds, operations_without_a_table_have_a_number) {
  fovea_device_kernel kernel = {};
  kernel.name = "bare";
  kernel.threads = 32;
  kernel.emulated = [](fovea_thread *t, const int64_t *) { t->emulator->barrier(t, 0, 1, 12); };
  Launcher launcher;
  expectBroken(launcher.run(kernel, 1), Rule::Barrier,
               {"kernel 'bare', block 0, thread ", ": operation 12 is a barrier of 1 threads"});
}

TEST(Bounds, the_fault_record_is_writable) {
  fovea_fault_record fault = {};
  Launcher launcher;
  launcher.fault = &fault;
  auto failure = launcher.run(
      [](fovea_thread *t, const int64_t *) {
        if (t->emulator->atomic(t, FOVEA_ATOMIC_EXCHANGE, FOVEA_ATOMIC_S32, FOVEA_ATOMIC_ACQ_REL,
                                FOVEA_SPACE_GLOBAL, &t->fault->taken, 1, 0, First) == 0)
          writeGlobal(t, &t->fault->value, int64_t(100 + t->thread), Second);
      },
      {.threads = 64});
  ASSERT_FALSE(failure) << textOf(failure);
  EXPECT_EQ(fault.taken, 1);
  EXPECT_GE(fault.value, 100);
}
