//===- ProductTest.cpp - mma.sync -----------------------------------------===//
//
// The fragment tables of the PTX ISA, written from the matrix to the registers: the element of a
// row and a column lies in this lane, register and part of it. Inputs are small integers (and
// eighths), whose products and sums are exact, so that the order of sums does not matter.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Runtime/Emulator/Kernels.h"

#include <bit>
#include <cmath>

using namespace fovea::emulator;

namespace {
/// Where an element lies: bits [shift, shift + width) of a register of a lane.
struct Place {
  int lane, index, shift;
};

struct Kind {
  int32_t kind;
  int k, bits;
};

constexpr Kind kinds[] = {{FOVEA_MMA_M16N8K16_F16_F32, 16, 16},
                          {FOVEA_MMA_M16N8K16_BF16_F32, 16, 16},
                          {FOVEA_MMA_M16N8K8_TF32_F32, 8, 32},
                          {FOVEA_MMA_M16N8K32_S8_S32, 32, 8}};

/// a, 16 x k: lanes with the same row % 8 are neighbours, each holds 32 / bits columns in a word;
/// rows from 8 on are one register later, the upper half of the columns two.
Place placeOfA(Kind kind, int row, int column) {
  int perWord = 32 / kind.bits, half = kind.k / 2;
  return {row % 8 * 4 + column % half / perWord, row / 8 + 2 * (column / half),
          column % perWord * kind.bits};
}

/// b, k x 8: as a, with the column for the row and only the halves of k.
Place placeOfB(Kind kind, int row, int column) {
  Place place = placeOfA(kind, column, row);
  return {place.lane, place.index / 2, place.shift};
}

/// c and d, 16 x 8: two columns a lane, rows from 8 on two registers later.
Place placeOfSum(int row, int column) {
  return {row % 8 * 4 + column / 2, column % 2 + 2 * (row / 8), 0};
}

uint32_t bitsOfElement(Kind kind, float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  switch (kind.kind) {
  case FOVEA_MMA_M16N8K16_BF16_F32:
    return bits >> 16;
  case FOVEA_MMA_M16N8K8_TF32_F32:
    return bits;
  case FOVEA_MMA_M16N8K32_S8_S32:
    return uint32_t(int32_t(value)) & 0xff;
  default:
    // f16 of a value that it holds exactly, zero or normal.
    if (value == 0)
      return bits >> 16;
    return (bits >> 16 & 0x8000) | (((bits >> 23 & 255) - 112) << 10) | (bits >> 13 & 1023);
  }
}

float elementOfA(Kind kind, int row, int k) {
  auto value = float((row * 7 + k * 5) % 17 - 8);
  return kind.bits == 8 ? value * 15 : value / 8;
}
float elementOfB(Kind kind, int k, int column) {
  auto value = float((k * 3 + column * 11) % 13 - 6);
  return kind.bits == 8 ? value * 20 : value / 4;
}
float elementOfC(int row, int column) { return float(row * 8 + column - 60); }

/// Words of a, b and c, of lane after lane: 4, 2 and 4 each. The result replaces c.
struct Registers {
  std::vector<uint32_t> a = std::vector<uint32_t>(128), b = std::vector<uint32_t>(64),
                        sum = std::vector<uint32_t>(128);
};

Registers fill(Kind kind) {
  Registers registers;
  for (int row = 0; row < 16; ++row) {
    for (int k = 0; k < kind.k; ++k) {
      Place at = placeOfA(kind, row, k);
      registers.a[4 * at.lane + at.index] |= bitsOfElement(kind, elementOfA(kind, row, k))
                                             << at.shift;
    }
    for (int column = 0; column < 8; ++column) {
      Place at = placeOfSum(row, column);
      float c = elementOfC(row, column);
      registers.sum[4 * at.lane + at.index] =
          kind.bits == 8 ? uint32_t(int32_t(c)) : std::bit_cast<uint32_t>(c);
    }
  }
  for (int k = 0; k < kind.k; ++k)
    for (int column = 0; column < 8; ++column) {
      Place at = placeOfB(kind, k, column);
      registers.b[2 * at.lane + at.index] |= bitsOfElement(kind, elementOfB(kind, k, column))
                                             << at.shift;
    }
  return registers;
}

std::optional<Failure> multiply(int32_t kind, Registers &registers, int32_t threads = 32) {
  Launcher launcher;
  launcher.pass(registers.a);
  launcher.pass(registers.b);
  launcher.pass(registers.sum);
  launcher.args.push_back(kind);
  return launcher.run(
      [](fovea_thread *t, const int64_t *args) {
        auto *sum = pointerOf<uint32_t>(args[2]) + 4 * t->thread;
        t->emulator->multiply(t, int32_t(args[3]), pointerOf<uint32_t>(args[0]) + 4 * t->thread,
                              pointerOf<uint32_t>(args[1]) + 2 * t->thread, sum, First);
      },
      {.threads = threads});
}
} // namespace

TEST(Product, follows_the_fragment_tables) {
  for (Kind kind : kinds) {
    Registers registers = fill(kind);
    auto failure = multiply(kind.kind, registers);
    ASSERT_FALSE(failure) << textOf(failure);
    for (int row = 0; row < 16; ++row)
      for (int column = 0; column < 8; ++column) {
        double want = elementOfC(row, column);
        for (int k = 0; k < kind.k; ++k)
          want += double(elementOfA(kind, row, k)) * elementOfB(kind, k, column);
        Place at = placeOfSum(row, column);
        uint32_t got = registers.sum[4 * at.lane + at.index];
        EXPECT_EQ(kind.bits == 8 ? double(int32_t(got)) : double(std::bit_cast<float>(got)), want)
            << "kind " << kind.kind << " row " << row << " column " << column;
      }
  }
}

TEST(Product, reads_denormals_infinities_and_nan_of_f16) {
  // Row 0 of a has one element and column 0 of b a one in its place; c is zero.
  const std::pair<uint32_t, float> values[] = {
      {0x0001, 0x1p-24f}, {0x83ff, -0x1.ff8p-15f}, {0x7bff, 65504}, {0xfc00, -INFINITY}};
  auto product = [](uint32_t a) {
    Registers registers;
    registers.a[0] = a;
    registers.b[0] = 0x3c00;
    EXPECT_FALSE(multiply(FOVEA_MMA_M16N8K16_F16_F32, registers));
    return std::bit_cast<float>(registers.sum[0]);
  };
  for (auto [bits, value] : values)
    EXPECT_EQ(product(bits), value);
  EXPECT_TRUE(std::isnan(product(0x7e01)));
}

TEST(Product, drops_the_last_13_bits_of_tf32) {
  Registers registers;
  registers.a[0] = std::bit_cast<uint32_t>(1.0f) | 0x1fff;
  registers.b[0] = std::bit_cast<uint32_t>(3.0f) | 0x1fff;
  ASSERT_FALSE(multiply(FOVEA_MMA_M16N8K8_TF32_F32, registers));
  EXPECT_EQ(std::bit_cast<float>(registers.sum[0]), 3);
}

TEST(Product, adds_to_c_in_the_order_of_k) {
  // 2^24 + 1 is rounded to 2^24, and 2 more come right. The other way round it were 2^24 + 4, and
  // the same with both added first.
  Registers registers;
  Kind kind = kinds[1];
  registers.sum[0] = std::bit_cast<uint32_t>(0x1p24f);
  for (int k : {0, 15}) {
    Place a = placeOfA(kind, 0, k), b = placeOfB(kind, k, 0);
    registers.a[4 * a.lane + a.index] |= bitsOfElement(kind, k ? 2 : 1) << a.shift;
    registers.b[2 * b.lane + b.index] |= bitsOfElement(kind, 1) << b.shift;
  }
  ASSERT_FALSE(multiply(kind.kind, registers));
  EXPECT_EQ(std::bit_cast<float>(registers.sum[0]), 0x1p24f + 2);
}

TEST(Product, wraps_sums_of_integers) {
  Registers registers;
  registers.sum[0] = 0x7fffffff;
  registers.a[0] = registers.b[0] = 1;
  ASSERT_FALSE(multiply(FOVEA_MMA_M16N8K32_S8_S32, registers));
  EXPECT_EQ(registers.sum[0], 0x80000000u);
}

TEST(Product, is_of_a_kind_that_there_is_and_a_full_warp) {
  Registers registers;
  expectBroken(multiply(4, registers), Rule::Warp,
               {"'the first' is a product of kind 4, expected 0 to 3"});
  expectBroken(multiply(0, registers, 31), Rule::Warp,
               {"'the first' needs the 32 threads of a warp, this one has 31"});
}
