//===- DriverTest.cpp - drivers that are absent, old or broken ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/CUDA/Report.h"
#include "test/Runtime/CUDA/DeviceSamples.h"

#include "runtime/CUDA/Driver.h"

using namespace fovea::test;
using fovea::cuda::Driver;

/// Opens and expects a failure with a text.
static void expectRefused(const char *library, const std::string &part) {
  Driver driver;
  fvm::Status status = Driver::open(library, driver);
  EXPECT_EQ(status.code(), fvm::Code::Device);
  EXPECT_NE(status.message().find(part), std::string::npos) << status.message();
}

TEST(Driver, an_absent_library_is_named_with_the_remedy) {
  expectRefused("libnothing-of-cuda.so.1", "there is no CUDA driver: libnothing-of-cuda.so.1");
  expectRefused("libnothing-of-cuda.so.1", "install NVIDIA's driver");
  expectRefused("libm.so.6", "'libm.so.6' is not one");
  driver().fail["cuDriverGetVersion"] = 34;
  expectRefused(FOVEA_TEST_DRIVER, "has no version, as the stub of the CUDA toolkit");
}

TEST(Driver, an_old_driver_is_refused_with_its_version) {
  driver().version = 11040;
  expectRefused(FOVEA_TEST_DRIVER, "is too old: it supports CUDA 11.4; install a driver for CUDA "
                                   "12.0 or later");
  driver().version = 13000;
}

TEST(Driver, what_keeps_it_from_starting_is_said) {
  driver().fail["cuInit"] = 100;
  expectRefused(FOVEA_TEST_DRIVER, "there is no CUDA device");
  driver().fail["cuInit"] = 803;
  expectRefused(FOVEA_TEST_DRIVER, "does not start: CUDA_ERROR_OF_THE_FAKE (number 803)");
}

TEST(Driver, all_functions_are_found) {
  Driver found;
  ASSERT_TRUE(Driver::open(FOVEA_TEST_DRIVER, found).ok());
  EXPECT_EQ(found.version(), 13000);
  EXPECT_EQ(fovea::cuda::versionText(12080), "12.8");
}

TEST(Driver, the_machine_is_described) {
  std::vector<fovea::cuda::Report> reports = fovea::cuda::describeMachine();
  ASSERT_EQ(reports.size(), 9u);
  EXPECT_NE(reports[0].text.find("for CUDA 13.0"), std::string::npos);
  EXPECT_TRUE(reports[8].good);
  EXPECT_EQ(reports[8].text, "device 7: Fake GPU 7, compute capability 9.0, 1024 MiB");
}

TEST(Driver, devices_are_counted_and_opened) {
  int32_t count = 0;
  expectStatus(StatusPtr(fovea_device_count("cuda", &count)), FOVEA_OK);
  EXPECT_EQ(count, 8);
  DevicePtr device = openDevice(1);
  EXPECT_STREQ(fovea_device_kind(device.get()), "cuda");
  fovea_device *none = nullptr;
  expectStatus(StatusPtr(fovea_device_open("cuda", 8, &none)), FOVEA_DEVICE, "no device 8");
  expectStatus(StatusPtr(fovea_device_open("cuda", -1, &none)), FOVEA_DEVICE, "no device -1");
}
