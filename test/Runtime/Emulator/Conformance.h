//===- Conformance.h - fixed inputs and results of operations of a warp ---===//
//
// What one warp computes in each case, as data, for a program on a device and for the emulator
// alike. Lane l gets `inputWords` words from inputs()[l * inputWords] on and gives `outputWords`
// words, by the operation:
//   Multiply     mma.sync of `kind` (fovea_mma): in a, b, c (4 + 2 + 4 words), out d
//   LoadMatrix   ldmatrix of `kind` matrices, transposed if `first`: the words of lane l lie in
//                shared memory at 16 l, and it addresses the row there
//   Shuffle      shfl.sync of `kind` (fovea_shuffle) with operand `first` and clamp `second`: out
//                the value, with the predicate in bit 31
//   Vote         vote.sync of `kind` (fovea_vote) on bit 0 of the word
//   Approximate  of `kind` (fovea_approximation)
//   Copy         cp.async of `kind` bytes, `first` of them valid, to 16 l and a wait
//   Atomic       32 bits of `kind` (fovea_atomic), type `first`, all lanes on one word of shared
//                memory that is zero, in no order: out the word behind a barrier
//   Mbarrier     each lane writes its word to shared memory, arrives at an mbarrier of 32, waits,
//                and gives the word of lane 31 - l
//   Barrier      the same with the block's barrier
//   CopyMbarrier the same, where the word is copied to shared memory (cp.async of 4 bytes) and the
//                arrival is behind the copy (cp.async.mbarrier.arrive.noinc)
//   AtomicOfLane of `kind` (fovea_atomic), type `first`, on memory of the lane's own: in what is
//                there, the operand, the value to compare with; out what was there before and what
//                is there then; each of one word, or two for 64 bits
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_TEST_RUNTIME_EMULATOR_CONFORMANCE_H
#define FOVEA_TEST_RUNTIME_EMULATOR_CONFORMANCE_H

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fovea::emulator {

enum class ConformanceOperation {
  Multiply,
  LoadMatrix,
  Shuffle,
  Vote,
  Approximate,
  Copy,
  Atomic,
  Mbarrier,
  Barrier,
  CopyMbarrier,
  AtomicOfLane,
};

struct ConformanceCase {
  std::string_view name;
  ConformanceOperation operation;
  int32_t kind;
  uint32_t first, second = 0;
  int32_t inputWords = 0, outputWords = 0;
  /// Results of 32 lanes; all zero bounds: bit by bit. Else they are f32, and a result may differ
  /// by the larger of `absolute` and `relative` times the expected value.
  std::span<const uint32_t> expected = {};
  double relative = 0, absolute = 0;

  /// Words of 32 lanes.
  std::vector<uint32_t> inputs() const;
};

std::vector<ConformanceCase> conformanceCases();

/// Those of AtomicOfLane, and the words of 32 lanes for one of its types.
std::span<const ConformanceCase> atomicCases();
std::vector<uint32_t> atomicInputs(uint32_t type);

/// Some number below 4096.
constexpr uint32_t mix(uint32_t i) { return i * 2654435761u >> 20; }

/// Runs all cases in the emulator: a line for each that fails.
std::string conformanceFailures(uint64_t seed);

} // namespace fovea::emulator

#endif // FOVEA_TEST_RUNTIME_EMULATOR_CONFORMANCE_H
