//===- ArchitectureTest.cpp - which code a GPU takes ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/CUDA/Architecture.h"

#include <gtest/gtest.h>

using namespace fovea::cuda;

static const std::string_view kTargets[] = {
    "sm_80", "sm_86", "sm_90", "sm_90a", "compute_80", "compute_90", "cpu", "sm_", "compute_9x"};

static std::vector<std::string_view> taken(int major, int minor) {
  std::vector<std::string_view> names;
  for (size_t index : rankCode(kTargets, major, minor))
    names.push_back(kTargets[index]);
  return names;
}

using Names = std::vector<std::string_view>;

TEST(Architecture, cubins_of_the_own_major_version_come_first) {
  EXPECT_EQ(taken(9, 0), (Names{"sm_90", "compute_90", "compute_80"}));
  EXPECT_EQ(taken(8, 6), (Names{"sm_86", "sm_80", "compute_80"}));
  EXPECT_EQ(taken(8, 0), (Names{"sm_80", "compute_80"}));
  EXPECT_EQ(taken(8, 9), (Names{"sm_86", "sm_80", "compute_80"}));
}

TEST(Architecture, younger_devices_take_ptx) {
  EXPECT_EQ(taken(10, 0), (Names{"compute_90", "compute_80"}));
  EXPECT_EQ(taken(12, 1), (Names{"compute_90", "compute_80"}));
}

TEST(Architecture, older_devices_take_nothing) { EXPECT_EQ(taken(7, 5), Names{}); }
