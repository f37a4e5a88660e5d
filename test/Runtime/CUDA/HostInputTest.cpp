//===- HostInputTest.cpp - inputs that host code reads --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Runtime/CUDA/DeviceSamples.h"

using namespace fovea::test;
using Values = std::vector<float>;

static fovea_stream *const kStream = reinterpret_cast<fovea_stream *>(5);

TEST(HostInput, is_read_by_the_host_and_by_kernels) {
  DeviceRunner runner;
  for (float first : {1.0f, 3.0f}) {
    Tensor<float> x{{3}, {first, 2, 3}, {}};
    driver().calls.clear();
    runner.output = {};
    expectStatus(runner.run("told", x.view()), FOVEA_OK);
    EXPECT_EQ(valuesOf(runner.output), first == 1 ? (Values{4, 8, 12}) : (Values{6, 4, 6}));
    EXPECT_EQ(driver().count("cuMemcpyHtoDAsync"), 1);
    EXPECT_EQ(driver().count("cuLaunchKernelEx"), first == 1 ? 2 : 1);
  }
}

TEST(HostInput, is_not_copied_where_no_kernel_reads_it) {
  DeviceRunner runner;
  Tensor<float> x{{3}, {5, 2, 3}, {}};
  driver().calls.clear();
  expectStatus(runner.run("asked", x.view()), FOVEA_OK);
  EXPECT_EQ(driver().count("cuMemcpyHtoDAsync"), 0);
  EXPECT_EQ(driver().count("cuLaunchKernelEx grid_sum 5x128"), 1);
}

TEST(HostInput, is_part_of_a_models_description) {
  DeviceRunner runner;
  fovea_io_info info;
  for (const char *entry : {"main", "told", "asked"}) {
    expectStatus(StatusPtr(fovea_module_input_info(runner.module.get(), entry, 0, &info)),
                 FOVEA_OK);
    EXPECT_EQ(info.on_host, entry == std::string("main") ? 0 : 1) << entry;
  }
}

TEST(HostInput, needs_no_wait_where_no_kernel_reads_it) {
  DeviceRunner runner;
  Tensor<float> x{{3}, {1, 0, 2, 0, 3}, {2}};
  DeviceValues sum({0});
  runner.output = sum.view();
  expectStatus(runner.run("asked", x.view(), kStream), FOVEA_OK);
  driver().calls.clear();
  expectStatus(runner.run("asked", x.view(), kStream), FOVEA_OK);
  EXPECT_EQ(driver().count("cuStreamSynchronize"), 0);
  EXPECT_EQ(driver().count("cuLaunchKernelEx"), 1);
}

TEST(HostInput, is_read_behind_its_strides) {
  DeviceRunner runner;
  Tensor<float> x{{3}, {1, 0, 2, 0, 3}, {2}};
  expectStatus(runner.run("told", x.view()), FOVEA_OK);
  EXPECT_EQ(valuesOf(runner.output), (Values{4, 8, 12}));
}

TEST(HostInput, on_the_device_is_refused) {
  DeviceRunner runner;
  DeviceValues x({1, 2, 3});
  for (const char *entry : {"told", "asked"})
    expectStatus(runner.run(entry, x.view()), FOVEA_INVALID_ARGUMENT,
                 "input 'x' is on the device, and the host decides sizes or steps of the run by "
                 "its elements; pass it in the host's memory");
}

TEST(HostInput, of_the_host_alone_may_be_captured) {
  DeviceRunner runner;
  Tensor<float> x{{3}, {1, 2, 3}, {}};
  DeviceValues sum({0}), y({0, 0, 0});
  runner.output = sum.view();
  expectStatus(runner.run("asked", x.view()), FOVEA_OK);
  driver().captured = kStream;
  expectStatus(runner.run("asked", x.view(), kStream), FOVEA_OK);
  runner.output = y.view();
  StatusPtr refused = runner.run("told", x.view(), kStream);
  driver().captured = nullptr;
  expectStatus(std::move(refused), FOVEA_INVALID_ARGUMENT, "captured");
}
