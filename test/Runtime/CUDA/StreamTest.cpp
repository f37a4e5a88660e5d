//===- StreamTest.cpp - runs on streams of the caller ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Runtime/CUDA/DeviceSamples.h"

#include <algorithm>

using namespace fovea::test;
using Values = std::vector<float>;

static fovea_stream *const kStream = reinterpret_cast<fovea_stream *>(5);
static fovea_stream *const kOther = reinterpret_cast<fovea_stream *>(6);

namespace {
class Stream : public testing::Test {
protected:
  void SetUp() override { runner.output = y.view(); }
  void TearDown() override { driver().captured = nullptr; }

  /// A first run, then the calls of later ones.
  void prepare() {
    expectStatus(runner.run("main", x.view()), FOVEA_OK);
    driver().calls.clear();
  }
  StatusPtr synchronize() { return StatusPtr(fovea_context_synchronize(runner.context.get())); }

  DeviceRunner runner;
  DeviceValues x{{1, 2, 3}}, y{{0, 0, 0}};
};
} // namespace

TEST_F(Stream, runs_are_queued_and_not_waited_for) {
  prepare();
  expectStatus(runner.run("main", x.view(), kStream), FOVEA_OK);
  EXPECT_EQ(driver().count("cuLaunchKernelEx double_values 1x128 shared 0 on 5"), 2);
  EXPECT_EQ(driver().count("cuStreamSynchronize"), 0);
  expectStatus(synchronize(), FOVEA_OK);
  EXPECT_EQ(driver().count("cuStreamSynchronize"), 1);
  EXPECT_EQ(y.values(), (Values{4, 8, 12}));
}

TEST_F(Stream, a_run_is_behind_those_before_it) {
  prepare();
  expectStatus(runner.run("main", x.view(), kStream), FOVEA_OK);
  expectStatus(runner.run("main", x.view(), kOther), FOVEA_OK);
  auto first = [&](const std::string &call) {
    return std::ranges::find(driver().calls, call) - driver().calls.begin();
  };
  auto size = std::ssize(driver().calls);
  ASSERT_LT(first("cuStreamWaitEvent on 6"), size);
  EXPECT_LT(first("cuEventRecord on 5"), first("cuStreamWaitEvent on 6"));
  EXPECT_LT(first("cuStreamWaitEvent on 6"),
            first("cuLaunchKernelEx double_values 1x128 shared 0 on 6"));
}

TEST_F(Stream, faults_are_told_by_the_wait) {
  prepare();
  expectStatus(runner.run("fault", x.view(), kStream), FOVEA_OK);
  expectStatus(runner.run("main", x.view(), kStream), FOVEA_OK);
  expectStatus(synchronize(), FOVEA_DATA_OUT_OF_RANGE, "index 3 is out of range");
  expectStatus(synchronize(), FOVEA_OK);
}

TEST_F(Stream, faults_are_told_by_a_run_that_waits) {
  prepare();
  expectStatus(runner.run("fault", x.view(), kStream), FOVEA_OK);
  expectStatus(runner.run("main", x.view()), FOVEA_DATA_OUT_OF_RANGE, "index 3");
  expectStatus(runner.run("main", x.view()), FOVEA_OK);
}

TEST_F(Stream, a_captured_run_neither_allocates_nor_waits) {
  prepare();
  driver().captured = kStream;
  expectStatus(runner.run("main", x.view(), kStream), FOVEA_OK);
  for (const char *call : {"cuMemAlloc", "cuMemFree", "cuStreamSynchronize", "cuEventRecord",
                           "cuStreamWaitEvent", "cuMemcpyHtoD"})
    EXPECT_EQ(driver().count(call), 0) << call;
  EXPECT_EQ(driver().count("cuLaunchKernelEx"), 2);
}

TEST_F(Stream, a_capture_with_new_sizes_is_refused) {
  driver().captured = kStream;
  expectStatus(runner.run("main", x.view(), kStream), FOVEA_INVALID_ARGUMENT,
               "run once with tensors of the same sizes before the capture");
  prepare();
  expectStatus(runner.run("blocks", x.view(), kStream), FOVEA_INVALID_ARGUMENT,
               "cannot allocate memory");
}

TEST_F(Stream, a_capture_with_tensors_of_the_host_is_refused) {
  Tensor<float> host{{3}, {1, 2, 3}, {}};
  expectStatus(runner.run("main", host.view()), FOVEA_OK);
  driver().captured = kStream;
  expectStatus(runner.run("main", host.view(), kStream), FOVEA_INVALID_ARGUMENT,
               "tensors of the device alone");
}

TEST_F(Stream, a_capture_behind_runs_on_another_stream_is_refused) {
  prepare();
  expectStatus(runner.run("main", x.view(), kOther), FOVEA_OK);
  driver().captured = kStream;
  expectStatus(runner.run("main", x.view(), kStream), FOVEA_INVALID_ARGUMENT,
               "call fovea_context_synchronize before the capture");
  expectStatus(synchronize(), FOVEA_OK);
  expectStatus(runner.run("main", x.view(), kStream), FOVEA_OK);
}

TEST_F(Stream, the_host_has_none_to_wait_for) {
  ModulePtr module = load(packEmpty());
  ContextPtr context = makeContext(module);
  expectStatus(StatusPtr(fovea_context_synchronize(context.get())), FOVEA_OK);
  expectStatus(StatusPtr(fovea_context_synchronize(nullptr)), FOVEA_INVALID_ARGUMENT, "'context'");
}
