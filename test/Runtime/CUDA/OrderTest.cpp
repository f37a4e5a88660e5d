//===- OrderTest.cpp - what has to wait for what --------------------------===//
//
// The driver of the tests does everything at once: these tests look at the order of calls.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/CUDA/Device.h"
#include "test/Runtime/CUDA/DeviceSamples.h"

#include <algorithm>
#include <cstdlib>

using namespace fovea::test;
using Values = std::vector<float>;

static fovea_stream *const kStream = reinterpret_cast<fovea_stream *>(5);

namespace {
/// The host's memory notes when it is freed.
class Order : public testing::Test {
protected:
  void SetUp() override {
    fovea_context_options options;
    fovea_context_options_init(&options);
    options.allocator = {[](void *, size_t bytes, size_t alignment) {
                           return aligned_alloc(alignment, (bytes + 63) / 64 * 64);
                         },
                         [](void *, void *memory, size_t, size_t) {
                           driver().calls.push_back("host free");
                           free(memory);
                         },
                         nullptr};
    fovea_context *made = nullptr;
    expectStatus(StatusPtr(fovea_context_create(runner.module.get(), &options, &made)), FOVEA_OK);
    runner.context.reset(made);
  }
  void TearDown() override { driver().captured = nullptr; }

  /// Place of the first such call from place `from` on.
  static ptrdiff_t first(const std::string &start, ptrdiff_t from = 0) {
    auto begin = driver().calls.begin() + from;
    return std::ranges::find_if(begin, driver().calls.end(),
                                [&](const std::string &call) { return call.starts_with(start); }) -
           driver().calls.begin();
  }

  DeviceRunner runner;
  Tensor<float> strided{{3}, {1, 0, 2, 0, 3}, {2}};
};
} // namespace

TEST_F(Order, memory_of_the_host_is_freed_behind_its_copies) {
  expectStatus(runner.run("main", strided.view(), kStream), FOVEA_OK);
  driver().calls.clear();
  runner.context.reset();
  ASSERT_GT(driver().count("host free"), 0);
  EXPECT_LT(first("cuStreamSynchronize"), first("host free"));
}

TEST_F(Order, dense_copies_are_written_behind_earlier_copies_of_them) {
  expectStatus(runner.run("main", strided.view(), kStream), FOVEA_OK);
  driver().calls.clear();
  expectStatus(runner.run("main", strided.view(), kStream), FOVEA_OK);
  EXPECT_LT(first("cuStreamSynchronize"), first("cuMemcpyHtoDAsync"));
  expectStatus(StatusPtr(fovea_context_synchronize(runner.context.get())), FOVEA_OK);
  EXPECT_EQ(valuesOf(runner.output), (Values{4, 8, 12}));
}

TEST_F(Order, outputs_on_the_host_grow_behind_earlier_copies_to_them) {
  Tensor<float> x{{3}, {1, 2, 3}, {}}, longer{{300}, Values(300, 1), {}};
  expectStatus(runner.run("main", x.view(), kStream), FOVEA_OK);
  driver().calls.clear();
  runner.output = {};
  expectStatus(runner.run("main", longer.view(), kStream), FOVEA_OK);
  ASSERT_EQ(driver().count("host free"), 1) << "the output";
  EXPECT_LT(first("cuStreamSynchronize"), first("host free"));
}

TEST_F(Order, a_captured_run_does_not_touch_memory_of_the_host) {
  DeviceValues x({1, 2, 3});
  runner.output.device = {2, 0};
  expectStatus(runner.run("main", x.view()), FOVEA_OK);
  driver().captured = kStream;
  driver().calls.clear();
  expectStatus(runner.run("main", strided.view(), kStream), FOVEA_INVALID_ARGUMENT,
               "tensors of the device alone");
  EXPECT_EQ(driver().count("cuStreamSynchronize"), 0);
}

TEST_F(Order, a_captured_run_leaves_the_record_of_faults) {
  DeviceValues x({1, 2, 3}), y({0, 0, 0});
  runner.output = y.view();
  expectStatus(runner.run("main", x.view()), FOVEA_OK);
  driver().captured = kStream;
  driver().calls.clear();
  expectStatus(runner.run("fault", x.view(), kStream), FOVEA_OK);
  EXPECT_EQ(driver().count("cuMemcpyHtoD"), 0) << "would spoil the capture";
  driver().captured = nullptr;
  expectStatus(StatusPtr(fovea_context_synchronize(runner.context.get())), FOVEA_DATA_OUT_OF_RANGE,
               "index 3");
}

TEST_F(Order, a_run_that_fails_keeps_the_fault_of_one_before) {
  DeviceValues x({1, 2, 3}), y({0, 0, 0});
  runner.output = y.view();
  expectStatus(runner.run("fault", x.view(), kStream), FOVEA_OK);
  expectStatus(runner.run("main", x.view(1)), FOVEA_INVALID_ARGUMENT, "is on device 1");
  expectStatus(runner.run("main", x.view()), FOVEA_DATA_OUT_OF_RANGE, "index 3");
  expectStatus(runner.run("main", x.view()), FOVEA_OK);
}

TEST_F(Order, the_fault_of_a_run_that_fails_otherwise_is_its_own) {
  Tensor<float> x{{3}, {1, 2, 3}, {}};
  driver().fail["cuMemcpyDtoHAsync_v2"] = 1;
  expectStatus(runner.run("fault", x.view()), FOVEA_DEVICE, "a copy of 12 bytes");
  expectStatus(runner.run("main", x.view()), FOVEA_OK);
}

TEST_F(Order, a_run_that_is_cut_short_has_ended) {
  Tensor<float> x{{3}, {1, 2, 3}, {}};
  driver().calls.clear();
  driver().fail["cuMemcpyDtoHAsync_v2"] = kThrow;
  expectStatus(runner.run("blocks", x.view(), kStream), FOVEA_OUT_OF_MEMORY);
  auto thrown = first("cuMemcpyDtoHAsync_v2 12"), ended = first("cuEventRecord on 5", thrown);
  ASSERT_LT(ended, std::ssize(driver().calls)) << "the own stream is not behind the run";
  EXPECT_LT(ended, first("cuMemFreeAsync")) << "the run's blocks are freed behind it";
  expectStatus(runner.run("main", x.view()), FOVEA_OK);
}

TEST_F(Order, a_context_that_cannot_be_made_current_leaves_the_callers) {
  const fovea::cuda::Device *device = nullptr;
  ASSERT_TRUE(fovea::cuda::Device::open(0, device).ok());
  auto callers = reinterpret_cast<fovea::cuda::ContextHandle>(uintptr_t(77));
  device->driver().cuCtxPushCurrent_v2(callers);
  driver().fail["cuCtxPushCurrent_v2"] = 709;
  {
    fovea::cuda::Device::Scope scope(*device);
  }
  fovea::cuda::ContextHandle top = nullptr;
  device->driver().cuCtxPopCurrent_v2(&top);
  EXPECT_EQ(top, callers);
}

TEST(OrderDeathTest, devices_outlive_contexts_at_the_end_of_the_process) {
  auto end = [] {
    static ContextPtr last;
    DeviceRunner runner;
    last = std::move(runner.context);
    exit(0);
  };
  EXPECT_EXIT(end(), testing::ExitedWithCode(0), "");
}
