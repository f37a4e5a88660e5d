//===- AllocationTest.cpp - operations of threads allocate nothing --------===//
//
// Kernels run the same operations a few times or many: memory is only asked for before and at the
// first ones.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Runtime/Emulator/Kernels.h"

#include <cstdlib>
#include <new>

using namespace fovea::emulator;

static int64_t allocations = 0;

void *operator new(size_t bytes) {
  ++allocations;
  if (void *memory = std::malloc(bytes ? bytes : 1))
    return memory;
  std::abort();
}
void operator delete(void *memory) noexcept { std::free(memory); }
void operator delete(void *memory, size_t) noexcept { std::free(memory); }

/// args: data, rounds.
static void everything(fovea_thread *t, const int64_t *args) {
  const fovea_emulator &e = *t->emulator;
  auto *shared = static_cast<std::byte *>(t->shared);
  if (t->thread == 0)
    e.mbarrier_init(t, shared, 64, First);
  sync(t);
  uint32_t words[4] = {}, sums[4] = {};
  for (int64_t round = 0; round < args[1]; ++round) {
    e.copy_async(t, shared + 64 + 16 * t->thread, pointerOf<std::byte>(args[0]), 16, 16, First);
    e.commit_copies(t, First);
    e.wait_copies(t, 0, First);
    sync(t);
    e.load_matrix(t, shared + 64 + 16 * (t->thread % 32), 4, 0, words, Second);
    e.multiply(t, FOVEA_MMA_M16N8K16_BF16_F32, words, words, sums, Second);
    e.shuffle(t, FOVEA_SHUFFLE_UP, allLanes, sums[0], 1, 0, nullptr, Third);
    e.vote(t, FOVEA_VOTE_BALLOT, allLanes, 1, Third);
    e.warp_barrier(t, t->thread % 2 ? 0xaaaaaaaa : 0x55555555, Third);
    if (t->thread < 32)
      e.barrier_arrive(t, 1, 64, Third);
    else
      e.barrier(t, 1, 64, Third);
    e.atomic(t, FOVEA_ATOMIC_ADD, FOVEA_ATOMIC_U32, FOVEA_ATOMIC_ACQ_REL, FOVEA_SPACE_SHARED,
             shared + 16, 1, 0, Fourth);
    e.mbarrier_arrive(t, shared, 0, Fourth);
    while (!e.mbarrier_try_wait(t, shared, int32_t(round % 2), Fourth)) {
    }
    sync(t);
  }
}

TEST(Allocation, does_not_grow_with_the_number_of_operations) {
  std::vector<uint32_t> data(4);
  Launcher launcher;
  launcher.pass(data, false);
  launcher.args.push_back(0);
  auto count = [&](int64_t rounds) {
    launcher.args[1] = rounds;
    int64_t before = allocations;
    auto failure = launcher.run(everything, {.threads = 64, .sharedBytes = 64 + 1024});
    EXPECT_FALSE(failure) << textOf(failure);
    return allocations - before;
  };
  count(3);
  int64_t few = count(3), many = count(300);
  EXPECT_GT(allocations, 0) << "nothing was counted";
  EXPECT_EQ(few, many);
}
