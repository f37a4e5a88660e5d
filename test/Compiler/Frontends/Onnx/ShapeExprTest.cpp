//===- ShapeExprTest.cpp - symbolic sizes ---------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Base/SizeExpr.h"

#include <gtest/gtest.h>

using namespace fovea;

namespace {
class ShapeExpr : public ::testing::Test {
protected:
  SizeContext sizes;
  SizeExpr batch = sizes.named("batch"), seq = sizes.named("seq");
};
} // namespace

TEST_F(ShapeExpr, EqualNamesAreOneSymbol) {
  EXPECT_EQ(sizes.named("batch"), batch);
  EXPECT_FALSE(batch == seq);
  EXPECT_EQ(sizes.symbol(*batch.symbol()).name, "batch");
}

TEST_F(ShapeExpr, OrderOfComputationDoesNotMatter) {
  SizeExpr left = sizes.mul(sizes.add(batch, 2), seq);
  SizeExpr right = sizes.add(sizes.mul(seq, batch), sizes.add(seq, seq));
  EXPECT_EQ(left, right);
  EXPECT_TRUE(sizes.sub(left, right).is(0));
}

TEST_F(ShapeExpr, DividesProductsExactly) {
  SizeExpr total = sizes.product({batch, seq, SizeExpr(768)});
  EXPECT_EQ(sizes.floorDiv(total, sizes.mul(seq, batch)), SizeExpr(768));
  EXPECT_EQ(sizes.floorDiv(total, sizes.mul(batch, 12)), sizes.mul(seq, 64));
  SizeExpr sum = sizes.add(batch, seq);
  EXPECT_EQ(sizes.divideExactly(sizes.mul(sum, sum), sum), sum);
  EXPECT_FALSE(sizes.divideExactly(total, sizes.add(seq, 1)));
}

TEST_F(ShapeExpr, QuotientsKeepWholePartsOutside) {
  SizeExpr halves = sizes.floorDiv(sizes.add(seq, 7), 2);
  EXPECT_EQ(halves, sizes.add(sizes.floorDiv(sizes.add(seq, 1), 2), 3));
  EXPECT_EQ(sizes.floorDiv(sizes.add(sizes.mul(seq, 4), 3), 4), seq);
  EXPECT_EQ(sizes.floorDiv(SizeExpr(-3), 2), SizeExpr(-2));
  EXPECT_EQ(sizes.mod(sizes.mul(seq, 6), 3), SizeExpr(0));
}

TEST_F(ShapeExpr, BoundsFoldMinimaAndMaxima) {
  EXPECT_EQ(sizes.max(seq, 0), seq);
  EXPECT_EQ(sizes.min(sizes.add(seq, 1), seq), seq);
  EXPECT_FALSE(sizes.max(sizes.sub(seq, 1), 0).constant());
  EXPECT_EQ(sizes.max(seq, batch), sizes.max(batch, seq));
}

TEST_F(ShapeExpr, AssumptionsProveBounds) {
  SizeExpr less = sizes.sub(seq, 3);
  EXPECT_EQ(sizes.least(less), -3);
  sizes.assume(less, 1);
  EXPECT_EQ(sizes.least(less), 1);
  EXPECT_EQ(sizes.max(sizes.sub(seq, 4), 0), sizes.sub(seq, 4));
  EXPECT_EQ(sizes.least(sizes.mul(seq, batch)), 0);
}

TEST_F(ShapeExpr, BoundsOfOperationsFollowTheirOperands) {
  SizeExpr half = sizes.floorDiv(sizes.add(seq, 1), 2), least = sizes.min(seq, batch);
  SizeExpr most = sizes.max(sizes.add(seq, 1), sizes.add(batch, 2));
  EXPECT_EQ(sizes.least(half), 0);
  EXPECT_EQ(sizes.least(least), 0);
  EXPECT_EQ(sizes.least(most), 2);
  sizes.assume(seq, 9);
  EXPECT_EQ(sizes.least(half), 5);
  EXPECT_EQ(sizes.least(most), 10);
  sizes.assume(batch, 2);
  EXPECT_EQ(sizes.least(least), 2);
}

TEST_F(ShapeExpr, ScopesForgetWhatTheyAssumed) {
  SizeExpr half;
  {
    SizeContext::Scope scope(sizes);
    sizes.assume(seq, 5);
    half = sizes.floorDiv(sizes.add(seq, 1), 2);
    EXPECT_EQ(sizes.least(half), 3);
  }
  EXPECT_EQ(sizes.least(seq), 0);
  EXPECT_EQ(sizes.least(half), 0);
  EXPECT_EQ(sizes.floorDiv(sizes.add(seq, 1), 2), half);
}

TEST_F(ShapeExpr, BoundsTakeLittleTime) {
  SizeExpr sum = seq;
  for (int step = 2; step < 200; ++step)
    sum = sizes.add(sizes.floorDiv(sizes.add(sum, step), 2), sizes.floorDiv(sum, 3));
  for (int step = 0; step < 100; ++step) {
    sizes.assume(batch, step);
    sizes.least(sum);
  }
  EXPECT_TRUE(sizes.least(sum));
}

TEST_F(ShapeExpr, ReportsOverflowInsteadOfWrapping) {
  SizeExpr large = sizes.mul(batch, int64_t(1) << 40);
  EXPECT_FALSE(sizes.overflowed);
  sizes.mul(large, int64_t(1) << 40);
  EXPECT_TRUE(sizes.overflowed);
}

TEST_F(ShapeExpr, DivisionByZeroIsNoSize) {
  sizes.floorDiv(seq, 0);
  EXPECT_TRUE(sizes.overflowed);
}

TEST_F(ShapeExpr, KnowsWhatDependsOnData) {
  SizeExpr data = sizes.value(mlir::Value());
  EXPECT_FALSE(sizes.dependsOnData(sizes.floorDiv(seq, 2)));
  EXPECT_TRUE(sizes.dependsOnData(sizes.min(data, seq)));
}
