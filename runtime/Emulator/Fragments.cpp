//===- Fragments.cpp - matrices spread over the lanes of a warp -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Emulator/Fragments.h"

#include <bit>
#include <cstring>

namespace fovea::emulator {

static float ofBf16(uint32_t bits) { return std::bit_cast<float>(bits << 16); }

static float ofF16(uint32_t bits) {
  uint32_t sign = (bits & 0x8000) << 16, rest = (bits & 0x7fff) << 13;
  // The exponent is biased by 15, and shall be by 127; zero and denormals come right by it, too.
  float scaled = std::bit_cast<float>(rest) * 0x1p112f;
  uint32_t value = std::bit_cast<uint32_t>(scaled);
  if ((bits & 0x7c00) == 0x7c00)
    value = 0x7f800000 | rest;
  return std::bit_cast<float>(value | sign);
}

/// The hardware does not read the last 13 bits.
static float ofTf32(uint32_t bits) { return std::bit_cast<float>(bits & ~uint32_t(0x1fff)); }

/// Sums of a 16 x 8 product: a[row][k], b[k][column], sums[row][column].
template <typename Element, int K>
static void accumulate(const Element (&a)[16][K], const Element (&b)[K][8],
                       Element (&sums)[16][8]) {
  for (int row = 0; row < 16; ++row) {
    Element sum[8];
    for (int column = 0; column < 8; ++column)
      sum[column] = sums[row][column];
    for (int k = 0; k < K; ++k)
      for (int column = 0; column < 8; ++column)
        sum[column] += a[row][k] * b[k][column];
    for (int column = 0; column < 8; ++column)
      sums[row][column] = sum[column];
  }
}

/// Registers i of c and d: row group + 8 (i / 2), column 2 member + i % 2.
template <typename Element, int K>
static void accumulateFragments(const Element (&a)[16][K], const Element (&b)[K][8],
                                const ProductOperands &operands) {
  Element sums[16][8];
  for (int lane = 0; lane < FOVEA_WARP; ++lane)
    for (int i = 0; i < 4; ++i)
      sums[lane / 4 + 8 * (i / 2)][2 * (lane % 4) + i % 2] =
          std::bit_cast<Element>(operands.sum[lane][i]);
  accumulate(a, b, sums);
  for (int lane = 0; lane < FOVEA_WARP; ++lane)
    for (int i = 0; i < 4; ++i)
      operands.sum[lane][i] =
          std::bit_cast<uint32_t>(sums[lane / 4 + 8 * (i / 2)][2 * (lane % 4) + i % 2]);
}

/// m16n8k16. Register r of a: row group + 8 (r % 2), k 2 member + 8 (r / 2); of b: k 2 member + 8
/// r, column group; the next k in the upper half.
template <float (*Convert)(uint32_t)> static void multiply16(const ProductOperands &operands) {
  float a[16][16], b[16][8];
  for (int lane = 0; lane < FOVEA_WARP; ++lane) {
    int group = lane / 4, member = lane % 4;
    for (int r = 0; r < 4; ++r) {
      float *at = &a[group + 8 * (r % 2)][2 * member + 8 * (r / 2)];
      at[0] = Convert(operands.a[lane][r] & 0xffff);
      at[1] = Convert(operands.a[lane][r] >> 16);
    }
    for (int r = 0; r < 2; ++r) {
      b[2 * member + 8 * r][group] = Convert(operands.b[lane][r] & 0xffff);
      b[2 * member + 8 * r + 1][group] = Convert(operands.b[lane][r] >> 16);
    }
  }
  accumulateFragments(a, b, operands);
}

/// m16n8k8. Register r of a: row group + 8 (r % 2), k member + 4 (r / 2); of b: k member + 4 r,
/// column group.
static void multiplyTf32(const ProductOperands &operands) {
  float a[16][8], b[8][8];
  for (int lane = 0; lane < FOVEA_WARP; ++lane) {
    int group = lane / 4, member = lane % 4;
    for (int r = 0; r < 4; ++r)
      a[group + 8 * (r % 2)][member + 4 * (r / 2)] = ofTf32(operands.a[lane][r]);
    for (int r = 0; r < 2; ++r)
      b[member + 4 * r][group] = ofTf32(operands.b[lane][r]);
  }
  accumulateFragments(a, b, operands);
}

/// m16n8k32. Byte j of register r of a: row group + 8 (r % 2), k 4 member + j + 16 (r / 2); of b:
/// k 4 member + j + 16 r, column group. Sums wrap.
static void multiplyS8(const ProductOperands &operands) {
  uint32_t a[16][32], b[32][8];
  for (int lane = 0; lane < FOVEA_WARP; ++lane) {
    int group = lane / 4, member = lane % 4;
    auto byte = [](uint32_t word, int j) { return uint32_t(int32_t(int8_t(word >> 8 * j))); };
    for (int j = 0; j < 4; ++j) {
      for (int r = 0; r < 4; ++r)
        a[group + 8 * (r % 2)][4 * member + j + 16 * (r / 2)] = byte(operands.a[lane][r], j);
      for (int r = 0; r < 2; ++r)
        b[4 * member + j + 16 * r][group] = byte(operands.b[lane][r], j);
    }
  }
  accumulateFragments(a, b, operands);
}

bool multiply(int32_t kind, const ProductOperands &operands) {
  switch (kind) {
  case FOVEA_MMA_M16N8K16_F16_F32:
    multiply16<ofF16>(operands);
    return true;
  case FOVEA_MMA_M16N8K16_BF16_F32:
    multiply16<ofBf16>(operands);
    return true;
  case FOVEA_MMA_M16N8K8_TF32_F32:
    multiplyTf32(operands);
    return true;
  case FOVEA_MMA_M16N8K32_S8_S32:
    multiplyS8(operands);
    return true;
  }
  return false;
}

/// A lane's word holds row group, columns 2 member and the next; transposed, column group, rows
/// 2 member and the next.
void loadMatrices(const void *const *rows, int32_t count, bool transposed,
                  uint32_t *const *registers) {
  for (int matrix = 0; matrix < count; ++matrix) {
    uint16_t elements[8][8];
    for (int row = 0; row < 8; ++row)
      std::memcpy(elements[row], rows[8 * matrix + row], sizeof(elements[row]));
    for (int lane = 0; lane < FOVEA_WARP; ++lane) {
      int group = lane / 4, pair = 2 * (lane % 4);
      uint32_t low = transposed ? elements[pair][group] : elements[group][pair];
      uint32_t high = transposed ? elements[pair + 1][group] : elements[group][pair + 1];
      registers[lane][matrix] = low | high << 16;
    }
  }
}

int32_t shuffleSource(int32_t kind, int32_t lane, uint32_t operand, uint32_t clamp, bool &inRange) {
  auto b = int32_t(operand & 31), c = int32_t(clamp & 31), segment = int32_t(clamp >> 8 & 31);
  int32_t highest = (lane & segment) | (c & ~segment), lowest = lane & segment;
  int32_t source = lane;
  switch (kind) {
  case FOVEA_SHUFFLE_UP:
    // The bound of this one is a lower bound.
    source = lane - b;
    inRange = source >= highest;
    break;
  case FOVEA_SHUFFLE_DOWN:
    source = lane + b;
    inRange = source <= highest;
    break;
  case FOVEA_SHUFFLE_BFLY:
    source = lane ^ b;
    inRange = source <= highest;
    break;
  default:
    source = lowest | (b & ~segment);
    inRange = source <= highest;
  }
  return inRange ? source : lane;
}

} // namespace fovea::emulator
