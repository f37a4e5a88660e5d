//===- ConformanceTest.cpp - the emulator in the cases for devices --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Runtime/Emulator/Conformance.h"
#include "test/Runtime/Emulator/Kernels.h"

#include <bit>
#include <cmath>
#include <set>

using namespace fovea::emulator;
using Op = ConformanceOperation;

static void *sharedAt(fovea_thread *t, int64_t offset) {
  return static_cast<std::byte *>(t->shared) + offset;
}

/// Operations on words of the lane's own.
static void runOnWords(fovea_thread *t, const ConformanceCase &c, const uint32_t *in,
                       uint32_t *out) {
  const fovea_emulator &e = *t->emulator;
  int32_t inRange = 0;
  switch (c.operation) {
  case Op::Multiply:
    std::copy_n(in + 6, 4, out);
    e.multiply(t, c.kind, in, in + 4, out, First);
    break;
  case Op::Shuffle:
    *out = e.shuffle(t, c.kind, allLanes, *in, c.first, c.second, &inRange, First);
    *out |= uint32_t(inRange) << 31;
    break;
  case Op::Vote:
    *out = e.vote(t, c.kind, allLanes, int32_t(*in & 1), First);
    break;
  default:
    *out = std::bit_cast<uint32_t>(e.approximate(c.kind, std::bit_cast<float>(*in)));
  }
}

/// Operations that go through shared memory.
static void runOnMemory(fovea_thread *t, const ConformanceCase &c, const uint32_t *in,
                        uint32_t *out) {
  const fovea_emulator &e = *t->emulator;
  switch (c.operation) {
  case Op::LoadMatrix:
    for (int i = 0; i < 4; ++i)
      writeShared(t, 4 * t->thread + i, in[i], First);
    e.warp_barrier(t, allLanes, First);
    e.load_matrix(t, sharedAt(t, 16 * t->thread), c.kind, int32_t(c.first), out, Second);
    break;
  case Op::Copy:
    e.copy_async(t, sharedAt(t, 16 * t->thread), in, c.kind, int32_t(c.first), First);
    e.commit_copies(t, First);
    e.wait_copies(t, 0, First);
    for (int i = 0; i < c.outputWords; ++i)
      out[i] = readShared<uint32_t>(t, 4 * t->thread + i, Second);
    break;
  case Op::Atomic:
    if (t->thread == 0)
      writeShared(t, 0, 0, First);
    e.warp_barrier(t, allLanes, First);
    e.atomic(t, c.kind, int32_t(c.first), FOVEA_SPACE_SHARED, t->shared, *in, 0, Second);
    e.warp_barrier(t, allLanes, Third);
    *out = readShared<uint32_t>(t, 0, Third);
    break;
  default:
    if (t->thread == 0)
      e.mbarrier_init(t, t->shared, FOVEA_WARP, First);
    e.warp_barrier(t, allLanes, First);
    writeShared(t, 2 + t->thread, *in, Second);
    e.mbarrier_arrive(t, t->shared, 0, Second);
    while (!e.mbarrier_try_wait(t, t->shared, 0, Third)) {
    }
    *out = readShared<uint32_t>(t, 33 - t->thread, Third);
  }
}

/// args: inputs, results, the case.
static void conformanceKernel(fovea_thread *t, const int64_t *args) {
  const auto &c = *pointerOf<const ConformanceCase>(args[2]);
  const auto *in = pointerOf<const uint32_t>(args[0]) + t->thread * c.inputWords;
  auto *out = pointerOf<uint32_t>(args[1]) + t->thread * c.outputWords;
  bool onWords = c.operation == Op::Multiply || c.operation == Op::Shuffle ||
                 c.operation == Op::Vote || c.operation == Op::Approximate;
  (onWords ? runOnWords : runOnMemory)(t, c, in, out);
}

TEST(Conformance, is_what_the_emulator_computes) {
  for (const ConformanceCase &c : conformanceCases())
    for (uint64_t seed = 0; seed < 3; ++seed) {
      std::vector<uint32_t> in = c.inputs(), out(size_t(32 * c.outputWords));
      ASSERT_EQ(in.size(), size_t(32 * c.inputWords)) << c.name;
      ASSERT_EQ(out.size(), c.expected.size()) << c.name;
      Launcher launcher;
      launcher.options.seed = seed;
      launcher.pass(in, false);
      launcher.pass(out);
      launcher.args.push_back(int64_t(reinterpret_cast<intptr_t>(&c)));
      auto failure = launcher.run(conformanceKernel, {.sharedBytes = 1024});
      ASSERT_FALSE(failure) << c.name << ": " << textOf(failure);
      for (size_t i = 0; i < out.size(); ++i) {
        if (c.relative == 0 && c.absolute == 0) {
          EXPECT_EQ(out[i], c.expected[i]) << c.name << ", word " << i;
          continue;
        }
        double want = std::bit_cast<float>(c.expected[i]);
        double bound = std::fmax(c.absolute, c.relative * std::fabs(want));
        EXPECT_NEAR(std::bit_cast<float>(out[i]), want, bound) << c.name << ", word " << i;
      }
    }
}

TEST(Conformance, has_a_case_for_each_operation_and_kind) {
  std::set<std::pair<Op, int32_t>> kinds;
  std::set<std::string_view> names;
  for (const ConformanceCase &c : conformanceCases()) {
    kinds.insert({c.operation, c.kind});
    EXPECT_TRUE(names.insert(c.name).second) << c.name << " is there twice";
  }
  for (int32_t kind = 0; kind < 4; ++kind)
    for (Op operation : {Op::Multiply, Op::Shuffle, Op::Vote})
      EXPECT_TRUE(kinds.contains({operation, kind})) << int(operation) << " " << kind;
  for (int32_t function = FOVEA_APPROX_EX2; function <= FOVEA_APPROX_TANH; ++function)
    EXPECT_TRUE(kinds.contains({Op::Approximate, function}));
  for (int32_t count : {1, 2, 4})
    EXPECT_TRUE(kinds.contains({Op::LoadMatrix, count}));
}
