//===- ConformanceTest.cpp - the emulator in the cases for devices --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Runtime/Emulator/Conformance.h"
#include "runtime/include/fovea_device_abi.h"

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
