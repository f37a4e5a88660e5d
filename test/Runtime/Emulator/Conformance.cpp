//===- Conformance.cpp - fixed inputs and results of operations of a warp -===//
//
// Inputs of products are small integers, so that their sums are exact in any order and the results
// hold bit by bit. The results (ConformanceWords.h) were computed from the
// fragment tables, element by element.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Runtime/Emulator/Conformance.h"
#include "runtime/include/fovea_device_abi.h"
#include "test/Runtime/Emulator/ConformanceWords.h"

#include <bit>

namespace fovea::emulator {

using Op = ConformanceOperation;

static uint32_t bitsOf(float x) { return std::bit_cast<uint32_t>(x); }

/// An integer in [-8, 8) as f16.
static uint32_t halfOf(float x) {
  uint32_t bits = bitsOf(x), exponent = (bits >> 23 & 255) - 112;
  return x == 0 ? 0 : (bits >> 16 & 0x8000) | exponent << 10 | (bits >> 13 & 1023);
}

/// Word `word` of a lane in a product: a and b in the first six, c in the others.
static uint32_t productInput(int32_t kind, uint32_t word, uint32_t index) {
  auto element = [](uint32_t i) { return float(int32_t(mix(i) % 16) - 8); };
  if (word >= 6) {
    int32_t c = int32_t(mix(1000 + index) % 64) - 32;
    return kind == FOVEA_MMA_M16N8K32_S8_S32 ? uint32_t(c) : bitsOf(float(c));
  }
  switch (kind) {
  case FOVEA_MMA_M16N8K16_F16_F32:
    return halfOf(element(2 * index)) | halfOf(element(2 * index + 1)) << 16;
  case FOVEA_MMA_M16N8K16_BF16_F32:
    return bitsOf(element(2 * index)) >> 16 | (bitsOf(element(2 * index + 1)) & 0xffff0000);
  case FOVEA_MMA_M16N8K8_TF32_F32:
    return bitsOf(element(index) / 4);
  }
  uint32_t bytes = 0;
  for (uint32_t j = 0; j < 4; ++j)
    bytes |= (mix(4 * index + j) & 255) << 8 * j;
  return bytes;
}

/// f32 of all kinds, with bits behind those of tf32: ties, infinity, NaN and the largest among
/// them.
static uint32_t tf32InputOf(uint32_t lane) {
  constexpr uint32_t kSpecial[] = {0x7f800000, 0x7f800001, 0x3f801000, 0xbf801000, 0x7f7fffff};
  if (lane >= 1 && lane <= std::size(kSpecial))
    return kSpecial[lane - 1];
  return mix(2 * lane) << 20 | mix(2 * lane + 1) << 1;
}

static float argumentOf(int32_t function, uint32_t lane) {
  auto number = float(mix(lane)), centered = float(mix(lane) % 512) - 256;
  return function == FOVEA_APPROX_EX2    ? centered / 8
         : function == FOVEA_APPROX_TANH ? centered / 64
                                         : (1 + number) / 16;
}

std::vector<uint32_t> ConformanceCase::inputs() const {
  if (operation == Op::AtomicOfLane)
    return atomicInputs(first);
  std::vector<uint32_t> words(size_t(FOVEA_WARP * inputWords));
  for (uint32_t i = 0; i < words.size(); ++i) {
    if (operation == Op::Multiply)
      words[i] = productInput(kind, i % uint32_t(inputWords), i);
    else if (operation == Op::LoadMatrix || operation == Op::Copy)
      words[i] = mix(2 * i) | mix(2 * i + 1) << 16;
    else if (operation == Op::Approximate && kind == FOVEA_APPROX_TF32)
      words[i] = tf32InputOf(i);
    else if (operation == Op::Approximate)
      words[i] = bitsOf(argumentOf(kind, i));
    else if (operation == Op::Atomic)
      words[i] = mix(i) - 2048;
    else
      words[i] = mix(i);
  }
  return words;
}

static const ConformanceCase cases[] = {
    {"mma.sync f16", Op::Multiply, FOVEA_MMA_M16N8K16_F16_F32, 0, 0, 10, 4, f16Products},
    {"mma.sync bf16", Op::Multiply, FOVEA_MMA_M16N8K16_BF16_F32, 0, 0, 10, 4, bf16Products},
    {"mma.sync tf32", Op::Multiply, FOVEA_MMA_M16N8K8_TF32_F32, 0, 0, 10, 4, tf32Products},
    {"mma.sync s8", Op::Multiply, FOVEA_MMA_M16N8K32_S8_S32, 0, 0, 10, 4, s8Products},
    {"ldmatrix x1", Op::LoadMatrix, 1, 0, 0, 4, 1, matrices1},
    {"ldmatrix x2.trans", Op::LoadMatrix, 2, 1, 0, 4, 2, matrices2},
    {"ldmatrix x4", Op::LoadMatrix, 4, 0, 0, 4, 4, matrices4},
    {"shfl.sync idx", Op::Shuffle, FOVEA_SHUFFLE_IDX, 5, 0x181f, 1, 1, idxShuffle},
    {"shfl.sync up", Op::Shuffle, FOVEA_SHUFFLE_UP, 3, 0x1000, 1, 1, upShuffle},
    {"shfl.sync down", Op::Shuffle, FOVEA_SHUFFLE_DOWN, 6, 0x1f, 1, 1, downShuffle},
    {"shfl.sync bfly", Op::Shuffle, FOVEA_SHUFFLE_BFLY, 9, 0xf, 1, 1, bflyShuffle},
    {"vote.sync all", Op::Vote, FOVEA_VOTE_ALL, 0, 0, 1, 1, allVote},
    {"vote.sync any", Op::Vote, FOVEA_VOTE_ANY, 0, 0, 1, 1, anyVote},
    {"vote.sync uni", Op::Vote, FOVEA_VOTE_UNI, 0, 0, 1, 1, uniVote},
    {"vote.sync ballot", Op::Vote, FOVEA_VOTE_BALLOT, 0, 0, 1, 1, ballotVote},
    {"ex2.approx", Op::Approximate, FOVEA_APPROX_EX2, 0, 0, 1, 1, ex2Values, 0x1p-22, 0},
    {"lg2.approx", Op::Approximate, FOVEA_APPROX_LG2, 0, 0, 1, 1, lg2Values, 0x1p-22, 0x1p-22},
    {"rcp.approx", Op::Approximate, FOVEA_APPROX_RCP, 0, 0, 1, 1, rcpValues, 0x1p-23, 0},
    {"rsqrt.approx", Op::Approximate, FOVEA_APPROX_RSQRT, 0, 0, 1, 1, rsqrtValues, 0x1p-22, 0},
    {"tanh.approx", Op::Approximate, FOVEA_APPROX_TANH, 0, 0, 1, 1, tanhValues, 0x1p-11, 0},
    {"cvt.rna.tf32", Op::Approximate, FOVEA_APPROX_TF32, 0, 0, 1, 1, tf32Values},
    {"cp.async 16 bytes, 16 valid", Op::Copy, 16, 16, 0, 4, 4, copies16Of16},
    {"cp.async 16 bytes, 4 valid", Op::Copy, 16, 4, 0, 4, 4, copies16Of4},
    {"cp.async 8 bytes, 8 valid", Op::Copy, 8, 8, 0, 4, 2, copies8Of8},
    {"cp.async 8 bytes, 0 valid", Op::Copy, 8, 0, 0, 4, 2, copies8Of0},
    {"cp.async 4 bytes, 4 valid", Op::Copy, 4, 4, 0, 4, 1, copies4Of4},
    {"cp.async 4 bytes, 1 valid", Op::Copy, 4, 1, 0, 4, 1, copies4Of1},
    {"atom add s32", Op::Atomic, FOVEA_ATOMIC_ADD, FOVEA_ATOMIC_S32, 0, 1, 1, addAtomic},
    {"atom min s32", Op::Atomic, FOVEA_ATOMIC_MIN, FOVEA_ATOMIC_S32, 0, 1, 1, minAtomic},
    {"atom max u32", Op::Atomic, FOVEA_ATOMIC_MAX, FOVEA_ATOMIC_U32, 0, 1, 1, maxAtomic},
    {"atom xor u32", Op::Atomic, FOVEA_ATOMIC_XOR, FOVEA_ATOMIC_U32, 0, 1, 1, xorAtomic},
    {"mbarrier", Op::Mbarrier, 0, 0, 0, 1, 1, handedOver},
    {"mbarrier behind copies", Op::CopyMbarrier, 0, 0, 0, 1, 1, handedOver},
    {"bar.sync", Op::Barrier, 0, 0, 0, 1, 1, handedOver},
};

std::vector<ConformanceCase> conformanceCases() {
  std::vector<ConformanceCase> all;
  for (const ConformanceCase &c : cases)
    all.push_back(c);
  for (const ConformanceCase &c : atomicCases())
    all.push_back(c);
  return all;
}

} // namespace fovea::emulator
