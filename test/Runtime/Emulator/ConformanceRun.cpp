//===- ConformanceRun.cpp - runs the cases of conformance -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Artifact/Status.h"
#include "runtime/Emulator/Launch.h"
#include "test/Runtime/Emulator/Conformance.h"
#include "test/Runtime/Emulator/DeviceCode.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace fovea::emulator {

using Op = ConformanceOperation;

/// Operations on words of the lane's own.
static void runOnWords(fovea_thread *t, const ConformanceCase &c, const uint32_t *in,
                       uint32_t *out) {
  const fovea_emulator &e = *t->emulator;
  int32_t inRange = 0;
  switch (c.operation) {
  case Op::Multiply:
    std::copy_n(in + 6, 4, out);
    e.multiply(t, c.kind, in, in + 4, out, First);
    break;
  case Op::Shuffle:
    *out = e.shuffle(t, c.kind, allLanes, *in, c.first, c.second, &inRange, First);
    *out |= uint32_t(inRange) << 31;
    break;
  case Op::Vote:
    *out = e.vote(t, c.kind, allLanes, int32_t(*in & 1), First);
    break;
  default:
    *out = std::bit_cast<uint32_t>(e.approximate(c.kind, std::bit_cast<float>(*in)));
  }
}

/// On the lane's words of shared memory, 8 l.
static void runAtomicOfLane(fovea_thread *t, const ConformanceCase &c, const uint32_t *in,
                            uint32_t *out) {
  int size = c.outputWords / 2;
  auto bits = [&](int operand) {
    const uint32_t *words = in + operand * size;
    return words[0] | (size == 2 ? uint64_t(words[1]) << 32 : 0);
  };
  for (int i = 0; i < size; ++i)
    writeShared(t, 2 * t->thread + i, in[i], First);
  uint64_t before =
      t->emulator->atomic(t, c.kind, int32_t(c.first), FOVEA_ATOMIC_RELAXED, FOVEA_SPACE_SHARED,
                          sharedAt(t, 8 * t->thread), bits(1), bits(2), Second);
  for (int i = 0; i < size; ++i) {
    out[i] = uint32_t(before >> 32 * i);
    out[size + i] = readShared<uint32_t>(t, 2 * t->thread + i, Third);
  }
}

/// The lane's word to word 2 + l of shared memory, and a barrier by `operation`.
static void handOver(fovea_thread *t, Op operation, const uint32_t &word) {
  const fovea_emulator &e = *t->emulator;
  if (t->thread == 0 && operation != Op::Barrier)
    e.mbarrier_init(t, t->shared, FOVEA_WARP, First);
  e.warp_barrier(t, allLanes, First);
  if (operation == Op::CopyMbarrier)
    e.copy_async(t, sharedAt(t, 8 + 4 * t->thread), &word, 4, 4, Second);
  else
    writeShared(t, 2 + t->thread, word, Second);
  if (operation == Op::Barrier)
    return e.barrier(t, 0, FOVEA_WARP, Third);
  if (operation == Op::CopyMbarrier)
    e.mbarrier_arrive_copies(t, t->shared, Second);
  else
    e.mbarrier_arrive(t, t->shared, 0, Second);
  while (!e.mbarrier_try_wait(t, t->shared, 0, Third)) {
  }
}

/// Operations that go through shared memory.
static void runOnMemory(fovea_thread *t, const ConformanceCase &c, const uint32_t *in,
                        uint32_t *out) {
  const fovea_emulator &e = *t->emulator;
  switch (c.operation) {
  case Op::LoadMatrix:
    for (int i = 0; i < 4; ++i)
      writeShared(t, 4 * t->thread + i, in[i], First);
    e.warp_barrier(t, allLanes, First);
    e.load_matrix(t, sharedAt(t, 16 * t->thread), c.kind, int32_t(c.first), out, Second);
    break;
  case Op::Copy:
    e.copy_async(t, sharedAt(t, 16 * t->thread), in, c.kind, int32_t(c.first), First);
    e.commit_copies(t, First);
    e.wait_copies(t, 0, First);
    for (int i = 0; i < c.outputWords; ++i)
      out[i] = readShared<uint32_t>(t, 4 * t->thread + i, Second);
    break;
  case Op::Atomic:
    if (t->thread == 0)
      writeShared(t, 0, 0, First);
    e.warp_barrier(t, allLanes, First);
    e.atomic(t, c.kind, int32_t(c.first), FOVEA_ATOMIC_RELAXED, FOVEA_SPACE_SHARED, t->shared, *in,
             0, Second);
    e.warp_barrier(t, allLanes, Third);
    *out = readShared<uint32_t>(t, 0, Third);
    break;
  case Op::AtomicOfLane:
    runAtomicOfLane(t, c, in, out);
    break;
  default:
    handOver(t, c.operation, *in);
    *out = readShared<uint32_t>(t, 33 - t->thread, Third);
  }
}

/// args: inputs, results, the case.
static void conformanceKernel(fovea_thread *t, const int64_t *args) {
  const auto &c = *pointerOf<const ConformanceCase>(args[2]);
  const auto *in = pointerOf<const uint32_t>(args[0]) + t->thread * c.inputWords;
  auto *out = pointerOf<uint32_t>(args[1]) + t->thread * c.outputWords;
  bool onWords = c.operation == Op::Multiply || c.operation == Op::Shuffle ||
                 c.operation == Op::Vote || c.operation == Op::Approximate;
  (onWords ? runOnWords : runOnMemory)(t, c, in, out);
}

/// How results differ from those of the case, the first of them; empty if they do not.
static std::string differenceOf(const ConformanceCase &c, std::span<const uint32_t> got) {
  for (size_t i = 0; i < got.size(); ++i) {
    double result = std::bit_cast<float>(got[i]), want = std::bit_cast<float>(c.expected[i]);
    double bound = std::fmax(c.absolute, c.relative * std::fabs(want));
    if (got[i] != c.expected[i] && !(bound && std::fabs(result - want) <= bound))
      return fvm::concat(c.name, ": word ", i, " is ", got[i], ", expected ", c.expected[i], "\n");
  }
  return {};
}

std::string conformanceFailures(uint64_t seed) {
  Emulator emulator;
  std::string failures;
  for (const ConformanceCase &c : conformanceCases()) {
    std::vector<uint32_t> in = c.inputs(), out(c.expected.size());
    int64_t args[] = {int64_t(reinterpret_cast<intptr_t>(in.data())),
                      int64_t(reinterpret_cast<intptr_t>(out.data())),
                      int64_t(reinterpret_cast<intptr_t>(&c))};
    Range ranges[] = {{in.data(), int64_t(in.size() * sizeof(uint32_t)), false, "inputs"},
                      {out.data(), int64_t(out.size() * sizeof(uint32_t)), true, "results"}};
    fovea_device_kernel kernel = {"conformance", FOVEA_WARP,        1024,     3, 0, 0,
                                  Sites,         conformanceKernel, siteTexts};
    auto failure = emulator.run({&kernel, 1, args, ranges, nullptr, {.seed = seed}, {}});
    failures += failure ? fvm::concat(c.name, ": ", failure->text, "\n") : differenceOf(c, out);
  }
  return failures;
}

} // namespace fovea::emulator
