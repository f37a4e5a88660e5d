//===- BoundedJsonTest.cpp - limits on JSON of unknown origin -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/SafeTensors/BoundedJson.h"

#include <gtest/gtest.h>

using namespace fovea;

static std::string reasonFor(llvm::StringRef text, const JsonLimits &limits = {}) {
  std::string why;
  return parseBoundedJson(text, limits, why) ? "" : why;
}

TEST(BoundedJson, AcceptsWhatStringsHold) {
  EXPECT_EQ(reasonFor(R"({"a:b,[{": "\"]}:,", "c": [1, {"a": 2}, {"a": 3}]})"), "");
}

TEST(BoundedJson, RefusesMoreBytesThanTheLimit) {
  JsonLimits limits;
  limits.bytes = 4;
  EXPECT_EQ(reasonFor("[12]", limits), "");
  EXPECT_NE(reasonFor("[123]", limits).find("5 bytes"), std::string::npos);
}

TEST(BoundedJson, RefusesMoreDepthThanTheLimit) {
  JsonLimits limits;
  limits.depth = 2;
  EXPECT_EQ(reasonFor("[[1],[2]]", limits), "");
  EXPECT_NE(reasonFor("[[[1]]]", limits).find("deeper than 2"), std::string::npos);
  EXPECT_NE(reasonFor(std::string(1'000'000, '[')).find("deeper than 32"), std::string::npos);
  // Closers that match nothing do not lower the count.
  EXPECT_NE(reasonFor("]]]]" + std::string(40, '[')).find("deeper"), std::string::npos);
}

TEST(BoundedJson, RefusesMoreValuesThanTheLimit) {
  JsonLimits limits;
  limits.separators = 3;
  EXPECT_EQ(reasonFor("[1,2,3,4]", limits), "");
  EXPECT_NE(reasonFor("[1,2,3,4,5]", limits).find("more than 3"), std::string::npos);
}

TEST(BoundedJson, RefusesDuplicateKeysAtAnyDepth) {
  EXPECT_NE(reasonFor(R"({"a":1,"a":2})").find("duplicate"), std::string::npos);
  EXPECT_NE(reasonFor(R"([{"x":{"a":1,"a":1}}])").find("duplicate"), std::string::npos);
}

TEST(BoundedJson, RefusesTextThatIsNoJson) {
  EXPECT_NE(reasonFor("{'a':1}").find("invalid JSON"), std::string::npos);
  EXPECT_NE(reasonFor("").find("invalid JSON"), std::string::npos);
  EXPECT_NE(reasonFor("\"\\").find("invalid JSON"), std::string::npos);
}
