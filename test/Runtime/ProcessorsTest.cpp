//===- ProcessorsTest.cpp - the default number of threads -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/CPU/Processors.h"

#include <gtest/gtest.h>
#include <sched.h>

using namespace fovea::cpu;

TEST(Processors, quotas_are_rounded_up) {
  EXPECT_EQ(quotaProcessors("100000 100000\n"), 1);
  EXPECT_EQ(quotaProcessors("150000 100000\n"), 2);
  EXPECT_EQ(quotaProcessors("1000 100000\n"), 1);
  EXPECT_EQ(quotaProcessors("9000000000000000000 1\n"), 65536);
}

TEST(Processors, no_quota_is_no_limit) {
  for (const char *text : {"max 100000\n", "", "-1\n 100000\n", "100000", "0 100000", "5 0"})
    EXPECT_EQ(quotaProcessors(text), std::nullopt) << text;
}

TEST(Processors, affinity_limits_them) {
  cpu_set_t before, one;
  ASSERT_EQ(sched_getaffinity(0, sizeof(before), &before), 0);
  EXPECT_GE(usableProcessors(), 1);
  EXPECT_LE(usableProcessors(), CPU_COUNT(&before));
  CPU_ZERO(&one);
  for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++cpu)
    if (CPU_ISSET(cpu, &before))
      CPU_SET(cpu, &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
  EXPECT_EQ(usableProcessors(), 1);
  sched_setaffinity(0, sizeof(before), &before);
}
