//===- SafeTensorsTest.cpp - every rule of the format has a file it refuses ===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/SafeTensors/SafeTensors.h"
#include "test/Compiler/Frontends/SafeTensors/Files.h"

using namespace fovea;
using namespace fovea::test;

/// Refused, with a reason that has `part` in it.
static void expectRefused(const std::string &file, const std::string &part) {
  std::string why;
  EXPECT_FALSE(parseSafeTensors(file, why).has_value());
  EXPECT_NE(why.find(part), std::string::npos) << why;
}

static void expectHeaderRefused(const std::string &header, size_t dataBytes,
                                const std::string &part) {
  expectRefused(fileWith(header, dataBytes), part);
}

TEST(SafeTensors, ReadsEntriesInAnyOrderAndEmptyTensors) {
  std::string header =
      "{\"__metadata__\":{\"format\":\"pt\"}," + entry("b", "BF16", "[2]", 24, 28) + "," +
      entry("e", "F32", "[0,5]", 24, 24) + "," + entry("a", "F32", "[2,3]", 0, 24) + "}   ";
  std::string why;
  auto table = parseSafeTensors(fileWith(header, 28), why);
  ASSERT_TRUE(table.has_value()) << why;
  EXPECT_EQ(table->size(), 3u);
  EXPECT_EQ((*table)["a"].offset, 8 + header.size());
  EXPECT_EQ((*table)["a"].shape, (llvm::SmallVector<int64_t, 4>{2, 3}));
  EXPECT_EQ((*table)["b"].dtype, TensorDtype::BF16);
  EXPECT_EQ((*table)["b"].offset, 8 + header.size() + 24);
  EXPECT_EQ((*table)["e"].size, 0u);
}

TEST(SafeTensors, ReadsScalarsAndEveryDtype) {
  const std::pair<const char *, unsigned> dtypes[] = {
      {"F64", 8}, {"F32", 4}, {"F16", 2}, {"BF16", 2}, {"I64", 8},
      {"I32", 4}, {"I16", 2}, {"I8", 1},  {"U8", 1},   {"BOOL", 1}};
  for (auto [name, bytes] : dtypes) {
    std::string why;
    auto table =
        parseSafeTensors(fileWith("{" + entry("x", name, "[]", 0, bytes) + "}", bytes), why);
    ASSERT_TRUE(table.has_value()) << name << ": " << why;
    EXPECT_EQ(nameOf((*table)["x"].dtype), name);
    EXPECT_EQ(bytesOf((*table)["x"].dtype), bytes);
  }
}

TEST(SafeTensors, RefusesFilesShorterThanTheirHeader) {
  expectRefused("", "shorter");
  expectRefused("1234567", "shorter");
  expectRefused(fileWith("{}", 0, 3), "header of 3 bytes");
  expectRefused(fileWith("{}", 0, ~uint64_t(0) - 1), "header of");
  expectRefused(fileWith("{}", 0, uint64_t(1) << 63), "header of");
}

TEST(SafeTensors, RefusesHeadersOverTheCapBeforeReadingThem) {
  expectRefused(fileWith("{}", 0, 100'000'001), "100 MB");
}

TEST(SafeTensors, RefusesHeadersThatAreNoObject) {
  expectHeaderRefused("", 0, "starts with '{'");
  expectHeaderRefused("[]", 0, "starts with '{'");
  expectHeaderRefused(" {}", 0, "starts with '{'");
  expectHeaderRefused("{\"a\":", 0, "invalid JSON");
  expectHeaderRefused("{}{}", 0, "invalid JSON");
  expectHeaderRefused("{\"a\xff\":1}", 0, "invalid JSON");
}

TEST(SafeTensors, RefusesDeepHeaders) {
  expectHeaderRefused("{\"a\":" + std::string(100'000, '['), 0, "nested deeper");
  expectHeaderRefused("{\"a\":{\"b\":{\"c\":{}}}}", 0, "nested deeper");
}

TEST(SafeTensors, RefusesDuplicateKeys) {
  std::string a = entry("a", "F32", "[1]", 0, 4);
  expectHeaderRefused("{" + a + "," + a + "}", 4, "duplicate key");
  // The same key, written differently.
  expectHeaderRefused("{" + a + "," + entry("\\u0061", "F32", "[1]", 0, 4) + "}", 4,
                      "duplicate key");
  expectHeaderRefused("{\"a\":{\"dtype\":\"F32\",\"dtype\":\"I8\",\"shape\":[1],"
                      "\"data_offsets\":[0,4]}}",
                      4, "duplicate key");
}

TEST(SafeTensors, RefusesOtherKeysAndMissingKeys) {
  expectHeaderRefused("{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, "exactly the keys");
  expectHeaderRefused("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"offset\":[0,4]}}", 4,
                      "exactly the keys");
  expectHeaderRefused(
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"location\":\"/x\"}}", 4,
      "exactly the keys");
  expectHeaderRefused("{\"a\":7}", 0, "exactly the keys");
}

TEST(SafeTensors, RefusesMetadataThatIsNoStringMap) {
  expectHeaderRefused("{\"__metadata__\":7}", 0, "__metadata__");
  expectHeaderRefused("{\"__metadata__\":{\"a\":1}}", 0, "__metadata__");
}

TEST(SafeTensors, RefusesUnknownDtypes) {
  expectHeaderRefused("{" + entry("a", "F8_E4M3", "[4]", 0, 4) + "}", 4, "unsupported dtype");
  expectHeaderRefused("{" + entry("a", "f32", "[1]", 0, 4) + "}", 4, "unsupported dtype");
  expectHeaderRefused("{\"a\":{\"dtype\":32,\"shape\":[1],\"data_offsets\":[0,4]}}", 4,
                      "unsupported dtype");
}

TEST(SafeTensors, RefusesBadShapes) {
  expectHeaderRefused("{" + entry("a", "F32", "[-1]", 0, 4) + "}", 4, "expected a shape");
  expectHeaderRefused("{" + entry("a", "F32", "[1.5]", 0, 4) + "}", 4, "expected a shape");
  expectHeaderRefused("{" + entry("a", "F32", "[\"1\"]", 0, 4) + "}", 4, "expected a shape");
  expectHeaderRefused("{" + entry("a", "F32", "1", 0, 4) + "}", 4, "expected a shape");
  expectHeaderRefused("{" + entry("a", "F32", "[99999999999999999999]", 0, 4) + "}", 4,
                      "expected a shape");
  expectHeaderRefused("{" + entry("a", "I8", "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]", 0, 1) + "}", 1,
                      "expected a shape");
}

TEST(SafeTensors, RefusesSizesThatOverflow) {
  // 2^62 * 4 elements and 2^62 * 4 bytes wrap to 0.
  expectHeaderRefused("{" + entry("a", "I8", "[4611686018427387904,4]", 0, 0) + "}", 0, "2^63");
  expectHeaderRefused("{" + entry("a", "F32", "[4611686018427387904]", 0, 0) + "}", 0, "2^63");
  // A 0 does not hide the overflow beside it.
  expectHeaderRefused("{" + entry("a", "F32", "[0,4611686018427387904,4]", 0, 0) + "}", 0, "2^63");
}

TEST(SafeTensors, RefusesOffsetsThatAreNoRange) {
  std::string front = "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":";
  expectHeaderRefused(front + "[4,0]}}", 4, "data_offsets");
  expectHeaderRefused(front + "[-4,0]}}", 4, "data_offsets");
  expectHeaderRefused(front + "[0]}}", 4, "data_offsets");
  expectHeaderRefused(front + "[0,4,8]}}", 8, "data_offsets");
  expectHeaderRefused(front + "\"0,4\"}}", 4, "data_offsets");
}

TEST(SafeTensors, RefusesRangesThatDisagreeWithTheShape) {
  expectHeaderRefused("{" + entry("a", "F32", "[2]", 0, 4) + "}", 4, "its range has 4 bytes");
  expectHeaderRefused("{" + entry("a", "F16", "[2]", 0, 8) + "}", 8, "its range has 8 bytes");
}

TEST(SafeTensors, RefusesDataThatIsNotCoveredExactly) {
  std::string a = entry("a", "F32", "[1]", 0, 4);
  expectHeaderRefused("{" + a + "}", 5, "end at byte 4 of 5");
  expectHeaderRefused("{" + a + "}", 3, "end at byte 4 of 3");
  expectHeaderRefused("{}", 1, "end at byte 0 of 1");
  expectHeaderRefused("{" + a + "," + entry("b", "F32", "[1]", 5, 9) + "}", 9, "gap or overlap");
  expectHeaderRefused("{" + a + "," + entry("b", "F32", "[1]", 0, 4) + "}", 4, "gap or overlap");
  expectHeaderRefused("{" + entry("b", "F32", "[1]", 4, 8) + "}", 8, "gap or overlap");
}

TEST(SafeTensors, RefusesEveryPrefixOfASoundFile) {
  std::string file = fileWith("{" + entry("a", "F32", "[2]", 0, 8) + "}", 8), why;
  ASSERT_TRUE(parseSafeTensors(file, why).has_value()) << why;
  for (size_t length = 0; length < file.size(); ++length)
    EXPECT_FALSE(parseSafeTensors(file.substr(0, length), why).has_value()) << length;
}
