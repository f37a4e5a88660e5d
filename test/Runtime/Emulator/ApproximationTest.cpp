//===- ApproximationTest.cpp - functions that the hardware approximates ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Emulator/Services.h"
#include "runtime/include/fovea_abi.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

using fovea::emulator::services;

static float approximate(int32_t function, float x) {
  return services(true).approximate(function, x);
}

static constexpr float infinity = std::numeric_limits<float>::infinity();

TEST(Approximation, is_within_the_bounds_of_the_hardware) {
  for (float x = -126; x < 127; x += 0.37f)
    EXPECT_NEAR(approximate(FOVEA_APPROX_EX2, x) / std::exp2(double(x)), 1, 0x1p-23);
  for (float x = 1e-30f; x < 1e30f; x *= 1.07f) {
    double log = std::log2(double(x));
    EXPECT_NEAR(approximate(FOVEA_APPROX_LG2, x), log, 0x1p-23 * std::fmax(1, std::fabs(log)));
    EXPECT_NEAR(approximate(FOVEA_APPROX_RCP, x) * double(x), 1, 0x1p-23);
    EXPECT_NEAR(approximate(FOVEA_APPROX_RSQRT, x) * std::sqrt(double(x)), 1, 0x1p-23);
  }
  for (float x = -9; x < 9; x += 0.013f)
    EXPECT_NEAR(approximate(FOVEA_APPROX_TANH, x), std::tanh(double(x)), 0x1p-24);
}

TEST(Approximation, has_the_special_values_of_the_ptx_isa) {
  EXPECT_EQ(approximate(FOVEA_APPROX_EX2, -infinity), 0);
  EXPECT_EQ(approximate(FOVEA_APPROX_EX2, infinity), infinity);
  EXPECT_EQ(approximate(FOVEA_APPROX_EX2, 128), infinity);
  EXPECT_EQ(approximate(FOVEA_APPROX_LG2, 0), -infinity);
  EXPECT_TRUE(std::isnan(approximate(FOVEA_APPROX_LG2, -1)));
  EXPECT_EQ(approximate(FOVEA_APPROX_RCP, -0.0f), -infinity);
  EXPECT_EQ(approximate(FOVEA_APPROX_RSQRT, -0.0f), -infinity);
  EXPECT_TRUE(std::isnan(approximate(FOVEA_APPROX_RSQRT, -2)));
  EXPECT_EQ(approximate(FOVEA_APPROX_TANH, infinity), 1);
  for (int32_t function = FOVEA_APPROX_EX2; function <= FOVEA_APPROX_TF32; ++function)
    EXPECT_TRUE(std::isnan(approximate(function, std::nanf(""))));
  EXPECT_TRUE(std::isnan(approximate(6, 1)));
}

TEST(Approximation, flushes_denormals) {
  EXPECT_EQ(approximate(FOVEA_APPROX_EX2, -127), 0);
  EXPECT_GT(approximate(FOVEA_APPROX_EX2, -126), 0);
  EXPECT_EQ(approximate(FOVEA_APPROX_LG2, 0x1p-127f), -infinity);
  EXPECT_EQ(approximate(FOVEA_APPROX_RCP, -0x1p-127f), -infinity);
  EXPECT_EQ(approximate(FOVEA_APPROX_RCP, 0x1p127f), 0);
  EXPECT_EQ(approximate(FOVEA_APPROX_RSQRT, 0x1p-127f), infinity);
  // This one keeps them.
  EXPECT_EQ(approximate(FOVEA_APPROX_TANH, 0x1p-130f), 0x1p-130f);
}

/// Bits of tf32 next to x, above or below; magnitudes are those of the format's own definition.
TEST(Approximation, rounds_to_the_nearest_tf32_and_ties_away_from_0) {
  auto round = [](float x) { return approximate(FOVEA_APPROX_TF32, x); };
  constexpr float kStep = 0x1p-10f;
  for (float sign : {1.0f, -1.0f}) {
    EXPECT_EQ(round(sign), sign);
    EXPECT_EQ(round(sign * (1 + kStep / 2)), sign * (1 + kStep));
    EXPECT_EQ(round(sign * (1 + kStep * 0.499f)), sign);
    EXPECT_EQ(round(sign * (1 + kStep * 0.501f)), sign * (1 + kStep));
    EXPECT_EQ(round(sign * (1 + 1.5f * kStep)), sign * (1 + 2 * kStep));
    EXPECT_EQ(round(sign * infinity), sign * infinity);
    EXPECT_EQ(round(sign * std::numeric_limits<float>::max()), sign * infinity);
    EXPECT_EQ(round(sign * 0x1p-130f), sign * 0x1p-130f);
    EXPECT_EQ(round(sign * 0x1p-140f), 0);
  }
  EXPECT_TRUE(std::signbit(round(-0.0f)));
  for (float x = 1e-30f; x < 1e30f; x *= 1.07f) {
    int exponent = 0;
    double kept = std::round(std::ldexp(std::frexp(double(x), &exponent), 11));
    EXPECT_EQ(round(x), std::ldexp(kept, exponent - 11));
  }
}

TEST(Approximation, functions_of_doubles_are_those_of_the_host) {
  auto math = services(false).math;
  EXPECT_EQ(math(FOVEA_MATH_EXP, 1, 0), std::exp(1.0));
  EXPECT_EQ(math(FOVEA_MATH_POW, 2, 10), 1024);
  EXPECT_EQ(math(FOVEA_MATH_FMOD, 7, 4), 3);
  EXPECT_EQ(math(FOVEA_MATH_ERF, 0.5, 0), std::erf(0.5));
  EXPECT_TRUE(std::isnan(math(99, 1, 1)));
}
