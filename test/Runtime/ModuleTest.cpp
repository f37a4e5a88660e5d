//===- ModuleTest.cpp - what a loaded module says about itself ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Runtime/Samples.h"

using namespace fovea::test;

TEST(Module, describes_entries) {
  ModulePtr module = loadSample();
  EXPECT_EQ(fovea_module_entry_count(module.get()), 11);
  EXPECT_STREQ(fovea_module_entry_name(module.get(), 1), "gather");
  EXPECT_EQ(fovea_module_entry_name(module.get(), 11), nullptr);
  EXPECT_EQ(fovea_module_entry_name(module.get(), -1), nullptr);
  EXPECT_EQ(fovea_module_input_count(module.get(), nullptr), 2);
  EXPECT_EQ(fovea_module_output_count(module.get(), "gather"), 1);
  EXPECT_EQ(fovea_module_input_count(module.get(), "none"), -1);
}

TEST(Module, describes_inputs_and_outputs) {
  ModulePtr module = loadSample();
  fovea_io_info info;
  expectStatus(StatusPtr(fovea_module_input_info(module.get(), "main", 0, &info)), FOVEA_OK);
  EXPECT_STREQ(info.name, "x");
  EXPECT_STREQ(info.dtype, "f32");
  EXPECT_EQ(info.type.code, 2);
  EXPECT_EQ(info.type.bits, 32);
  ASSERT_EQ(info.rank, 3);
  EXPECT_EQ(info.dims[0], -1);
  EXPECT_STREQ(info.symbols[1], "seq");
  EXPECT_EQ(info.dims[2], 8);
  EXPECT_EQ(info.symbols[2], nullptr);
  expectStatus(StatusPtr(fovea_module_output_info(module.get(), "nonzero", 0, &info)), FOVEA_OK);
  EXPECT_STREQ(info.dtype, "i64");
  EXPECT_EQ(info.dims[0], -1);
  EXPECT_EQ(info.symbols[0], nullptr);
  expectStatus(StatusPtr(fovea_module_output_info(module.get(), "main", 1, &info)),
               FOVEA_INVALID_ARGUMENT, "has 1 outputs, got index 1");
  expectStatus(StatusPtr(fovea_module_input_info(module.get(), "none", 0, &info)),
               FOVEA_INVALID_ARGUMENT, "no entry 'none'");
}

TEST(Module, gives_its_texts) {
  ModulePtr module = loadSample();
  EXPECT_EQ(fovea_module_manifest(module.get()), fvm::writeManifest(sampleManifest()));
  EXPECT_STREQ(fovea_module_ledger(module.get()), "{\"ledger\":[]}");
  fvm::Target target = sampleManifest().target;
  EXPECT_EQ(fovea_module_target(module.get()),
            target.triple + " " + target.cpu + " " + target.features[0]);
  ModulePtr plain = load(pack(emptyManifest(), readCode("code_empty"), {nullptr, 64}, ""));
  EXPECT_STREQ(fovea_module_ledger(plain.get()), "");
}

TEST(Module, plans_memory) {
  ModulePtr module = loadSample();
  int64_t x[] = {2, 5, 8}, mask[] = {2, 5};
  fovea_tensor inputs[2] = {};
  inputs[0].ndim = 3;
  inputs[0].shape = x;
  inputs[1].ndim = 2;
  inputs[1].shape = mask;
  fovea_plan plan;
  StatusPtr status(fovea_module_plan(module.get(), "main", inputs, 2, 3, &plan));
  expectStatus(status, FOVEA_OK);
  EXPECT_EQ(plan.arena_bytes, 2 * 5 * 32);
  EXPECT_EQ(plan.scratch_bytes, 128);
  EXPECT_EQ(plan.peak_bytes, 320 + 3 * 128);
  int64_t shape[3];
  expectStatus(StatusPtr(fovea_module_output_shape(module.get(), "main", inputs, 2, 0, shape)),
               FOVEA_OK);
  EXPECT_EQ(shape[0] * 100 + shape[1] * 10 + shape[2], 258);
  mask[1] = 6;
  expectStatus(StatusPtr(fovea_module_plan(module.get(), "main", inputs, 2, 3, &plan)),
               FOVEA_SHAPE_MISMATCH);
  mask[1] = x[1] = int64_t(1) << 58;
  expectStatus(StatusPtr(fovea_module_plan(module.get(), "main", inputs, 2, 3, &plan)),
               FOVEA_SHAPE_MISMATCH, "'x' is too large");
  expectStatus(StatusPtr(fovea_module_plan(module.get(), "greedy", nullptr, 0, 1, &plan)),
               FOVEA_OUT_OF_MEMORY, "can be addressed");
  expectStatus(StatusPtr(fovea_module_plan(module.get(), "unsound", nullptr, 0, 1, &plan)),
               FOVEA_INTERNAL, "-1 bytes");
  expectStatus(StatusPtr(fovea_module_plan(module.get(), "greedy", nullptr, 0, 0, &plan)),
               FOVEA_INVALID_ARGUMENT, "threads");
}

TEST(Module, sizes_that_depend_on_data_are_not_planned) {
  ModulePtr module = loadSample();
  Tensor<float> x{{3}, {0, 1, 0}, {}};
  fovea_tensor input = x.view();
  int64_t size = 0;
  expectStatus(StatusPtr(fovea_module_output_shape(module.get(), "nonzero", &input, 1, 0, &size)),
               FOVEA_OK);
  EXPECT_EQ(size, -1);
}

TEST(Module, several_modules_of_one_file_are_apart) {
  // Each has its own weights, so a mix-up by the dynamic loader would show.
  std::vector<ModulePtr> modules;
  for (int64_t i = 0; i < 20; ++i)
    modules.push_back(load(pack(emptyManifest(), readCode("code_empty"), {&i, sizeof(i)})));
  for (int64_t i = 0; i < 20; i += 3)
    modules[size_t(i)].reset();
  for (int64_t i = 100; i < 110; ++i)
    modules.push_back(load(pack(emptyManifest(), readCode("code_empty"), {&i, sizeof(i)})));
  for (size_t i = 0; i < modules.size(); ++i) {
    if (!modules[i])
      continue;
    ContextPtr context = makeContext(modules[i]);
    fovea_tensor output = {};
    expectStatus(
        StatusPtr(fovea_context_run(context.get(), "main", nullptr, 0, &output, 1, nullptr)),
        FOVEA_OK);
    EXPECT_EQ(*static_cast<int64_t *>(output.data), int64_t(i < 20 ? i : i + 80));
  }
}
