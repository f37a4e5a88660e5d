//===- ContractTest.cpp - fovea.contract in the oracle --------------------===//
//
// Products over different maps and element types, against numbers from numpy.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Compiler/Targets/Reference/Evaluate.h"

using namespace fovea;
using namespace fovea::reference;

/// A contraction of two arguments whose epilogue yields the sum.
static std::string product(std::string left, std::string right, std::string out, std::string dims,
                           std::string leftMap, std::string rightMap, std::string outMap,
                           std::string sum = "f32") {
  auto map = [&](const std::string &results) {
    return "affine_map<" + dims + "->" + results + ">";
  };
  return "func.func @main(%a: " + left + ", %b: " + right + ") -> " + out +
         " {\n%o = tensor.empty() : " + out + "\n%r = fovea.contract ins(%a, %b : " + left + ", " +
         right + ") outs(%o : " + out + ") {indexing_maps = [" + map(leftMap) + ", " +
         map(rightMap) + ", " + map(outMap) + "]} epilogue {\n^bb0(%s: " + sum +
         "):\nfovea.yield %s : " + sum + "\n} -> " + out + "\nreturn %r : " + out + "\n}";
}

static std::string matmul(std::string m, std::string n, std::string k, std::string type,
                          std::string sum) {
  return product(
      "tensor<" + m + "x" + k + "x" + type + ">", "tensor<" + k + "x" + n + "x" + type + ">",
      "tensor<" + m + "x" + n + "x" + sum + ">", "(m, n, k)", "(m, k)", "(k, n)", "(m, n)", sum);
}

TEST(Contract, multiplies_matrices) {
  Tensors results =
      evaluate(matmul("2", "3", "4", "f32", "f32"), inputs(wave({2, 4}, 0), wave({4, 3}, 1)));
  ASSERT_EQ(results.size(), 1u);
  expectValues(results[0], {-0.8125, -0.8125, -0.8125, -0.5625, 0.3125, -0.1875});
}

TEST(Contract, multiplies_by_a_transposed_matrix_into_a_transposed_result) {
  Tensors results = evaluate(product("tensor<2x4xf32>", "tensor<3x4xf32>", "tensor<3x2xf32>",
                                     "(m, n, k)", "(m, k)", "(n, k)", "(n, m)"),
                             inputs(wave({2, 4}, 0), wave({3, 4}, 1)));
  ASSERT_EQ(results.size(), 1u);
  expectValues(results[0], {0.1875, -0.8125, 0.1875, -0.75, -1.1875, 1.375});
}

TEST(Contract, broadcasts_over_batches) {
  Tensors results =
      evaluate(product("tensor<2x2x2x3xf32>", "tensor<2x3x2xf32>", "tensor<2x2x2x2xf32>",
                       "(x, h, m, n, k)", "(x, h, m, k)", "(h, k, n)", "(x, m, h, n)"),
               inputs(wave({2, 2, 2, 3}, 0), wave({2, 3, 2}, 1)));
  ASSERT_EQ(results.size(), 1u);
  expectValues(results[0], {0.25, -1.9375, -1.5, 1.25, -1.3125, 1.375, -1.3125, 1.5, 0.875, 1,
                            0.625, 0.875, 0.6875, 0.875, 0.8125, 1.125});
}

TEST(Contract, convolves_with_stride_and_dilation) {
  Tensors results =
      evaluate(product("tensor<1x2x7x3xf32>", "tensor<2x2x2x2xf32>", "tensor<1x2x3x2xf32>",
                       "(n, f, y, x, c, r, s)", "(n, c, y * 2 + r * 2, x + s)", "(f, c, r, s)",
                       "(n, f, y, x)"),
               inputs(wave({1, 2, 7, 3}, 0), wave({2, 2, 2, 2}, 1)));
  ASSERT_EQ(results.size(), 1u);
  expectValues(results[0], {2.75, -2.375, 0.875, -2.1875, -2.375, 0.75, 1.125, -1.1875, 1, 0.75,
                            -1.1875, -2.8125});
}

TEST(Contract, follows_maps_with_floordiv) {
  Tensors results = evaluate(product("tensor<4x3xf32>", "tensor<2x3xf32>", "tensor<4xf32>",
                                     "(h, d)", "(h, d)", "(h floordiv 2, d)", "(h)"),
                             inputs(wave({4, 3}, 0), wave({2, 3}, 1)));
  ASSERT_EQ(results.size(), 1u);
  expectValues(results[0], {1.125, -0.5, -0.75, -0.8125});
}

TEST(Contract, sums_more_than_one_row_of_lanes) {
  Tensors results =
      evaluate(matmul("2", "300", "2", "f32", "f32"), inputs(wave({2, 2}, 0), wave({2, 300}, 1)));
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0].real(299), -0.3125);
  EXPECT_EQ(results[0].real(300 + 128), 0.25);
}

TEST(Contract, an_empty_sum_is_zero) {
  Tensors results =
      evaluate(matmul("2", "2", "0", "f32", "f32"), inputs(wave({2, 0}, 0), wave({0, 2}, 1)));
  ASSERT_EQ(results.size(), 1u);
  expectValues(results[0], {0, 0, 0, 0});
}

TEST(Contract, sums_bytes_in_i32_with_wrap_around) {
  Tensors bytes = inputs(Tensor::of(DType::I8, {1, 2}, {-128, 127}),
                         Tensor::of(DType::I8, {2, 1}, {-128, -128}));
  Tensors results = evaluate(matmul("1", "1", "2", "i8", "i32"), bytes);
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0].dtype(), DType::I32);
  EXPECT_EQ(results[0].integer(0), 128);

  Tensors words = inputs(Tensor::of(DType::I32, {1, 2}, {65536, 3}),
                         Tensor::of(DType::I32, {2, 1}, {65536, 5}));
  results = evaluate(matmul("1", "1", "2", "i32", "i32"), words);
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0].integer(0), 15);
}

TEST(Contract, plain_mode_sums_in_f32_in_order) {
  Tensors operands = inputs(Tensor::of(DType::F32, {1, 3}, {1e8, 1, -1e8}),
                            Tensor::of(DType::F32, {3, 1}, {1, 1, 1}));
  std::string text = matmul("1", "1", "3", "f32", "f32");
  Tensors exact = evaluate(text, operands), plain = evaluate(text, operands, Mode::Plain);
  ASSERT_EQ(exact.size(), 1u);
  ASSERT_EQ(plain.size(), 1u);
  EXPECT_EQ(exact[0].real(0), 1);
  EXPECT_EQ(plain[0].real(0), 0);
}

TEST(Contract, epilogue_sees_the_sum_and_captures) {
  Tensors results =
      evaluate(R"(
    func.func @main(%a: tensor<2x2xf16>, %b: tensor<2x3xf16>, %c: tensor<3xf32>)
        -> tensor<2x3xf16> {
      %o = tensor.empty() : tensor<2x3xf16>
      %r = fovea.contract ins(%a, %b : tensor<2x2xf16>, tensor<2x3xf16>)
          captures(%c : tensor<3xf32>) outs(%o : tensor<2x3xf16>)
          {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>,
                            affine_map<(m, n, k) -> (n)>, affine_map<(m, n, k) -> (m, n)>]}
          epilogue {
          ^bb0(%s: f32, %x: f32):
            %y = arith.addf %s, %x : f32
            %z = math.exp %y : f32
            %h = arith.truncf %z : f32 to f16
            fovea.yield %h : f16
          } -> tensor<2x3xf16>
      return %r : tensor<2x3xf16>
    })",
               inputs(wave({2, 2}, 0, DType::F16), wave({2, 3}, 1, DType::F16), wave({3}, 2)));
  ASSERT_EQ(results.size(), 1u);
  expectValues(results[0], {1.6487212707001282, 0.1632455124539584, 1.988737469582292,
                            0.645648526427892, 0.8824969025845953, 2.398875293967098});
}

TEST(Contract, refuses_extents_that_disagree) {
  std::string text = matmul("2", "2", "?", "f32", "f32");
  RunError error = evaluateFailing(text, inputs(wave({2, 2}, 0), wave({3, 2}, 1)));
  EXPECT_EQ(error.kind, RunError::Kind::Shape);
}
