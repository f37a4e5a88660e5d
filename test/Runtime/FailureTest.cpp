//===- FailureTest.cpp - runs that fail -----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Runtime/Samples.h"

#include <atomic>
#include <cstdlib>

using namespace fovea::test;

static StatusPtr gather(const ContextPtr &context, std::vector<int64_t> indices,
                        fovea_tensor &output) {
  Tensor<float> table{{16, 4}, std::vector<float>(64, 1.5f), {}};
  Tensor<int64_t> ids{{int64_t(indices.size())}, std::move(indices), {}};
  fovea_tensor inputs[2] = {table.view(), ids.view()};
  return StatusPtr(fovea_context_run(context.get(), "gather", inputs, 2, &output, 1, nullptr));
}

TEST(Failure, fault_names_node_and_value) {
  ModulePtr module = loadSample();
  for (int threads : {1, 2, 4}) {
    ContextPtr context = makeContext(module, threads);
    fovea_tensor output = {};
    expectStatus(gather(context, {0, -16, 15}, output), FOVEA_OK);
    output = {};
    StatusPtr status = gather(context, {3, 40000}, output);
    expectStatus(status, FOVEA_DATA_OUT_OF_RANGE,
                 "node 'enc.3/Gather': index 40000 is out of range for 16 elements");
    EXPECT_STREQ(fovea_status_node(status.get()), "enc.3/Gather");
    EXPECT_EQ(output.data, nullptr) << "a failed run leaves the output as it was";
    // The code after the region would crash.
    expectStatus(gather(context, std::vector<int64_t>(5000, 16), output), FOVEA_DATA_OUT_OF_RANGE,
                 "index 16 ");
    expectStatus(gather(context, {1}, output), FOVEA_OK);
  }
}

TEST(Failure, stop_unwinds) {
  ModulePtr module = loadSample();
  ContextPtr context = makeContext(module);
  fovea_tensor output = {};
  StatusPtr status = runScalar(context, "halt", -7, output);
  expectStatus(status, FOVEA_DATA_OUT_OF_RANGE,
               "node 'enc.3/Slice': length -7 is out of range [0, 100]");
  expectStatus(runScalar(context, "halt", 8, output), FOVEA_OK);
  EXPECT_EQ(*static_cast<int64_t *>(output.data), 8);
}

TEST(Failure, code_that_breaks_the_contract_is_reported) {
  ModulePtr module = loadSample();
  ContextPtr context = makeContext(module);
  auto expect = [&](int64_t kind, fovea_code code, const char *message) {
    fovea_tensor output = {};
    expectStatus(runScalar(context, "misbehave", kind, output), code, message);
    EXPECT_EQ(output.data, nullptr);
  };
  expect(0, FOVEA_INTERNAL, "did not produce output 'out'");
  expect(1, FOVEA_INTERNAL, "output 'out' was produced twice");
  expect(2, FOVEA_INTERNAL, "output 7 does not exist");
  expect(3, FOVEA_INTERNAL, "output 'out', rank: expected 2, got 1");
  expect(4, FOVEA_INTERNAL, "output 'out', dimension 0: expected 3, got 5");
  expect(5, FOVEA_DATA_OUT_OF_RANGE, "negative or too large");
  expect(6, FOVEA_DATA_OUT_OF_RANGE, "negative or too large");
  expect(7, FOVEA_INTERNAL, "node number 12345: unknown fault 99");
  expect(8, FOVEA_DATA_OUT_OF_RANGE, "node 'embed/Shape': size 3 does not match size 4");
  expect(9, FOVEA_OUT_OF_MEMORY, "node 'embed/Shape': no memory for 1048576 bytes");
  expect(10, FOVEA_INTERNAL, "output -1 does not exist");
}

TEST(Failure, plans_that_cannot_be_met_are_refused) {
  ModulePtr module = loadSample();
  ContextPtr context = makeContext(module);
  auto run = [&](const char *entry) {
    return StatusPtr(fovea_context_run(context.get(), entry, nullptr, 0, nullptr, 0, nullptr));
  };
  expectStatus(run("greedy"), FOVEA_OUT_OF_MEMORY, "entry 'greedy'");
  expectStatus(run("unsound"), FOVEA_INTERNAL, "entry 'unsound'");
}

namespace {
/// An allocator that counts, and fails from the `budget`-th request on.
struct Allocator {
  int64_t budget = INT64_MAX;
  int64_t requests = 0;
  int64_t live = 0;

  static void *alloc(void *user, size_t bytes, size_t alignment) {
    auto &self = *static_cast<Allocator *>(user);
    if (self.requests++ >= self.budget)
      return nullptr;
    void *memory = aligned_alloc(alignment, fvm::alignUp(bytes, alignment));
    self.live += memory != nullptr;
    return memory;
  }
  static void release(void *user, void *memory, size_t, size_t) {
    --static_cast<Allocator *>(user)->live;
    free(memory);
  }
  ContextPtr context(const ModulePtr &module) {
    fovea_context_options options;
    fovea_context_options_init(&options);
    options.threads = 2;
    options.allocator = {alloc, release, this};
    fovea_context *context = nullptr;
    expectStatus(StatusPtr(fovea_context_create(module.get(), &options, &context)), FOVEA_OK);
    return ContextPtr(context);
  }
};
} // namespace

TEST(Failure, blocks_are_freed_at_the_end_of_the_run) {
  ModulePtr module = loadSample();
  Allocator allocator;
  ContextPtr context = allocator.context(module);
  fovea_tensor output = {};
  expectStatus(runScalar(context, "blocks", 1000, output), FOVEA_OK);
  EXPECT_EQ(*static_cast<int64_t *>(output.data), 1);
  EXPECT_EQ(allocator.live, 2) << "arena and output";
}

TEST(Failure, every_failing_allocation_is_out_of_memory) {
  ModulePtr module = loadSample();
  Tensor<float> x = sampleInput(2, 3), mask = sampleMask(2, 3);
  mask.strides = {1, 2};
  fovea_tensor inputs[2] = {x.view(), mask.view()};
  Allocator allocator;
  {
    // Copy of the mask, arena, output, then two blocks.
    for (int64_t budget = 0; budget < 3; ++budget) {
      allocator.requests = 0;
      allocator.budget = budget;
      ContextPtr context = allocator.context(module);
      fovea_tensor output = {};
      auto run = [&] {
        return StatusPtr(fovea_context_run(context.get(), "main", inputs, 2, &output, 1, nullptr));
      };
      expectStatus(run(), FOVEA_OUT_OF_MEMORY, "no memory for");
      EXPECT_EQ(output.data, nullptr);
      allocator.budget = INT64_MAX;
      expectStatus(run(), FOVEA_OK);
    }
    for (int64_t budget = 1; budget < 4; ++budget) {
      allocator.requests = 0;
      allocator.budget = budget;
      fovea_tensor output = {};
      expectStatus(runScalar(allocator.context(module), "blocks", 10, output), FOVEA_OUT_OF_MEMORY,
                   "no memory for");
    }
  }
  EXPECT_EQ(allocator.live, 0) << "everything is freed";
}

TEST(Failure, blocks_of_impossible_size_are_refused) {
  ModulePtr module = loadSample();
  Allocator allocator;
  ContextPtr context = allocator.context(module);
  for (int64_t size : {int64_t(-1), INT64_MIN, INT64_MAX}) {
    fovea_tensor output = {};
    expectStatus(runScalar(context, "blocks", size, output), FOVEA_DATA_OUT_OF_RANGE,
                 "a size that depends on data is negative or too large");
  }
  EXPECT_EQ(allocator.live, 1) << "the arena";
}
