//===- ConformanceTest.cpp - the emulator in the cases for devices --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Runtime/Emulator/Conformance.h"
#include "runtime/include/fovea_device_abi.h"

#include <cstddef>
#include <gtest/gtest.h>
#include <set>

using namespace fovea::emulator;
using Op = ConformanceOperation;

TEST(Conformance, is_what_the_emulator_computes) {
  for (uint64_t seed = 0; seed < 5; ++seed)
    EXPECT_EQ(conformanceFailures(seed), "") << "seed " << seed;
}

TEST(Conformance, has_inputs_and_results_for_32_lanes) {
  for (const ConformanceCase &c : conformanceCases()) {
    EXPECT_EQ(c.inputs().size(), size_t(32 * c.inputWords)) << c.name;
    EXPECT_EQ(c.expected.size(), size_t(32 * c.outputWords)) << c.name;
  }
}

namespace {
/// A function of fovea_emulator: by which cases a device confirms it, or why by none.
struct Service {
  size_t offset;
  std::vector<Op> operations;
  std::string_view reason = {};
};
const Service services[] = {
    {offsetof(fovea_emulator, access), {}, "every case loads and stores"},
    {offsetof(fovea_emulator, barrier), {Op::Barrier}},
    {offsetof(fovea_emulator, barrier_arrive),
     {},
     "no kernel says it: no schedule splits barriers"},
    {offsetof(fovea_emulator, warp_barrier), {Op::LoadMatrix, Op::Atomic}},
    {offsetof(fovea_emulator, shuffle), {Op::Shuffle}},
    {offsetof(fovea_emulator, vote), {Op::Vote}},
    {offsetof(fovea_emulator, load_matrix), {Op::LoadMatrix}},
    {offsetof(fovea_emulator, multiply), {Op::Multiply}},
    {offsetof(fovea_emulator, copy_async), {Op::Copy}},
    {offsetof(fovea_emulator, commit_copies), {Op::Copy}},
    {offsetof(fovea_emulator, wait_copies), {Op::Copy}},
    {offsetof(fovea_emulator, mbarrier_init), {Op::Mbarrier}},
    {offsetof(fovea_emulator, mbarrier_arrive), {Op::Mbarrier}},
    {offsetof(fovea_emulator, mbarrier_try_wait), {Op::Mbarrier}},
    {offsetof(fovea_emulator, mbarrier_arrive_copies), {Op::CopyMbarrier}},
    {offsetof(fovea_emulator, atomic), {Op::Atomic, Op::AtomicOfLane}},
    {offsetof(fovea_emulator, grid_barrier), {}, "of many blocks: benchmarks/gpu/conformance.py"},
    {offsetof(fovea_emulator, approximate), {Op::Approximate}},
    {offsetof(fovea_emulator, math), {}, "arithmetic on a device"},
};

/// Whether kernels can say it. Of types without an order they name the unsigned one, and floats are
/// only added: LLVM has other operations on them, to which no form of the emulator corresponds.
bool isSaid(int32_t operation, int32_t type) {
  bool ordered = operation == FOVEA_ATOMIC_MIN || operation == FOVEA_ATOMIC_MAX;
  if (type == FOVEA_ATOMIC_F32)
    return operation == FOVEA_ATOMIC_ADD;
  return ordered || type == FOVEA_ATOMIC_U32 || type == FOVEA_ATOMIC_U64;
}
} // namespace

TEST(Conformance, has_a_case_for_each_function_or_a_reason) {
  std::set<Op> there;
  for (const ConformanceCase &c : conformanceCases())
    there.insert(c.operation);
  size_t end = 0;
  for (const Service &service : services) {
    EXPECT_EQ(service.offset, end) << "a function of fovea_emulator is not listed";
    end = service.offset + sizeof(void (*)());
    EXPECT_NE(service.operations.empty(), service.reason.empty()) << "at " << service.offset;
    for (Op operation : service.operations)
      EXPECT_TRUE(there.contains(operation)) << int(operation);
  }
  EXPECT_EQ(end, sizeof(fovea_emulator)) << "a function of fovea_emulator is not listed";
}

TEST(Conformance, has_a_case_for_each_operation_and_kind) {
  std::set<std::pair<Op, int32_t>> kinds;
  std::set<std::pair<int32_t, uint32_t>> atomics;
  std::set<std::pair<int32_t, bool>> copies;
  std::set<std::string_view> names;
  for (const ConformanceCase &c : conformanceCases()) {
    kinds.insert({c.operation, c.kind});
    if (c.operation == Op::AtomicOfLane)
      atomics.insert({c.kind, c.first});
    if (c.operation == Op::Copy)
      copies.insert({c.kind, int32_t(c.first) == c.kind});
    EXPECT_TRUE(names.insert(c.name).second) << c.name << " is there twice";
  }
  // That these are all kinds, test/Scripts/test_gpu_conformance.py says.
  for (int32_t kind = 0; kind < 4; ++kind)
    for (Op operation : {Op::Multiply, Op::Shuffle, Op::Vote})
      EXPECT_TRUE(kinds.contains({operation, kind})) << int(operation) << " " << kind;
  for (int32_t function = FOVEA_APPROX_EX2; function <= FOVEA_APPROX_TF32; ++function)
    EXPECT_TRUE(kinds.contains({Op::Approximate, function}));
  for (int32_t count : {1, 2, 4})
    EXPECT_TRUE(kinds.contains({Op::LoadMatrix, count}));
  for (int32_t bytes : {4, 8, 16})
    for (bool whole : {false, true})
      EXPECT_TRUE(copies.contains({bytes, whole})) << bytes << " bytes, whole " << whole;
  for (int32_t operation = FOVEA_ATOMIC_ADD; operation <= FOVEA_ATOMIC_COMPARE_EXCHANGE;
       ++operation)
    for (int32_t type = FOVEA_ATOMIC_S32; type <= FOVEA_ATOMIC_F32; ++type)
      EXPECT_EQ(atomics.contains({operation, uint32_t(type)}), isSaid(operation, type))
          << "operation " << operation << " type " << type;
}
