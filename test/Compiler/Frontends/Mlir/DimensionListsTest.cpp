//===- DimensionListsTest.cpp - lists that would end the process ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Mlir/DimensionLists.h"

#include <gtest/gtest.h>

using namespace fovea;

static bool broken(llvm::StringRef text) { return findBrokenDimensions(text).has_value(); }

TEST(DimensionLists, TakesLists) {
  for (const char *list : {"[]", "[1]", "[ 1 ,0 ]", "[-1, 0x10]", "[1, // one\n 0]"}) {
    EXPECT_FALSE(broken("outs(%o : t) permutation = " + std::string(list))) << list;
    EXPECT_FALSE(broken("outs(%o : t)\n  dimensions=" + std::string(list) + " {")) << list;
  }
}

TEST(DimensionLists, FindsWhatIsNone) {
  for (const char *list : {"", "node", "1", "[", "[1", "[1,", "[1,]", "[x]", "[1 0]", "[1.5]",
                           "[1_0]", "[99999999999999999999]", "// [1]", "\"[1]\""}) {
    EXPECT_TRUE(broken("outs(%o : t) permutation = " + std::string(list))) << list;
    EXPECT_TRUE(broken("outs(%o : t) // then\ndimensions = " + std::string(list))) << list;
  }
}

TEST(DimensionLists, LooksBehindOperandsOnly) {
  for (const char *text : {"{permutation = node}", "\") permutation = node\"", "%dimensions = op",
                           "// ) permutation = node", ") permutation", ") other = node", ")"})
    EXPECT_FALSE(broken(text)) << text;
}

TEST(DimensionLists, SaysWhere) {
  std::optional<TextPlace> place = findBrokenDimensions("one\nouts() permutation = [1, x]");
  ASSERT_TRUE(place);
  EXPECT_EQ(place->line, 2u);
  EXPECT_EQ(place->column, 26u);
}
