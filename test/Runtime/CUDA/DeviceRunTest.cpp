//===- DeviceRunTest.cpp - runs on a GPU ----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Runtime/CUDA/DeviceSamples.h"

using namespace fovea::test;
using Values = std::vector<float>;

TEST(DeviceRun, tensors_of_the_host_are_copied) {
  DeviceRunner runner;
  Tensor<float> x{{3}, {1, 2, 3}, {}};
  expectStatus(runner.run("main", x.view()), FOVEA_OK);
  EXPECT_EQ(runner.output.device.device_type, 1);
  EXPECT_EQ(valuesOf(runner.output), (Values{4, 8, 12}));
}

TEST(DeviceRun, launches_carry_the_blocks_threads_and_words) {
  DeviceRunner runner;
  Tensor<float> x{{300}, Values(300, 1), {}};
  driver().calls.clear();
  expectStatus(runner.run("main", x.view()), FOVEA_OK);
  EXPECT_EQ(driver().count("cuLaunchKernelEx double_values 3x128 shared 0 on"), 2);
  EXPECT_EQ(valuesOf(runner.output), Values(300, 4));
}

TEST(DeviceRun, shared_memory_and_cooperation_are_asked_for) {
  DeviceRunner runner;
  Tensor<float> x{{1}, {0}, {}};
  driver().calls.clear();
  expectStatus(runner.run("shapes", x.view()), FOVEA_OK);
  EXPECT_EQ(driver().count("cuLaunchKernelEx shared_hog 3x128 shared 100000 on"), 1)
      << "a launch without blocks is none";
  EXPECT_EQ(driver().count("cuLaunchKernelEx grid_sum 5x128 shared 0 cooperative on"), 1);
  EXPECT_EQ(valuesOf(runner.output), Values{640});
}

TEST(DeviceRun, blocks_that_wait_for_each_other_are_no_more_than_run_at_the_same_time) {
  driver().blocksEach = 1;
  DeviceRunner runner;
  driver().blocksEach = 4;
  Tensor<float> x{{1}, {0}, {}};
  driver().calls.clear();
  expectStatus(runner.run("shapes", x.view()), FOVEA_OK);
  EXPECT_EQ(driver().count("cuLaunchKernelEx grid_sum 2x128 shared 0 cooperative on"), 1)
      << "one on each of two multiprocessors";
  EXPECT_EQ(driver().count("cuLaunchKernelEx shared_hog 3x128"), 1) << "others are as many";
  EXPECT_EQ(valuesOf(runner.output), Values{256});
}

TEST(DeviceRun, the_second_run_allocates_nothing) {
  DeviceRunner runner;
  Tensor<float> x{{30}, Values(30, 1), {}}, longer{{60}, Values(60, 1), {}};
  expectStatus(runner.run("main", x.view()), FOVEA_OK);
  int64_t before = driver().allocations;
  for (int round = 0; round < 3; ++round) {
    runner.output = {};
    expectStatus(runner.run("main", x.view()), FOVEA_OK);
  }
  EXPECT_EQ(driver().allocations, before);
  runner.output = {};
  expectStatus(runner.run("main", longer.view()), FOVEA_OK);
  EXPECT_EQ(driver().allocations, before + 3) << "the input, the arena, the output";
}

TEST(DeviceRun, a_run_without_a_stream_has_ended_when_it_returns) {
  DeviceRunner runner;
  Tensor<float> x{{3}, {1, 2, 3}, {}};
  driver().calls.clear();
  expectStatus(runner.run("main", x.view()), FOVEA_OK);
  EXPECT_TRUE(driver().calls.back().starts_with("cuStreamSynchronize"));
}

TEST(DeviceRun, blocks_whose_size_depends_on_data_are_freed_behind_the_run) {
  DeviceRunner runner;
  Tensor<float> x{{3}, {1, 2, 3}, {}};
  expectStatus(runner.run("blocks", x.view()), FOVEA_OK);
  EXPECT_EQ(valuesOf(runner.output), (Values{4, 8, 12}));
  int64_t live = driver().liveAllocations;
  driver().calls.clear();
  runner.output = {};
  expectStatus(runner.run("blocks", x.view()), FOVEA_OK);
  EXPECT_EQ(driver().liveAllocations, live);
  EXPECT_TRUE(driver().calls.back().starts_with("cuMemFreeAsync")) << driver().calls.back();
}

TEST(DeviceRun, faults_of_kernels_are_statuses) {
  DeviceRunner runner;
  Tensor<float> x{{17}, Values(17), {}};
  expectStatus(runner.run("fault", x.view()), FOVEA_DATA_OUT_OF_RANGE,
               "node 'enc.3/Gather': index 17 is out of range for 16 elements");
  EXPECT_EQ(runner.output.data, nullptr);
  Tensor<float> y{{3}, {1, 2, 3}, {}};
  expectStatus(runner.run("main", y.view()), FOVEA_OK);
  Tensor<float> z{{18}, Values(18), {}};
  runner.output = {};
  expectStatus(runner.run("fault", z.view()), FOVEA_DATA_OUT_OF_RANGE, "index 18");
}

TEST(DeviceRun, launches_that_no_kernel_can_have_are_refused) {
  DeviceRunner runner;
  auto run = [&](int64_t n) {
    Tensor<float> x{{n}, Values(size_t(n)), {}};
    return runner.run("wrong", x.view());
  };
  expectStatus(run(1), FOVEA_DEVICE, "it launches kernel 4 of 4");
  expectStatus(run(2), FOVEA_DEVICE, "kernel 'grid_sum' cannot have -1 blocks");
  expectStatus(run(3), FOVEA_DEVICE, "kernel 'grid_sum' cannot have 9223372036854775807 blocks");
}

TEST(DeviceRun, memory_of_the_device_may_be_missing) {
  DeviceRunner runner;
  driver().memory = 64;
  Tensor<float> x{{30}, Values(30), {}};
  expectStatus(runner.run("main", x.view()), FOVEA_OUT_OF_MEMORY,
               "input 'x': no memory for 120 bytes on the device");
  driver().memory = uint64_t(1) << 30;
  expectStatus(runner.run("main", x.view()), FOVEA_OK);
}

TEST(DeviceRun, other_failures_of_the_allocator_are_told) {
  DeviceRunner runner;
  driver().fail["cuMemAllocAsync"] = 801;
  Tensor<float> x{{3}, {1, 2, 3}, {}};
  expectStatus(runner.run("main", x.view()), FOVEA_DEVICE,
               "12 bytes of memory cannot be had: CUDA_ERROR_OF_THE_FAKE (number 801)");
}
