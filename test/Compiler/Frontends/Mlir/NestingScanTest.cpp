//===- NestingScanTest.cpp - text that would end the process --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Mlir/NestingScan.h"

#include <gtest/gtest.h>

#include <string>

using namespace fovea;

static bool deep(const std::string &text, unsigned limit = 10) {
  return findDeepNesting(text, limit).has_value();
}

static std::string repeat(const std::string &part, unsigned count) {
  std::string text;
  for (unsigned i = 0; i < count; ++i)
    text += part;
  return text;
}

TEST(NestingScan, CountsEveryKindOfBracket) {
  for (const char *open : {"(", "[", "{", "<"}) {
    EXPECT_FALSE(deep(repeat(open, 10))) << open;
    EXPECT_TRUE(deep(repeat(open, 11))) << open;
  }
  EXPECT_TRUE(deep(repeat("([{<", 3)));
}

TEST(NestingScan, CountsWhatIsOpenNotWhatWas) {
  EXPECT_FALSE(deep(repeat("({[<1>]})", 1000)));
  EXPECT_FALSE(deep(repeat("tensor<4xf32>, ", 1000)));
}

TEST(NestingScan, SkipsStringsAndComments) {
  EXPECT_FALSE(deep("\"" + repeat("(", 50) + "\""));
  EXPECT_FALSE(deep(R"("\"((((((((((((((((((((")"));
  EXPECT_FALSE(deep("// " + repeat("(", 50) + "\n"));
  EXPECT_TRUE(deep("// comment\n" + repeat("(", 50)));
  EXPECT_TRUE(deep("\"closed\"" + repeat("(", 50)));
}

TEST(NestingScan, TakesArrowsAndComparisonsForNoBrackets) {
  EXPECT_FALSE(deep(repeat("() -> ", 100)));
  EXPECT_FALSE(deep(repeat("d0 <= d1 ", 100)));
  // An arrow closes nothing.
  EXPECT_TRUE(deep(repeat("< -> ", 11)));
}

TEST(NestingScan, IgnoresClosersThatMatchNothing) {
  EXPECT_TRUE(deep(repeat("[>", 11)));
  EXPECT_TRUE(deep(")))]]]" + repeat("(", 11)));
}

TEST(NestingScan, CountsOperatorsOfOneExpression) {
  EXPECT_TRUE(deep("(d0" + repeat(" + d0", 11) + ")"));
  EXPECT_TRUE(deep("(d0" + repeat(" * 2", 11) + ")"));
  EXPECT_TRUE(deep("(" + repeat("-", 11) + "d0)"));
  EXPECT_TRUE(deep("(" + repeat("- ", 11) + "d0)"));
  EXPECT_TRUE(deep("(d0" + repeat(" floordiv 2", 11) + ")"));
  EXPECT_TRUE(deep("[d0" + repeat("\n mod 2", 11) + "]"));
}

TEST(NestingScan, CountsOperatorsPerElementOfAList) {
  EXPECT_FALSE(deep("[" + repeat("-1, ", 1000) + "-1]"));
  EXPECT_FALSE(deep("(" + repeat("d0 + 1, ", 1000) + "d1)"));
  EXPECT_FALSE(deep("{" + repeat("%0 = arith.constant -1.0e-5 : f32\n", 1000) + "}"));
}

TEST(NestingScan, CountsTheDepthOfAliases) {
  std::string attributes = "#a0 = [1]\n", types = "!a0 = i32\n";
  for (unsigned i = 1; i < 12; ++i) {
    std::string before = std::to_string(i - 1), name = std::to_string(i);
    attributes += "#a" + name + " = [#a" + before + "]\n";
    types += "!a" + name + " = tuple<!a" + before + ">\n";
  }
  EXPECT_TRUE(deep(attributes));
  EXPECT_TRUE(deep(types));
}

TEST(NestingScan, LetsAliasesBeUsedOften) {
  std::string text = "#map = affine_map<(d0) -> (d0)>\nmodule {\n";
  text += repeat("  linalg.generic {indexing_maps = [#map, #map]}\n", 1000) + "}\n";
  EXPECT_FALSE(deep(text));
}

TEST(NestingScan, SaysWhere) {
  auto place = findDeepNesting("module {\n  ((\n", 2);
  ASSERT_TRUE(place.has_value());
  EXPECT_EQ(place->line, 2u);
  EXPECT_EQ(place->column, 4u);
}

TEST(NestingScan, EndsOnTextThatStopsAnywhere) {
  for (const char *text : {"\"", "\"\\", "/", "//", "#", "!", "-", "<", "#a =", "#a\n"})
    EXPECT_FALSE(deep(text)) << text;
}
