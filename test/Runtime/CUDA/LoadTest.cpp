//===- LoadTest.cpp - modules on GPUs -------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Runtime/CUDA/DeviceSamples.h"

#include <algorithm>

using namespace fovea::test;

namespace {
/// With the driver as it was before.
class Load : public testing::Test {
protected:
  void SetUp() override { driver().calls.clear(); }
};
} // namespace

TEST_F(Load, takes_the_best_section) {
  DevicePtr device = openDevice(0);
  ModulePtr module = loadFor(device);
  EXPECT_EQ(driver().count("cuModuleLoadData"), 1);
  EXPECT_EQ(driver().image, "CUBIN90");
}

TEST_F(Load, falls_back_to_ptx_when_the_driver_refuses_the_cubin) {
  DevicePtr device = openDevice(0);
  driver().fail["cuModuleLoadData"] = 200;
  ModulePtr module = loadFor(device);
  EXPECT_EQ(driver().count("cuModuleLoadData"), 2);
  EXPECT_EQ(driver().image, ".version 8.0");
}

TEST_F(Load, asks_for_much_shared_memory) {
  DevicePtr device = openDevice(0);
  ModulePtr module = loadFor(device);
  EXPECT_EQ(driver().count("cuFuncSetAttribute"), 1);
  EXPECT_EQ(driver().count("cuFuncSetAttribute shared_hog 8=100000"), 1);
}

TEST_F(Load, copies_weights_once_for_all_contexts) {
  DevicePtr device = openDevice(0);
  ModulePtr module = loadFor(device);
  ContextPtr first = makeContext(module), second = makeContext(module);
  EXPECT_EQ(driver().count("cuMemAlloc_v2 4"), 1);
  EXPECT_EQ(driver().count("cuMemcpyHtoD_v2 4"), 1);
  EXPECT_EQ(driver().count("cuModuleLoadData"), 1);
  auto copied = std::ranges::find(driver().calls, "cuMemcpyHtoD_v2 4");
  EXPECT_EQ(*std::next(copied), "cuStreamSynchronize on 0")
      << "streams of the caller need not be behind the default stream";
}

TEST_F(Load, gives_everything_back) {
  int64_t live = driver().liveAllocations;
  {
    DeviceRunner runner;
    Tensor<float> x{{5}, {1, 2, 3, 4, 5}, {}};
    expectStatus(runner.run("main", x.view()), FOVEA_OK);
    EXPECT_GT(driver().liveAllocations, live);
  }
  EXPECT_EQ(driver().liveAllocations, live);
  EXPECT_EQ(driver().count("cuModuleUnload"), 1);
  EXPECT_EQ(driver().count("cuStreamDestroy"), driver().count("cuStreamCreate"));
  EXPECT_EQ(driver().count("cuEventDestroy"), driver().count("cuEventCreate"));
  EXPECT_EQ(driver().count("cuMemFreeHost"), driver().count("cuMemAllocHost"));
}

TEST_F(Load, without_a_device_the_first_one_is_taken) {
  ModulePtr module = load(packDevice());
  fovea_context *made = nullptr;
  expectStatus(StatusPtr(fovea_context_create(module.get(), nullptr, &made)), FOVEA_OK);
  ContextPtr context(made);
  EXPECT_EQ(fovea_context_threads(context.get()), 1) << "launches take one thread";
}

TEST_F(Load, code_for_no_such_device_is_refused) {
  DevicePtr device = openDevice(0);
  expectStatus(refuseFor(device, packDevice({{"sm_80", "CUBIN80"}})), FOVEA_INCOMPATIBLE,
               "it has code for sm_80, not for CUDA device 0 of compute capability 9.0; recompile "
               "the model with 'fovea compile --target=cuda'");
  driver().fail["cuModuleLoadData"] = 222;
  expectStatus(refuseFor(device, packDevice({{"compute_80", ".version 9.9"}})), FOVEA_INCOMPATIBLE,
               "takes none of its code for compute capability 9.0");
  driver().fail["cuModuleLoadData"] = 218;
  expectStatus(refuseFor(device, packDevice({{"compute_80", "no PTX"}})), FOVEA_INCOMPATIBLE,
               "takes none of its code for compute capability 9.0");
  driver().fail["cuModuleGetFunction"] = 500;
  expectStatus(refuseFor(device, packDevice()), FOVEA_DEVICE,
               "kernel 'double_values' cannot be had");
}

TEST_F(Load, code_and_device_must_fit) {
  fovea_device *opened = nullptr;
  expectStatus(StatusPtr(fovea_device_open("cpu", 0, &opened)), FOVEA_OK);
  DevicePtr cpu(opened), gpu = openDevice(0);
  expectStatus(refuseFor(cpu, packDevice()), FOVEA_INCOMPATIBLE, "for a 'cuda' device");
  Image host = pack(deviceManifest(), readCode("code_device"), {nullptr, 0});
  expectStatus(refuseFor(cpu, host), FOVEA_BAD_ARTIFACT, "no code of its kernel 'double_values'");
}

TEST_F(Load, memory_for_weights_may_be_missing) {
  DevicePtr device = openDevice(0);
  driver().fail["cuMemAlloc_v2"] = 2;
  expectStatus(refuseFor(device, packDevice()), FOVEA_OUT_OF_MEMORY,
               "the weights (4 bytes) cannot be copied");
}
