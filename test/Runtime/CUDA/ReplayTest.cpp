//===- ReplayTest.cpp - runs that repeat the one before -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Runtime/CUDA/DeviceSamples.h"

using namespace fovea::test;
using Values = std::vector<float>;

static fovea_stream *const kStream = reinterpret_cast<fovea_stream *>(5);

namespace {
class Replay : public testing::Test {
protected:
  void SetUp() override {
    fovea_context_options options;
    fovea_context_options_init(&options);
    options.replay = 1;
    fovea_context *made = nullptr;
    expectStatus(StatusPtr(fovea_context_create(runner.module.get(), &options, &made)), FOVEA_OK);
    runner.context.reset(made);
    driver().calls.clear();
  }
  void TearDown() override { driver().captured = nullptr; }

  /// Runs with these values on the host; those of the output.
  Values onHost(const char *entry, Values values) {
    Tensor<float> x{{int64_t(values.size())}, values, {}};
    runner.output = {};
    expectStatus(runner.run(entry, x.view()), FOVEA_OK);
    return runner.output.data ? valuesOf(runner.output) : Values();
  }
  int64_t replays() const { return fovea_context_replays(runner.context.get()); }

  DeviceRunner runner;
};
} // namespace

TEST_F(Replay, the_second_run_is_recorded_and_replayed) {
  DeviceValues x({1, 2, 3}), y({0, 0, 0});
  runner.output = y.view();
  expectStatus(runner.run("main", x.view()), FOVEA_OK);
  EXPECT_EQ(driver().count("cuStreamBeginCapture"), 0);
  for (int run = 0; run < 3; ++run)
    expectStatus(runner.run("main", x.view()), FOVEA_OK);
  EXPECT_EQ(replays(), 3);
  EXPECT_EQ(driver().count("cuStreamBeginCapture_v2 1"), 1);
  EXPECT_EQ(driver().count("cuGraphLaunch"), 3);
  EXPECT_EQ(driver().count("cuLaunchKernelEx"), 4) << "two of the first run, two recorded";
  EXPECT_EQ(y.values(), (Values{4, 8, 12}));
}

TEST_F(Replay, tensors_of_the_host_are_copied_around_it) {
  for (float value = 1; value < 6; ++value)
    EXPECT_EQ(onHost("main", {value, 1}), (Values{4 * value, 4}));
  EXPECT_EQ(replays(), 4);
}

TEST_F(Replay, other_sizes_are_launched) {
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(onHost("main", {1, 2, 3}), (Values{4, 8, 12}));
    EXPECT_EQ(onHost("main", {5, 6}), (Values{20, 24}));
  }
  EXPECT_EQ(replays(), 0);
  EXPECT_EQ(onHost("main", {7, 8}), (Values{28, 32}));
  EXPECT_EQ(onHost("main", {9, 8}), (Values{36, 32}));
  EXPECT_EQ(replays(), 2);
}

TEST_F(Replay, other_addresses_are_launched) {
  DeviceValues x({1, 2}), other({3, 4}), y({0, 0}), z({0, 0});
  auto run = [&](DeviceValues &input, DeviceValues &output) {
    runner.output = output.view();
    expectStatus(runner.run("main", input.view()), FOVEA_OK);
  };
  run(x, y), run(x, y);
  EXPECT_EQ(replays(), 1);
  run(other, y);
  EXPECT_EQ(y.values(), (Values{12, 16}));
  run(other, y), run(other, z);
  EXPECT_EQ(z.values(), (Values{12, 16}));
  EXPECT_EQ(replays(), 2);
}

TEST_F(Replay, other_entries_are_launched) {
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(onHost("main", {1, 2}), (Values{4, 8}));
    EXPECT_EQ(onHost("blocks", {1, 2}), (Values{4, 8}));
  }
  EXPECT_EQ(replays(), 0);
}

TEST_F(Replay, memory_whose_size_depends_on_data_is_tried_once) {
  for (int run = 0; run < 4; ++run)
    EXPECT_EQ(onHost("blocks", {1, 2}), (Values{4, 8}));
  EXPECT_EQ(replays(), 0);
  EXPECT_EQ(driver().count("cuStreamBeginCapture"), 1);
  EXPECT_EQ(driver().count("cuStreamEndCapture"), 1);
}

TEST_F(Replay, what_the_driver_does_not_record_is_launched) {
  for (const char *call :
       {"cuStreamBeginCapture_v2", "cuStreamEndCapture", "cuGraphInstantiateWithFlags"}) {
    onHost("main", {1});
    driver().fail[call] = 900;
    for (int run = 0; run < 3; ++run)
      EXPECT_EQ(onHost("main", {1, 2}), (Values{4, 8})) << call;
    EXPECT_EQ(replays(), 0) << call;
  }
}

TEST_F(Replay, faults_are_told) {
  Tensor<float> x{{17}, Values(17), {}};
  for (int run = 0; run < 4; ++run)
    expectStatus(runner.run("fault", x.view()), FOVEA_DATA_OUT_OF_RANGE, "index 17");
  EXPECT_EQ(replays(), 3);
}

TEST_F(Replay, graphs_are_launched_on_the_callers_stream) {
  DeviceValues x({1, 2, 3}), y({0, 0, 0});
  runner.output = y.view();
  for (int run = 0; run < 3; ++run)
    expectStatus(runner.run("main", x.view(), kStream), FOVEA_OK);
  EXPECT_EQ(driver().count("cuGraphLaunch on 5"), 2);
}

TEST_F(Replay, a_captured_run_between_leaves_its_own_shapes) {
  DeviceValues x({1, 2, 3}), shorter({1, 2});
  auto run = [&](fovea_tensor input, fovea_stream *stream) {
    runner.output = {};
    runner.output.device = {2, 0};
    expectStatus(runner.run("main", input, stream), FOVEA_OK);
    return runner.output.shape[0];
  };
  run(x.view(), nullptr), run(x.view(), nullptr);
  EXPECT_EQ(replays(), 1);
  driver().captured = kStream;
  EXPECT_EQ(run(shorter.view(), kStream), 2);
  EXPECT_EQ(replays(), 1);
  driver().captured = nullptr;
  EXPECT_EQ(run(x.view(), nullptr), 3);
}

TEST_F(Replay, supplied_outputs_of_another_shape_are_checked) {
  Tensor<float> x{{1}, {0}, {}};
  DeviceValues y({0, 0});
  fovea_tensor whole = y.view();
  int64_t one = 1;
  runner.output = whole;
  runner.output.shape = &one;
  for (int run = 0; run < 3; ++run)
    expectStatus(runner.run("shapes", x.view()), FOVEA_OK);
  EXPECT_EQ(replays(), 2);
  runner.output = whole;
  expectStatus(runner.run("shapes", x.view()), FOVEA_SHAPE_MISMATCH,
               "the data gives 1, the tensor supplied has 2");
}

TEST_F(Replay, detached_outputs_are_not_written_again) {
  for (int run = 0; run < 2; ++run)
    onHost("main", {1, 2});
  DeviceValues x({5, 6});
  BufferPtr kept;
  const float *first = nullptr;
  for (int run = 0; run < 3; ++run) {
    runner.output = {};
    runner.output.device = {2, 0};
    expectStatus(runner.run("main", x.view()), FOVEA_OK);
    if (run == 0) {
      first = fakeHost<float>(reinterpret_cast<int64_t>(runner.output.data));
      fovea_buffer *buffer = nullptr;
      expectStatus(StatusPtr(fovea_context_detach(runner.context.get(), 0, &buffer)), FOVEA_OK);
      kept.reset(buffer);
      x.set({7, 8});
    }
  }
  EXPECT_EQ(Values(first, first + 2), (Values{20, 24}));
}

TEST_F(Replay, what_the_host_reads_decides_each_run) {
  for (int run = 0; run < 3; ++run)
    EXPECT_EQ(onHost("told", {1, 2, 3}), (Values{4, 8, 12}));
  EXPECT_EQ(onHost("told", {3, 2, 3}), (Values{6, 4, 6}));
  EXPECT_EQ(replays(), 0);
}

TEST_F(Replay, launches_that_fail_are_told_and_not_counted) {
  onHost("main", {1, 2}), onHost("main", {1, 2});
  EXPECT_EQ(replays(), 1);
  driver().fail["cuGraphLaunch"] = 2;
  Tensor<float> x{{2}, {5, 6}, {}};
  runner.output = {};
  StatusPtr failed = runner.run("main", x.view());
  EXPECT_NE(failed, nullptr);
  driver().fail.clear();
  EXPECT_EQ(replays(), 1);
  EXPECT_EQ(onHost("main", {5, 6}), (Values{20, 24}));
}

TEST_F(Replay, graphs_are_given_back) {
  onHost("main", {1}), onHost("main", {1}), onHost("main", {1, 2}), onHost("main", {1, 2});
  runner.context.reset();
  EXPECT_EQ(driver().count("cuGraphInstantiate"), 2);
  EXPECT_EQ(driver().count("cuGraphExecDestroy"), 2);
  EXPECT_EQ(driver().count("cuGraphDestroy"), 2);
}

TEST(ReplayOption, is_off_by_default_and_checked) {
  DeviceRunner runner;
  DeviceValues x({1, 2, 3}), y({0, 0, 0});
  runner.output = y.view();
  driver().calls.clear();
  for (int run = 0; run < 3; ++run)
    expectStatus(runner.run("main", x.view()), FOVEA_OK);
  EXPECT_EQ(driver().count("cuStreamBeginCapture"), 0);
  fovea_context_options options;
  fovea_context_options_init(&options);
  options.replay = 2;
  fovea_context *made = nullptr;
  expectStatus(StatusPtr(fovea_context_create(runner.module.get(), &options, &made)),
               FOVEA_INVALID_ARGUMENT, "replay is 2, expected 0 or 1");
}
