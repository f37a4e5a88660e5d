//===- DeviceTensorTest.cpp - tensors on a GPU ----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Runtime/CUDA/DeviceSamples.h"

using namespace fovea::test;
using Values = std::vector<float>;

TEST(DeviceTensor, inputs_and_outputs_are_used_in_place) {
  DeviceRunner runner;
  DeviceValues x({1, 2, 3}), y({0, 0, 0});
  runner.output = y.view();
  driver().calls.clear();
  expectStatus(runner.run("main", x.view()), FOVEA_OK);
  EXPECT_EQ(y.values(), (Values{4, 8, 12}));
  EXPECT_EQ(driver().count("cuMemcpyHtoDAsync"), 0);
  EXPECT_EQ(driver().count("cuMemcpyDtoDAsync"), 0);
  EXPECT_EQ(driver().count("cuMemcpyDtoHAsync"), 1) << "the record of faults";
  EXPECT_EQ(driver().count("cuMemAllocAsync"), 1) << "the arena";
}

TEST(DeviceTensor, those_that_are_not_aligned_are_copied) {
  DeviceRunner runner;
  DeviceValues x({1, 2, 3}, 1), y({0, 0, 0}, 3);
  runner.output = y.view();
  driver().calls.clear();
  expectStatus(runner.run("main", x.view()), FOVEA_OK);
  EXPECT_EQ(y.values(), (Values{4, 8, 12}));
  EXPECT_EQ(driver().count("cuMemcpyDtoDAsync"), 2);
}

TEST(DeviceTensor, both_sides_may_be_mixed) {
  DeviceRunner runner;
  DeviceValues onDevice({1, 2, 3});
  Tensor<float> onHost{{3}, {0, 0, 0}, {}};
  runner.output = onHost.view();
  expectStatus(runner.run("main", onDevice.view()), FOVEA_OK);
  EXPECT_EQ(onHost.values, (Values{4, 8, 12}));
  runner.output = onDevice.view();
  expectStatus(runner.run("main", onHost.view()), FOVEA_OK);
  EXPECT_EQ(onDevice.values(), (Values{16, 32, 48}));
}

TEST(DeviceTensor, outputs_stay_on_the_device_where_that_is_asked_for) {
  DeviceRunner runner;
  Tensor<float> x{{3}, {1, 2, 3}, {}};
  runner.output.device = {2, 0};
  expectStatus(runner.run("main", x.view()), FOVEA_OK);
  EXPECT_EQ(runner.output.device.device_type, 2);
  const float *values = fakeHost<float>(reinterpret_cast<int64_t>(runner.output.data));
  EXPECT_EQ(Values(values, values + 3), (Values{4, 8, 12}));
  fovea_buffer *buffer = nullptr;
  expectStatus(StatusPtr(fovea_context_detach(runner.context.get(), 0, &buffer)), FOVEA_OK);
  BufferPtr owner(buffer);
  int64_t live = driver().liveAllocations;
  runner.context.reset();
  runner.module.reset();
  EXPECT_EQ(values[2], 12) << "detached memory outlives the context";
  EXPECT_LT(driver().liveAllocations, live);
  live = driver().liveAllocations;
  owner.reset();
  EXPECT_EQ(driver().liveAllocations, live - 1);
}

TEST(DeviceTensor, outputs_on_the_host_can_be_detached) {
  DeviceRunner runner;
  Tensor<float> x{{3}, {1, 2, 3}, {}};
  expectStatus(runner.run("main", x.view()), FOVEA_OK);
  fovea_tensor first = runner.output;
  fovea_buffer *buffer = nullptr;
  expectStatus(StatusPtr(fovea_context_detach(runner.context.get(), 0, &buffer)), FOVEA_OK);
  BufferPtr owner(buffer);
  x.values = {5, 6, 7};
  runner.output = {};
  expectStatus(runner.run("main", x.view()), FOVEA_OK);
  EXPECT_EQ(valuesOf(first), (Values{4, 8, 12}));
  EXPECT_EQ(valuesOf(runner.output), (Values{20, 24, 28}));
}

TEST(DeviceTensor, strides_are_for_the_host_alone) {
  DeviceRunner runner;
  Tensor<float> x{{3}, {1, 0, 2, 0, 3}, {2}};
  expectStatus(runner.run("main", x.view()), FOVEA_OK);
  EXPECT_EQ(valuesOf(runner.output), (Values{4, 8, 12}));
  DeviceValues values({1, 2, 3});
  fovea_tensor strided = values.view();
  int64_t strides[] = {2};
  strided.strides = strides;
  runner.output = {};
  expectStatus(runner.run("main", strided), FOVEA_INVALID_ARGUMENT,
               "input 'x' is on the device and not dense row-major");
}

TEST(DeviceTensor, other_devices_are_refused) {
  DeviceRunner runner;
  DeviceValues x({1, 2, 3});
  expectStatus(runner.run("main", x.view(1)), FOVEA_INVALID_ARGUMENT,
               "input 'x' is on device 1 of type 2, expected the CPU (type 1) or device 0 of type "
               "2");
  runner.output.device = {2, 1};
  expectStatus(runner.run("main", x.view()), FOVEA_INVALID_ARGUMENT, "output 'y' is on device 1");
}

TEST(DeviceTensor, overlapping_tensors_are_refused) {
  DeviceRunner runner;
  DeviceValues x({1, 2, 3});
  runner.output = x.view();
  expectStatus(runner.run("main", x.view()), FOVEA_INVALID_ARGUMENT,
               "output 'y' overlaps input 'x'");
}

TEST(DeviceTensor, empty_ones_need_no_launch) {
  DeviceRunner runner;
  Tensor<float> x{{0}, {}, {}};
  driver().calls.clear();
  expectStatus(runner.run("main", x.view()), FOVEA_OK);
  EXPECT_EQ(driver().count("cuLaunchKernelEx"), 0);
  EXPECT_EQ(runner.output.shape[0], 0);
}
