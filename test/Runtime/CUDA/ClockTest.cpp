//===- ClockTest.cpp - times and tensors of a context ---------------------===//
//
// What a benchmark needs: inputs where kernels find them, runs that are not waited for, times.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Runtime/CUDA/DeviceSamples.h"

using namespace fovea::test;
using Values = std::vector<float>;

static StatusPtr start(const ContextPtr &context) {
  return StatusPtr(fovea_context_start_clock(context.get()));
}

static StatusPtr stop(const ContextPtr &context, double &milliseconds) {
  return StatusPtr(fovea_context_stop_clock(context.get(), &milliseconds));
}

TEST(Clock, runs_on_the_contexts_stream_are_timed_by_the_device) {
  DeviceRunner runner;
  DeviceValues x({1, 2, 3}), y({0, 0, 0});
  runner.output = y.view();
  driver().calls.clear();
  expectStatus(start(runner.context), FOVEA_OK);
  for (int run = 0; run < 3; ++run)
    expectStatus(runner.run("main", x.view(), FOVEA_CONTEXT_STREAM), FOVEA_OK);
  EXPECT_EQ(driver().count("cuStreamSynchronize"), 0);
  EXPECT_EQ(driver().count("cuStreamWaitEvent"), 0);
  double milliseconds = 0;
  driver().elapsed = 1.5;
  expectStatus(stop(runner.context, milliseconds), FOVEA_OK);
  EXPECT_EQ(milliseconds, 1.5);
  EXPECT_EQ(driver().count("cuStreamSynchronize"), 1);
  EXPECT_EQ(driver().count("cuEventRecord"), 2);
  EXPECT_EQ(y.values(), (Values{4, 8, 12}));
}

TEST(Clock, a_fault_is_told_instead_of_a_time) {
  DeviceRunner runner;
  DeviceValues x({1, 2, 3}), y({0, 0, 0});
  runner.output = y.view();
  expectStatus(start(runner.context), FOVEA_OK);
  expectStatus(runner.run("fault", x.view(), FOVEA_CONTEXT_STREAM), FOVEA_OK);
  double milliseconds = -1;
  expectStatus(stop(runner.context, milliseconds), FOVEA_DATA_OUT_OF_RANGE, "index 3");
  EXPECT_EQ(milliseconds, -1);
  expectStatus(stop(runner.context, milliseconds), FOVEA_OK);
}

TEST(Clock, it_must_have_been_started) {
  DeviceRunner runner;
  double milliseconds = 0;
  expectStatus(stop(runner.context, milliseconds), FOVEA_INVALID_ARGUMENT,
               "call fovea_context_start_clock");
  driver().fail["cuEventCreate"] = 999;
  expectStatus(start(runner.context), FOVEA_DEVICE, "the clock cannot be started");
  expectStatus(stop(runner.context, milliseconds), FOVEA_INVALID_ARGUMENT, "was not started");
  expectStatus(StatusPtr(fovea_context_start_clock(nullptr)), FOVEA_INVALID_ARGUMENT, "'context'");
  expectStatus(StatusPtr(fovea_context_stop_clock(runner.context.get(), nullptr)),
               FOVEA_INVALID_ARGUMENT, "'milliseconds'");
}

TEST(Clock, the_host_has_one_too) {
  ModulePtr module = load(packEmpty());
  ContextPtr context = makeContext(module);
  double milliseconds = -1;
  expectStatus(stop(context, milliseconds), FOVEA_INVALID_ARGUMENT, "was not started");
  expectStatus(start(context), FOVEA_OK);
  expectStatus(stop(context, milliseconds), FOVEA_OK);
  EXPECT_GE(milliseconds, 0);
}

/// Uploads, and expects success.
static BufferPtr upload(const ContextPtr &context, fovea_tensor from, fovea_tensor &to) {
  fovea_buffer *buffer = nullptr;
  expectStatus(StatusPtr(fovea_context_upload(context.get(), &from, &to, &buffer)), FOVEA_OK);
  return BufferPtr(buffer);
}

TEST(Upload, tensors_come_to_where_kernels_find_them) {
  DeviceRunner runner;
  EXPECT_EQ(fovea_context_device(runner.context.get()).device_type, 2);
  Tensor<float> strided{{3}, {1, 0, 2, 0, 3}, {2}};
  fovea_tensor x = {};
  BufferPtr buffer = upload(runner.context, strided.view(), x);
  EXPECT_EQ(x.device.device_type, 2);
  driver().calls.clear();
  expectStatus(runner.run("main", x), FOVEA_OK);
  EXPECT_EQ(valuesOf(runner.output), (Values{4, 8, 12}));
  EXPECT_EQ(driver().count("cuMemcpyHtoD"), 0);
  int64_t live = driver().liveAllocations;
  buffer.reset();
  EXPECT_EQ(driver().liveAllocations, live - 1);
}

TEST(Upload, without_a_device_it_is_a_dense_copy) {
  ModulePtr module = load(packEmpty());
  ContextPtr context = makeContext(module);
  EXPECT_EQ(fovea_context_device(context.get()).device_type, 1);
  Tensor<float> strided{{3}, {1, 0, 2, 0, 3}, {2}};
  fovea_tensor x = {};
  BufferPtr buffer = upload(context, strided.view(), x);
  EXPECT_EQ(valuesOf(x), (Values{1, 2, 3}));
  EXPECT_EQ(x.strides, nullptr);
}

TEST(Upload, what_cannot_be_copied_is_refused) {
  DeviceRunner runner;
  DeviceValues onDevice({1});
  Tensor<float> sound{{2}, {1, 2}, {}};
  auto refuse = [&](auto change, const char *why) {
    fovea_tensor from = sound.view(), to = {};
    int64_t negative = -1;
    change(from, negative);
    fovea_buffer *buffer = nullptr;
    expectStatus(StatusPtr(fovea_context_upload(runner.context.get(), &from, &to, &buffer)),
                 FOVEA_INVALID_ARGUMENT, why);
    EXPECT_EQ(buffer, nullptr);
  };
  refuse([&](fovea_tensor &x, int64_t &) { x = onDevice.view(); }, "not in the host's memory");
  refuse([](fovea_tensor &x, int64_t &) { x.ndim = FOVEA_MAX_RANK + 1; }, "has rank 17");
  refuse([](fovea_tensor &x, int64_t &) { x.shape = nullptr; }, "no shape");
  refuse([](fovea_tensor &x, int64_t &) { x.dtype.bits = 4; }, "no whole bytes");
  refuse([](fovea_tensor &x, int64_t &) { x.dtype.bits = 12; }, "no whole bytes");
  refuse([](fovea_tensor &x, int64_t &size) { x.ndim = 1, x.shape = &size; }, "negative");
  refuse([](fovea_tensor &x, int64_t &) { x.data = nullptr; }, "has no data");
}
