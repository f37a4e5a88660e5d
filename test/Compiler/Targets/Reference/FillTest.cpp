//===- FillTest.cpp - made-up inputs and comparisons ----------------------===//
//
// The generator's values are fixed: the numbers here come from its description, in Python.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Data/Fill.h"
#include "compiler/Data/Compare.h"
#include "compiler/Data/Npy.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace fovea;

static Tensor make(llvm::StringRef text, DType dtype, llvm::ArrayRef<int64_t> shape) {
  Fill fill = llvm::cantFail(parseFill(text));
  return llvm::cantFail(makeTensor(fill, dtype, shape));
}

template <typename T> static std::string refusal(llvm::Expected<T> result) {
  return result ? "" : llvm::toString(result.takeError());
}

TEST(Fill, draws_are_fixed) {
  EXPECT_EQ(draw(0, 0), 12035550249420947055ull);
  EXPECT_EQ(draw(7, 3), 11146164815057002045ull);
  Tensor normal = make("randn:7", DType::F64, {4});
  const double want[] = {-0.4761291157271789, -0.6527818855959315, -0.8680472231770234,
                         -0.6666667061231908};
  for (int64_t index = 0; index < 4; ++index)
    EXPECT_NEAR(normal.real(index), want[index], 1e-14);
  Tensor integers = make("randint:-5:30000:3", DType::I64, {4});
  const int64_t numbers[] = {22124, 17797, 18995, 23812};
  for (int64_t index = 0; index < 4; ++index)
    EXPECT_EQ(integers.integer(index), numbers[index]);
}

TEST(Fill, constants_and_ranges) {
  EXPECT_EQ(make("ones", DType::BF16, {2}).real(1), 1);
  EXPECT_EQ(make("zeros", DType::Bool, {2}).integer(1), 0);
  Tensor bits = make("randint:0:2", DType::Bool, {100});
  int64_t set = 0;
  for (int64_t index = 0; index < 100; ++index)
    set += bits.integer(index);
  EXPECT_GT(set, 30);
  EXPECT_LT(set, 70);
}

TEST(Fill, refuses_texts_that_are_none) {
  for (const char *text : {"", "rand", "randn:x", "randn:1:2", "randint", "randint:5",
                           "randint:5:5", "randint:1:2:3:4", "ones:1", "@"})
    EXPECT_NE(refusal(parseFill(text)), "") << text;
  Fill normal = llvm::cantFail(parseFill("randn:1"));
  EXPECT_NE(refusal(makeTensor(normal, DType::I64, {2})).find("randint"), std::string::npos);
}

TEST(Fill, reads_a_file_of_the_right_type) {
  std::string path = ::testing::TempDir() + "/fovea_fill.npy";
  llvm::cantFail(writeNpy(path, Tensor::of(DType::U16, {2}, {0x3f80, 0x4000})));
  Fill fill = llvm::cantFail(parseFill("@" + path));
  Tensor read = llvm::cantFail(makeTensor(fill, DType::BF16, {-1}));
  EXPECT_EQ(read.real(0), 1);
  EXPECT_EQ(read.real(1), 2);
  EXPECT_NE(refusal(makeTensor(fill, DType::F32, {2})).find("expected f32[2], got u16[2]"),
            std::string::npos);
  EXPECT_NE(refusal(makeTensor(fill, DType::BF16, {3})), "");
}

TEST(Compare, measures_distances) {
  Tensor got = Tensor::of(DType::F32, {4}, {1, 2, 0, -4});
  Tensor reference = Tensor::of(DType::F64, {4}, {1, 2 + 0x1p-22, 0, -4.5});
  Comparison result = llvm::cantFail(compare(got, reference));
  EXPECT_EQ(result.maxAbs, 0.5);
  EXPECT_EQ(result.worst, 3);
  EXPECT_DOUBLE_EQ(result.maxRel, 0.5 / 4.5);
  EXPECT_EQ(result.differing, 2);
  EXPECT_EQ(result.ulpP99, 1);
  EXPECT_GT(result.cosine, 0.99);
  EXPECT_TRUE(result.sameClasses());
}

TEST(Compare, counts_nan_and_infinities_apart) {
  double inf = HUGE_VAL;
  Tensor got = Tensor::of(DType::F32, {5}, {NAN, NAN, inf, inf, inf});
  Tensor reference = Tensor::of(DType::F64, {5}, {NAN, 1, inf, -inf, 1e39});
  Comparison result = llvm::cantFail(compare(got, reference));
  EXPECT_EQ(result.nanMismatches, 1);
  EXPECT_EQ(result.infMismatches, 1);
  EXPECT_EQ(result.worst, -1);
  EXPECT_FALSE(result.sameClasses());
}

TEST(Compare, refuses_other_shapes_and_tells_wide_integers_apart) {
  EXPECT_NE(refusal(compare(Tensor::zeros(DType::F32, {2}), Tensor::zeros(DType::F32, {3}))), "");
  Tensor left = Tensor::zeros(DType::I64, {1}), right = Tensor::zeros(DType::I64, {1});
  left.setInteger(0, int64_t(1) << 60);
  right.setInteger(0, (int64_t(1) << 60) + 1);
  EXPECT_EQ(llvm::cantFail(compare(left, right)).differing, 1);
}
