//===- NormTest.cpp - norms and rotary positions in the oracle ------------===//
//
// fovea.layer_norm, rms_norm and rope against numbers from numpy.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Compiler/Targets/Reference/Evaluate.h"

using namespace fovea;
using namespace fovea::reference;

TEST(LayerNorm, gives_result_mean_and_inverse_deviation) {
  Tensors results = evaluate(R"(
    func.func @main(%x: tensor<2x2x3xf32>, %w: tensor<2x3xf32>, %b: tensor<2x3xf32>)
        -> (tensor<2x2x3xf32>, tensor<2x1x1xf32>, tensor<2x1x1xf32>) {
      %o = tensor.empty() : tensor<2x2x3xf32>
      %s = tensor.empty() : tensor<2x1x1xf32>
      %r:3 = fovea.layer_norm ins(%x, %w : tensor<2x2x3xf32>, tensor<2x3xf32>)
          bias(%b : tensor<2x3xf32>)
          outs(%o, %s, %s : tensor<2x2x3xf32>, tensor<2x1x1xf32>, tensor<2x1x1xf32>)
          {axis = 1 : i64, epsilon = 0.125 : f64}
          -> tensor<2x2x3xf32>, tensor<2x1x1xf32>, tensor<2x1x1xf32>
      return %r#0, %r#1, %r#2 : tensor<2x2x3xf32>, tensor<2x1x1xf32>, tensor<2x1x1xf32>
    })",
                             inputs(wave({2, 2, 3}, 0), wave({2, 3}, 1), wave({2, 3}, 2)));
  ASSERT_EQ(results.size(), 3u);
  expectValues(results[0],
               {0.891688947919748, 0.052111184899684915, 0.8854126878714736, -1.1000381964338535,
                -0.6333206011887156, 0.75, -0.3760475092762272, -0.5760979140899369,
                0.7565370797259117, -0.730388760822265, -1.1391216687280505, 0.75});
  expectValues(results[1], {-0.08333333333333333, -0.125});
  expectValues(results[2], {1.1000381964338535, 1.1129733498244039});
}

TEST(RmsNorm, divides_by_the_root_of_the_mean_square) {
  Tensors results = evaluate(R"(
    func.func @main(%x: tensor<2x3xf32>, %w: tensor<3xf32>) -> tensor<2x3xf32> {
      %r = fovea.rms_norm ins(%x, %w : tensor<2x3xf32>, tensor<3xf32>) outs(%x : tensor<2x3xf32>)
          {axis = 1 : i64, epsilon = 0.125 : f64} -> tensor<2x3xf32>
      return %r : tensor<2x3xf32>
    })",
                             inputs(wave({2, 3}, 0), wave({3}, 1)));
  ASSERT_EQ(results.size(), 1u);
  expectValues(results[0], {0.6933752452815365, 0.6933752452815365, -0.1386750490563073,
                            -0.6762522260005742, 0.33812611300028717, -0.20287566780017227});
}

/// Rotates the first 4 of 5 channels by tables of 3 positions, or by one row per place.
static std::string rope(bool interleaved, bool positions) {
  std::string table = positions ? "tensor<3x2xf32>" : "tensor<1x2x2xf32>";
  return "func.func @main(%x: tensor<1x2x2x5xf32>, %c: " + table + ", %s: " + table +
         (positions ? ", %p: tensor<1x2xi64>" : "") +
         ") -> tensor<1x2x2x5xf32> {\n%r = fovea.rope %x, %c, %s " +
         (positions ? "positions(%p : tensor<1x2xi64>) " : "") + "{rotary_dim = 4 : i64" +
         (interleaved ? ", interleaved" : "") + ", node = \"rotate\"} : tensor<1x2x2x5xf32>, " +
         table + ", " + table + "\nreturn %r : tensor<1x2x2x5xf32>\n}";
}

static Tensors places(double first, double second) {
  return inputs(wave({1, 2, 2, 5}, 0), wave({3, 2}, 1), wave({3, 2}, 2),
                Tensor::of(DType::I64, {1, 2}, {first, second}));
}

TEST(Rope, rotates_halves) {
  Tensors results = evaluate(rope(false, false),
                             inputs(wave({1, 2, 2, 5}, 0), wave({1, 2, 2}, 1), wave({1, 2, 2}, 2)));
  ASSERT_EQ(results.size(), 1u);
  expectValues(results[0],
               {0.75, 1.5625,  -0.0625, 1.1875, 0.25, -0.1875, -0.75,  -0.75, 0.75, 0.75,
                0,    -1.9375, -0.3125, 0.3125, 1.25, -0.9375, 0.5625, 0.5,   0,    -1});
}

TEST(Rope, rotates_interleaved_pairs_at_positions) {
  Tensors results = evaluate(rope(true, true), places(2, 0));
  ASSERT_EQ(results.size(), 1u);
  expectValues(results[0], {-0.75, 1.75, -0.9375, -0.375, 0.25, 0.125,  -0.6875, -0.75, -1.25, 0.75,
                            -1.5,  -1,   0.375,   0.375,  1.25, 0.0625, 0.4375,  1.25,  -0.75, -1});
}

TEST(Rope, reports_a_position_outside_the_tables) {
  RunError error = evaluateFailing(rope(false, true), places(0, 3));
  EXPECT_EQ(error.kind, RunError::Kind::Index);
  EXPECT_EQ(error.node, "rotate");
  EXPECT_EQ(error.value, 3);
  EXPECT_EQ(error.limit, 3);
}
