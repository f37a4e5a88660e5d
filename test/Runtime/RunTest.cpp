//===- RunTest.cpp - inputs, outputs and results of runs ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Runtime/Samples.h"

#include <cmath>
#include <cstring>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

using namespace fovea::test;

namespace {
/// The sample's main entry with inputs of 3 x 5.
class Run : public testing::Test {
protected:
  StatusPtr run() {
    inputs[0] = x.view();
    inputs[1] = mask.view();
    return StatusPtr(fovea_context_run(context.get(), "main", inputs, 2, &output, 1, nullptr));
  }
  void expectResult(const std::vector<float> &expected) const {
    ASSERT_EQ(memcmp(output.data, expected.data(), expected.size() * 4), 0);
  }

  ModulePtr module = loadSample();
  ContextPtr context = makeContext(module, 2);
  Tensor<float> x = sampleInput(3, 5), mask = sampleMask(3, 5);
  fovea_tensor inputs[2];
  fovea_tensor output = {};
};
} // namespace

TEST_F(Run, fills_in_outputs_without_memory) {
  expectStatus(run(), FOVEA_OK);
  ASSERT_EQ(output.ndim, 3);
  EXPECT_EQ(output.shape[0] * 100 + output.shape[1] * 10 + output.shape[2], 358);
  EXPECT_EQ(output.dtype.bits, 32);
  EXPECT_EQ(output.device.device_type, 1);
  EXPECT_EQ(output.strides, nullptr);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(output.data) % 64, 0u);
  expectResult(sampleResult(x, mask));
}

TEST_F(Run, writes_supplied_outputs_in_place) {
  Tensor<float> y{{3, 5, 8}, std::vector<float>(121), {}};
  output = y.view();
  output.byte_offset = 4;
  expectStatus(run(), FOVEA_OK);
  EXPECT_EQ(output.data, y.values.data());
  EXPECT_EQ(memcmp(y.values.data() + 1, sampleResult(x, mask).data(), 480), 0);
}

TEST_F(Run, copies_inputs_that_are_not_dense) {
  Tensor<float> dense = x;
  x.strides = {8, 24, 1};
  for (int b = 0; b < 3; ++b)
    for (int s = 0; s < 5; ++s)
      for (int k = 0; k < 8; ++k)
        x.values[size_t(b * 8 + s * 24 + k)] = dense.values[size_t(b * 40 + s * 8 + k)];
  mask.values = {7, 0, 2};
  mask.strides = {1, 0};
  expectStatus(run(), FOVEA_OK);
  Tensor<float> denseMask{{3, 5}, {7, 7, 7, 7, 7, 0, 0, 0, 0, 0, 2, 2, 2, 2, 2}, {}};
  expectResult(sampleResult(dense, denseMask));
}

TEST_F(Run, accepts_compact_strides_unaligned_data_and_empty_batches) {
  x.values.insert(x.values.begin(), 0);
  x.strides = {40, 8, 1};
  inputs[0] = x.view();
  inputs[0].byte_offset = 4;
  inputs[1] = mask.view();
  expectStatus(StatusPtr(fovea_context_run(context.get(), nullptr, inputs, 2, &output, 1, nullptr)),
               FOVEA_OK);
  x.values.erase(x.values.begin());
  expectResult(sampleResult(x, mask));
  x = sampleInput(0, 5);
  mask = sampleMask(0, 5);
  output = {};
  expectStatus(run(), FOVEA_OK);
  EXPECT_EQ(output.shape[0], 0);
  EXPECT_NE(output.data, nullptr);
}

TEST_F(Run, shapes_must_agree) {
  mask = sampleMask(3, 6);
  expectStatus(run(), FOVEA_SHAPE_MISMATCH,
               "input 'mask', dimension 1: expected 5 ('seq', as in input 'x', dimension 1), "
               "got 6");
  mask = sampleMask(3, 5);
  x.shape[2] = 7;
  expectStatus(run(), FOVEA_SHAPE_MISMATCH, "input 'x', dimension 2: expected 8, got 7");
  x.shape = {3, 40};
  expectStatus(run(), FOVEA_SHAPE_MISMATCH, "input 'x': expected rank 3, got 2");
  x.shape = {-3, 5, 8};
  expectStatus(run(), FOVEA_SHAPE_MISMATCH, "size -3");
}

TEST_F(Run, inputs_must_fit_the_signature) {
  inputs[0] = x.view();
  inputs[1] = mask.view();
  auto runWith = [&](int64_t count) {
    return StatusPtr(fovea_context_run(context.get(), "main", inputs, count, &output, 1, nullptr));
  };
  expectStatus(runWith(1), FOVEA_INVALID_ARGUMENT, "has 2 inputs, got 1");
  expectStatus(runWith(-1), FOVEA_INVALID_ARGUMENT, "negative count");
  inputs[1].dtype.bits = 64;
  expectStatus(runWith(2), FOVEA_INVALID_ARGUMENT, "input 'mask': expected dtype f32");
  inputs[1] = mask.view();
  inputs[1].device.device_type = 2;
  expectStatus(runWith(2), FOVEA_INVALID_ARGUMENT, "device type 2");
  inputs[1] = mask.view();
  inputs[1].data = nullptr;
  expectStatus(runWith(2), FOVEA_INVALID_ARGUMENT, "its data is null");
  inputs[1] = mask.view();
  inputs[1].shape = nullptr;
  expectStatus(runWith(2), FOVEA_INVALID_ARGUMENT, "its shape is null");
}

TEST_F(Run, supplied_outputs_must_fit) {
  Tensor<float> y{{3, 5, 9}, std::vector<float>(200), {}};
  output = y.view();
  expectStatus(run(), FOVEA_SHAPE_MISMATCH, "output 'y', dimension 2: expected 8, got 9");
  y.shape = {3, 5, 8};
  y.strides = {80, 16, 2};
  output = y.view();
  expectStatus(run(), FOVEA_INVALID_ARGUMENT, "output 'y' is not dense");
  y.strides.clear();
  output = y.view();
  output.dtype.code = 0;
  expectStatus(run(), FOVEA_INVALID_ARGUMENT, "output 'y': expected dtype f32");
  x.values.resize(200);
  output = x.view();
  output.byte_offset = 16;
  expectStatus(run(), FOVEA_INVALID_ARGUMENT, "output 'y' overlaps input 'x'");
}

TEST_F(Run, arguments_are_checked) {
  auto status = [&](const char *entry, int64_t outputs, void *stream) {
    inputs[0] = x.view();
    inputs[1] = mask.view();
    return StatusPtr(fovea_context_run(context.get(), entry, inputs, 2, &output, outputs,
                                       static_cast<fovea_stream *>(stream)));
  };
  expectStatus(status("none", 1, nullptr), FOVEA_INVALID_ARGUMENT, "no entry 'none'");
  expectStatus(status("main", 0, nullptr), FOVEA_INVALID_ARGUMENT, "has 1 outputs, got 0");
  expectStatus(status("main", 1, &output), FOVEA_INVALID_ARGUMENT, "no streams");
  expectStatus(StatusPtr(fovea_context_run(nullptr, "main", nullptr, 0, nullptr, 0, nullptr)),
               FOVEA_INVALID_ARGUMENT, "'context' is null");
}

TEST_F(Run, sizes_may_depend_on_data) {
  Tensor<float> sparse{{5}, {0, 3, 0, 0, 4}, {}};
  fovea_tensor input = sparse.view();
  auto nonzero = [&] {
    return StatusPtr(fovea_context_run(context.get(), "nonzero", &input, 1, &output, 1, nullptr));
  };
  expectStatus(nonzero(), FOVEA_OK);
  ASSERT_EQ(output.shape[0], 2);
  EXPECT_EQ(static_cast<int64_t *>(output.data)[1], 4);
  Tensor<int64_t> three{{3}, {0, 0, 0}, {}};
  output = three.view();
  expectStatus(nonzero(), FOVEA_SHAPE_MISMATCH, "the data gives 2, the tensor supplied has 3");
}

TEST_F(Run, host_functions_compute) {
  expectStatus(StatusPtr(fovea_context_run(context.get(), "math", nullptr, 0, &output, 1, nullptr)),
               FOVEA_OK);
  const double *values = static_cast<double *>(output.data);
  const double expected[] = {
      std::exp(0.5), std::log(0.5),       std::sin(0.5),        std::cos(0.5),   std::tanh(0.5),
      std::erf(0.5), std::pow(0.5, 0.25), std::fmod(0.5, 0.25), std::expm1(0.5), std::log1p(0.5)};
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(values[i], expected[i]) << i;
  EXPECT_TRUE(std::isnan(values[10]));
}

TEST_F(Run, regions_inside_of_tasks_run_inline) {
  Tensor<float> size{{100}, std::vector<float>(100), {}};
  fovea_tensor input = size.view();
  expectStatus(
      StatusPtr(fovea_context_run(context.get(), "nested", &input, 1, &output, 1, nullptr)),
      FOVEA_OK);
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(static_cast<int64_t *>(output.data)[i], 5);
}

#if defined(__x86_64__)
TEST_F(Run, the_callers_float_environment_has_no_effect) {
  Tensor<float> size{{1000}, std::vector<float>(1000), {}};
  fovea_tensor input = size.view();
  const unsigned flushToZero = _mm_getcsr() | 0x8040;
  const unsigned before = _mm_getcsr();
  _mm_setcsr(flushToZero);
  StatusPtr status(fovea_context_run(context.get(), "denormal", &input, 1, &output, 1, nullptr));
  const unsigned after = _mm_getcsr();
  _mm_setcsr(before);
  EXPECT_EQ(after, flushToZero);
  expectStatus(status, FOVEA_OK);
  for (int i = 0; i < 1000; ++i)
    ASSERT_EQ(static_cast<float *>(output.data)[i], 1);
}
#endif
