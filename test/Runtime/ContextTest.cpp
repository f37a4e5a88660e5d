//===- ContextTest.cpp - contexts, threads and memory between runs --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Runtime/Samples.h"

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>
#include <thread>

using namespace fovea::test;

/// Counts what this process gets from operator new, the runtime's library included. Sanitizers
/// have an operator new of their own.
static std::atomic<int64_t> newCalls{0};

#ifdef FOVEA_TEST_COUNTS_NEW
void *operator new(size_t bytes) {
  ++newCalls;
  if (void *memory = malloc(bytes ? bytes : 1))
    return memory;
  throw std::bad_alloc();
}
void operator delete(void *memory) noexcept { free(memory); }
void operator delete(void *memory, size_t) noexcept { free(memory); }
#endif

static StatusPtr runMain(const ContextPtr &context, Tensor<float> &x, Tensor<float> &mask,
                         fovea_tensor &output) {
  fovea_tensor inputs[2] = {x.view(), mask.view()};
  return StatusPtr(fovea_context_run(context.get(), "main", inputs, 2, &output, 1, nullptr));
}

TEST(Context, many_threads_share_a_module) {
  ModulePtr module = loadSample();
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      ContextPtr context = makeContext(module, t % 3 + 1);
      for (int round = 0; round < 40; ++round) {
        Tensor<float> x = sampleInput(t + 1, round % 7 + 1, round), mask;
        mask = sampleMask(t + 1, round % 7 + 1);
        std::vector<float> expected = sampleResult(x, mask);
        fovea_tensor output = {};
        if (runMain(context, x, mask, output) ||
            memcmp(output.data, expected.data(), expected.size() * 4) != 0)
          return;
      }
      ++good;
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(good, 8);
}

TEST(Context, results_do_not_depend_on_the_number_of_threads) {
  ModulePtr module = loadSample();
  Tensor<float> x = sampleInput(13, 17), mask = sampleMask(13, 17);
  std::vector<float> expected = sampleResult(x, mask);
  for (int count = 1; count <= 8; ++count) {
    ContextPtr context = makeContext(module, count);
    EXPECT_EQ(fovea_context_threads(context.get()), count);
    fovea_tensor output = {};
    expectStatus(runMain(context, x, mask, output), FOVEA_OK);
    EXPECT_EQ(memcmp(output.data, expected.data(), expected.size() * 4), 0) << count;
  }
}

TEST(Context, outlives_its_module_handle) {
  ModulePtr module = loadSample();
  ContextPtr context = makeContext(module);
  module.reset();
  fovea_tensor output = {};
  expectStatus(runScalar(context, "halt", 5, output), FOVEA_OK);
  EXPECT_EQ(*static_cast<int64_t *>(output.data), 5);
}

namespace {
struct Counter {
  int64_t allocations = 0;
  int64_t live = 0;
};
/// A host's pool: runs the shares last to first, on a new thread each.
struct HostPool {
  int64_t regions = 0;
  int64_t most = 0;
};
} // namespace

static fovea_allocator counting(Counter &counter) {
  auto alloc = [](void *user, size_t bytes, size_t alignment) {
    ++static_cast<Counter *>(user)->allocations;
    ++static_cast<Counter *>(user)->live;
    return aligned_alloc(alignment, fvm::alignUp(bytes, alignment));
  };
  auto release = [](void *user, void *memory, size_t, size_t) {
    --static_cast<Counter *>(user)->live;
    free(memory);
  };
  return {alloc, release, &counter};
}

static ContextPtr contextWith(const ModulePtr &module, const fovea_context_options &options) {
  fovea_context *context = nullptr;
  expectStatus(StatusPtr(fovea_context_create(module.get(), &options, &context)), FOVEA_OK);
  return ContextPtr(context);
}

TEST(Context, the_second_run_allocates_nothing) {
  ModulePtr module = loadSample();
  Counter counter;
  fovea_context_options options;
  fovea_context_options_init(&options);
  options.threads = 2;
  options.allocator = counting(counter);
  ContextPtr context = contextWith(module, options);
  Tensor<float> x = sampleInput(4, 6), mask = sampleMask(4, 6);
  mask.strides = {1, 4};
  fovea_tensor output = {};
  expectStatus(runMain(context, x, mask, output), FOVEA_OK);
  EXPECT_EQ(counter.allocations, 3) << "copy of the mask, arena, output";
  int64_t allocations = counter.allocations, news = newCalls;
  for (int i = 0; i < 10; ++i) {
    output = {};
    fovea_tensor inputs[2] = {x.view(), mask.view()};
    fovea_status *status = fovea_context_run(context.get(), "main", inputs, 2, &output, 1, nullptr);
    ASSERT_EQ(status, nullptr);
  }
  EXPECT_EQ(counter.allocations, allocations);
  EXPECT_EQ(newCalls.load(), news);
  Tensor<float> longer = sampleInput(4, 60), longerMask = sampleMask(4, 60);
  output = {};
  expectStatus(runMain(context, longer, longerMask, output), FOVEA_OK);
  EXPECT_GT(counter.allocations, allocations) << "the counters count";
#ifdef FOVEA_TEST_COUNTS_NEW
  EXPECT_GT(newCalls.load(), news);
#endif
  context.reset();
  EXPECT_EQ(counter.live, 0);
}

TEST(Context, detached_memory_outlives_everything) {
  ModulePtr module = loadSample();
  ContextPtr context = makeContext(module);
  Tensor<float> x = sampleInput(2, 3), mask = sampleMask(2, 3);
  fovea_tensor first = {}, second = {};
  fovea_buffer *memory = nullptr;
  auto detach = [&](int64_t index) {
    return StatusPtr(fovea_context_detach(context.get(), index, &memory));
  };
  expectStatus(detach(0), FOVEA_INVALID_ARGUMENT, "no memory of the context");
  expectStatus(runMain(context, x, mask, first), FOVEA_OK);
  expectStatus(detach(0), FOVEA_OK);
  BufferPtr owner(memory);
  expectStatus(detach(0), FOVEA_INVALID_ARGUMENT);
  expectStatus(detach(1), FOVEA_INVALID_ARGUMENT);
  expectStatus(detach(-1), FOVEA_INVALID_ARGUMENT);
  std::vector<float> expected = sampleResult(x, mask);
  Tensor<float> other = sampleInput(2, 3, 99);
  expectStatus(runMain(context, other, mask, second), FOVEA_OK);
  EXPECT_NE(first.data, second.data);
  context.reset();
  module.reset();
  EXPECT_EQ(first.shape[1], 3);
  EXPECT_EQ(memcmp(first.data, expected.data(), expected.size() * 4), 0);
}

TEST(Context, a_hosts_pool_can_run_the_tasks) {
  ModulePtr module = loadSample();
  HostPool host;
  fovea_context_options options;
  fovea_context_options_init(&options);
  options.threads = 3;
  options.parallel_for_user = &host;
  options.parallel_for = [](void *user, int64_t count, fovea_share share, void *arg) {
    auto &host = *static_cast<HostPool *>(user);
    ++host.regions;
    host.most = std::max(host.most, count);
    for (int64_t i = count; i-- > 0;)
      std::thread([=] { share(arg, i); }).join();
  };
  ContextPtr context = contextWith(module, options);
  Tensor<float> x = sampleInput(5, 7), mask = sampleMask(5, 7);
  std::vector<float> expected = sampleResult(x, mask);
  fovea_tensor output = {};
  expectStatus(runMain(context, x, mask, output), FOVEA_OK);
  EXPECT_EQ(memcmp(output.data, expected.data(), expected.size() * 4), 0);
  EXPECT_EQ(host.regions, 1);
  EXPECT_EQ(host.most, 3);
  x = sampleInput(1, 1);
  mask = sampleMask(1, 1);
  output = {};
  expectStatus(runMain(context, x, mask, output), FOVEA_OK);
  EXPECT_EQ(host.regions, 1) << "one task runs inline";
}

TEST(Context, options_are_checked) {
  ModulePtr module = loadSample();
  Counter counter;
  auto refused = [&](auto change, const char *message) {
    fovea_context_options options;
    fovea_context_options_init(&options);
    change(options);
    fovea_context *context = nullptr;
    expectStatus(StatusPtr(fovea_context_create(module.get(), &options, &context)),
                 FOVEA_INVALID_ARGUMENT, message);
    EXPECT_EQ(context, nullptr);
  };
  refused([](fovea_context_options &o) { o.struct_size = 4; }, "struct_size");
  refused([](fovea_context_options &o) { o.threads = -1; }, "threads is -1");
  refused([](fovea_context_options &o) { o.threads = 5000; }, "threads is 5000");
  refused([](fovea_context_options &o) { o.spin_us = -2; }, "spin_us");
  refused([&](fovea_context_options &o) { o.allocator.alloc = counting(counter).alloc; },
          "alloc and free go together");
  fovea_context *context = nullptr;
  expectStatus(StatusPtr(fovea_context_create(module.get(), nullptr, &context)), FOVEA_OK);
  EXPECT_GE(fovea_context_threads(context), 1);
  fovea_context_free(context);
}

TEST(Context, use_from_inside_of_a_run_is_refused) {
  ModulePtr module = loadSample();
  fovea_context *self = nullptr;
  fovea_context_options options;
  fovea_context_options_init(&options);
  options.threads = 2;
  options.parallel_for_user = &self;
  options.parallel_for = [](void *user, int64_t count, fovea_share share, void *arg) {
    fovea_context *context = *static_cast<fovea_context **>(user);
    expectStatus(StatusPtr(fovea_context_run(context, "greedy", nullptr, 0, nullptr, 0, nullptr)),
                 FOVEA_INVALID_ARGUMENT, "one context per thread");
    for (int64_t i = 0; i < count; ++i)
      share(arg, i);
  };
  ContextPtr context = contextWith(module, options);
  self = context.get();
  Tensor<float> x = sampleInput(2, 2), mask = sampleMask(2, 2);
  fovea_tensor output = {};
  expectStatus(runMain(context, x, mask, output), FOVEA_OK);
}
