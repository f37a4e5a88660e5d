//===- DeviceLossTest.cpp - GPUs that fail --------------------------------===//
//
// A lost device stays lost in the process, so every test has one of its own.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Runtime/CUDA/DeviceSamples.h"

using namespace fovea::test;
using Values = std::vector<float>;

TEST(DeviceLoss, later_calls_are_refused_at_once) {
  DeviceRunner runner(3);
  Tensor<float> x{{3}, {1, 2, 3}, {}};
  driver().fail["cuStreamSynchronize"] = 700;
  expectStatus(runner.run("main", x.view()), FOVEA_DEVICE,
               "CUDA device 3: its kernels ended early: CUDA_ERROR_ILLEGAL_ADDRESS (number 700); "
               "the device is lost to this process, which must be started again");
  driver().calls.clear();
  expectStatus(
      runner.run("main", x.view()), FOVEA_DEVICE,
      "CUDA device 3 was lost before (its kernels ended early: CUDA_ERROR_ILLEGAL_ADDRESS");
  expectStatus(StatusPtr(fovea_context_synchronize(runner.context.get())), FOVEA_DEVICE, "lost");
  fovea_context *context = nullptr;
  expectStatus(StatusPtr(fovea_context_create(runner.module.get(), nullptr, &context)),
               FOVEA_DEVICE, "lost");
  expectStatus(refuseFor(runner.device, packDevice()), FOVEA_DEVICE, "lost");
  runner.context.reset();
  runner.module.reset();
  for (const std::string &call : driver().calls)
    EXPECT_EQ(call, "cuDeviceGetCount") << "nothing is asked of a lost device";
}

TEST(DeviceLoss, other_devices_go_on) {
  DeviceRunner lost(4), sound(5);
  Tensor<float> x{{3}, {1, 2, 3}, {}};
  driver().fail["cuLaunchKernelEx"] = 719;
  expectStatus(lost.run("main", x.view()), FOVEA_DEVICE, "kernel 'double_values' of 1 blocks");
  expectStatus(sound.run("main", x.view()), FOVEA_OK);
  EXPECT_EQ(valuesOf(sound.output), (Values{4, 8, 12}));
  expectStatus(lost.run("main", x.view()), FOVEA_DEVICE, "CUDA device 4 was lost before");
}

TEST(DeviceLoss, a_launch_that_is_refused_loses_nothing) {
  DeviceRunner runner(6);
  Tensor<float> x{{3}, {1, 2, 3}, {}};
  driver().fail["cuLaunchKernelEx"] = 720;
  expectStatus(runner.run("main", x.view()), FOVEA_DEVICE,
               "a kernel stopped: CUDA device 6: kernel 'double_values' of 1 blocks: "
               "CUDA_ERROR_OF_THE_FAKE (number 720)");
  expectStatus(runner.run("main", x.view()), FOVEA_OK);
}

TEST(DeviceLoss, memory_that_runs_out_loses_nothing) {
  DeviceRunner runner(7);
  Tensor<float> x{{3}, {1, 2, 3}, {}};
  driver().fail["cuMemAllocAsync"] = 2;
  expectStatus(runner.run("main", x.view()), FOVEA_OUT_OF_MEMORY, "no memory for 12 bytes");
  expectStatus(runner.run("main", x.view()), FOVEA_OK);
}
