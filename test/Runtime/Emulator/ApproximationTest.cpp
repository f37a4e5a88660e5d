//===- ApproximationTest.cpp - functions that the hardware approximates ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Emulator/Services.h"
#include "runtime/include/fovea_abi.h"

#include <bit>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>

using fovea::emulator::services;

static float approximate(int32_t function, float x) {
  return services(true).approximate(function, x);
}

static constexpr float infinity = std::numeric_limits<float>::infinity();

namespace {

/// A function with what the PTX ISA says of the hardware's: bounds of the relative error, and of
/// the absolute one where the result is within 1 of zero (0 for none).
struct Function {
  int32_t number;
  double (*exact)(double);
  double relative, absolute;
  /// Arguments: from `first`, `step` apart, or times `step` each where they are positive.
  float first, last, step;
  bool isPositive;

  float next(float x) const { return isPositive ? x * step : x + step; }

  bool isWithinBounds(float x, float result) const {
    double is = exact(double(x)), error = std::fabs(double(result) - is);
    return error <= relative * std::fabs(is) || (std::fabs(is) < 1 && error <= absolute);
  }
};

/// A function's result for an argument, as bits of f32.
struct Pin {
  int32_t function;
  uint32_t argument, result;
};

} // namespace

static double reciprocal(double x) { return 1 / x; }
static double reciprocalRoot(double x) { return 1 / std::sqrt(x); }
static double exp2OfDouble(double x) { return std::exp2(x); }
static double log2OfDouble(double x) { return std::log2(x); }
static double tanhOfDouble(double x) { return std::tanh(x); }

// As in Approximate.h; 0x1.84p-23 is 2^-22.4.
static const Function functions[] = {
    {FOVEA_APPROX_EX2, exp2OfDouble, 0x1p-22, 0, -126, 127, 0.37f, false},
    {FOVEA_APPROX_LG2, log2OfDouble, 0x1p-22, 0x1p-22, 1e-30f, 1e30f, 1.07f, true},
    {FOVEA_APPROX_RCP, reciprocal, 0x1p-23, 0, 1e-30f, 1e30f, 1.07f, true},
    {FOVEA_APPROX_RSQRT, reciprocalRoot, 0x1.84p-23, 0, 1e-30f, 1e30f, 1.07f, true},
    {FOVEA_APPROX_TANH, tanhOfDouble, 0x1p-11, 0, -9, 9, 0.013f, false},
};

/// Exact values were computed with 60 digits. The last three of each function are those of 4000
/// arguments whose exact result is nearest to the middle between two floats.
static const Pin pins[] = {
    {FOVEA_APPROX_EX2, 0x3f000000, 0x3fb504f3},   {FOVEA_APPROX_EX2, 0xbfa00000, 0x3ed744fd},
    {FOVEA_APPROX_EX2, 0x42c8999a, 0x719d963a},   {FOVEA_APPROX_EX2, 0xc111c8e2, 0x3aecf3f0},
    {FOVEA_APPROX_EX2, 0x4150ceae, 0x46048e5a},   {FOVEA_APPROX_EX2, 0x408f5675, 0x41b270ea},
    {FOVEA_APPROX_LG2, 0x40400000, 0x3fcae00d},   {FOVEA_APPROX_LG2, 0x3f400000, 0xbed47fcc},
    {FOVEA_APPROX_LG2, 0x0da24260, 0xc2c750d1},   {FOVEA_APPROX_LG2, 0x3d0f25a0, 0xc09ad632},
    {FOVEA_APPROX_LG2, 0x3b56b6ef, 0xc1040f41},   {FOVEA_APPROX_LG2, 0x3634583a, 0xc1940b08},
    {FOVEA_APPROX_RCP, 0x40400000, 0x3eaaaaab},   {FOVEA_APPROX_RCP, 0xc0e00000, 0xbe124925},
    {FOVEA_APPROX_RCP, 0x3dcccccd, 0x41200000},   {FOVEA_APPROX_RCP, 0x225e2593, 0x5c93818f},
    {FOVEA_APPROX_RCP, 0xba1dca8b, 0xc4cfaab8},   {FOVEA_APPROX_RCP, 0xd88a5e2f, 0xa66cd164},
    {FOVEA_APPROX_RSQRT, 0x40000000, 0x3f3504f3}, {FOVEA_APPROX_RSQRT, 0x40400000, 0x3f13cd3a},
    {FOVEA_APPROX_RSQRT, 0x41200000, 0x3ea1e89b}, {FOVEA_APPROX_RSQRT, 0x25228b4a, 0x4ca0a2f5},
    {FOVEA_APPROX_RSQRT, 0x36f5c4b4, 0x43b8bfbb}, {FOVEA_APPROX_RSQRT, 0x39f0b936, 0x423aacc1},
    {FOVEA_APPROX_TANH, 0x3f000000, 0x3eec9a9f},  {FOVEA_APPROX_TANH, 0xc0000000, 0xbf76ca83},
    {FOVEA_APPROX_TANH, 0x3a83126f, 0x3a83126c},  {FOVEA_APPROX_TANH, 0xc07e0bf2, 0xbf7fd148},
    {FOVEA_APPROX_TANH, 0x40aae297, 0x3f7ffcfc},  {FOVEA_APPROX_TANH, 0xc03a076d, 0xbf7e79a0},
};

/// True for the f32 next to `exact`, whose distance is half a unit of it at most.
static bool isNearest(float result, double exact) {
  float towards = double(result) < exact ? infinity : -infinity;
  double other = std::nextafter(result, towards);
  return std::fabs(double(result) - exact) <= std::fabs(other - exact);
}

TEST(Approximation, has_pinned_bits) {
  for (const Pin &pin : pins)
    EXPECT_EQ(
        std::bit_cast<uint32_t>(approximate(pin.function, std::bit_cast<float>(pin.argument))),
        pin.result)
        << "function " << pin.function << " of " << std::bit_cast<float>(pin.argument);
}

TEST(Approximation, is_rounded_correctly_within_the_bounds_of_the_hardware) {
  for (const Function &function : functions)
    for (float x = function.first; x < function.last; x = function.next(x)) {
      float result = approximate(function.number, x);
      EXPECT_TRUE(isNearest(result, function.exact(double(x)))) << function.number << " of " << x;
      EXPECT_TRUE(function.isWithinBounds(x, result)) << function.number << " of " << x;
    }
}

TEST(Approximation, a_unit_off_is_seen) {
  for (const Function &function : functions)
    for (float x = function.first; x < function.last; x = function.next(x))
      for (float to : {-infinity, infinity}) {
        float off = std::nextafter(approximate(function.number, x), to);
        EXPECT_FALSE(isNearest(off, function.exact(double(x)))) << function.number << " of " << x;
      }
}

TEST(Approximation, bounds_of_the_hardware_are_bounds) {
  for (const Function &function : functions) {
    float x = 0.6f, result = approximate(function.number, x);
    float bound = float(std::fmax(function.relative * std::fabs(result), function.absolute));
    EXPECT_TRUE(function.isWithinBounds(x, result + 0.9f * bound)) << function.number;
    EXPECT_FALSE(function.isWithinBounds(x, result + 1.6f * bound)) << function.number;
  }
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
