//===- LinalgTest.cpp - linalg in the oracle ------------------------------===//
//
// Structured operations through compiled regions and, where a region has control flow, element by
// element; softmax.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Compiler/Targets/Reference/Evaluate.h"

using namespace fovea;
using namespace fovea::reference;

TEST(Linalg, broadcasts_and_captures_scalars) {
  Tensors results = evaluate(R"(
    func.func @main(%x: tensor<?x3xf32>, %b: tensor<3xf32>) -> tensor<?x3xf32> {
      %c0 = arith.constant 0 : index
      %d = tensor.dim %x, %c0 : tensor<?x3xf32>
      %o = tensor.empty(%d) : tensor<?x3xf32>
      %two = arith.constant 2.0 : f32
      %r = linalg.generic {
          indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>,
                           affine_map<(i, j) -> (i, j)>],
          iterator_types = ["parallel", "parallel"]}
          ins(%x, %b : tensor<?x3xf32>, tensor<3xf32>) outs(%o : tensor<?x3xf32>) {
      ^bb0(%u: f32, %v: f32, %w: f32):
        %s = arith.mulf %u, %two : f32
        %t = arith.addf %s, %v : f32
        linalg.yield %t : f32
      } -> tensor<?x3xf32>
      return %r : tensor<?x3xf32>
    })",
                             inputs(wave({2, 3}, 0), wave({3}, 1)));
  ASSERT_EQ(results.size(), 1u);
  expectValues(results[0], {-3, 2.25, -0.75, 2, 1.75, -1.25});
}

TEST(Linalg, reduces_over_either_dimension_and_adds_to_the_destination) {
  auto text = [](std::string extent, std::string result, std::string types) {
    std::string out = "tensor<" + extent + "xf32>";
    return "func.func @main(%x: tensor<2x3xf32>, %o: " + out + ") -> " + out +
           " {\n%r = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, "
           "affine_map<(i, j) -> (" +
           result + ")>], iterator_types = [" + types +
           "]} ins(%x : tensor<2x3xf32>) outs(%o : " + out +
           ") {\n^bb0(%u: f32, %w: f32):\n%s = arith.addf %w, %u : f32\nlinalg.yield %s : f32\n} "
           "-> " +
           out + "\nreturn %r : " + out + "\n}";
  };
  Tensors rows = evaluate(text("2", "i", "\"parallel\", \"reduction\""),
                          inputs(wave({2, 3}, 0), wave({2}, 1)));
  Tensors columns = evaluate(text("3", "j", "\"reduction\", \"parallel\""),
                             inputs(wave({2, 3}, 0), wave({3}, 1)));
  ASSERT_EQ(rows.size(), 1u);
  ASSERT_EQ(columns.size(), 1u);
  expectValues(rows[0], {-1.75, 2});
  expectValues(columns[0], {-0.5, 2, -1});
}

/// Rows of a table at checked indices, as a gather is imported.
static const char *const gather = R"(
  func.func @main(%table: tensor<3x2xf32>, %at: tensor<4xi64>) -> tensor<4x2xf32> {
    %rows = arith.constant 3 : index
    %o = tensor.empty() : tensor<4x2xf32>
    %r = linalg.generic {
        indexing_maps = [affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i, j)>],
        iterator_types = ["parallel", "parallel"]}
        ins(%at : tensor<4xi64>) outs(%o : tensor<4x2xf32>) {
    ^bb0(%u: i64, %w: f32):
      %i = fovea.checked_index %u in %rows wrap node "embed/Gather" : i64
      %j = linalg.index 1 : index
      %x = tensor.extract %table[%i, %j] : tensor<3x2xf32>
      linalg.yield %x : f32
    } -> tensor<4x2xf32>
    return %r : tensor<4x2xf32>
  })";

TEST(Linalg, gathers_at_checked_indices) {
  Tensors results =
      evaluate(gather, inputs(wave({3, 2}, 0), Tensor::of(DType::I64, {4}, {2, 0, -1, -3})));
  ASSERT_EQ(results.size(), 1u);
  expectValues(results[0], {0.25, -0.75, -1.25, 0.5, 0.25, -0.75, -1.25, 0.5});
}

TEST(Linalg, reports_the_first_index_outside) {
  RunError error =
      evaluateFailing(gather, inputs(wave({3, 2}, 0), Tensor::of(DType::I64, {4}, {2, -4, 5, 0})));
  EXPECT_EQ(error.kind, RunError::Kind::Index);
  EXPECT_EQ(error.node, "embed/Gather");
  EXPECT_EQ(error.value, -4);
  EXPECT_EQ(error.limit, 3);
  EXPECT_NE(error.message.find("embed/Gather"), std::string::npos);
}

TEST(Linalg, runs_regions_with_control_flow_element_by_element) {
  Tensors results = evaluate(R"(
    func.func @main(%x: tensor<3xi64>) -> tensor<3xi64> {
      %o = tensor.empty() : tensor<3xi64>
      %r = linalg.generic {
          indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (2 - i)>],
          iterator_types = ["parallel"]} ins(%x : tensor<3xi64>) outs(%o : tensor<3xi64>) {
      ^bb0(%u: i64, %w: i64):
        %i = linalg.index 0 : index
        %k = arith.index_cast %i : index to i64
        %p = arith.cmpi slt, %u, %k : i64
        %y = scf.if %p -> (i64) {
          %z = arith.muli %u, %k : i64
          scf.yield %z : i64
        } else {
          scf.yield %k : i64
        }
        linalg.yield %y : i64
      } -> tensor<3xi64>
      return %r : tensor<3xi64>
    })",
                             inputs(Tensor::of(DType::I64, {3}, {5, -3, 1})));
  ASSERT_EQ(results.size(), 1u);
  expectValues(results[0], {2, -3, 0});
}

TEST(Linalg, fills_empty_and_full_tensors) {
  Tensors results = evaluate(R"(
    func.func @main() -> (tensor<0x2xf32>, tensor<2xi8>) {
      %x = arith.constant 1.5 : f32
      %k = arith.constant -7 : i8
      %e = tensor.empty() : tensor<0x2xf32>
      %f = tensor.empty() : tensor<2xi8>
      %a = linalg.fill ins(%x : f32) outs(%e : tensor<0x2xf32>) -> tensor<0x2xf32>
      %b = linalg.fill ins(%k : i8) outs(%f : tensor<2xi8>) -> tensor<2xi8>
      return %a, %b : tensor<0x2xf32>, tensor<2xi8>
    })",
                             {});
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[0].count(), 0);
  expectValues(results[1], {-7, -7});
}

TEST(Linalg, softmax_along_either_dimension) {
  auto text = [](std::string dim) {
    return "func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {\n"
           "%o = tensor.empty() : tensor<2x3xf32>\n%r = linalg.softmax dimension(" +
           dim +
           ") ins(%x : tensor<2x3xf32>) outs(%o : tensor<2x3xf32>) -> tensor<2x3xf32>\n"
           "return %r : tensor<2x3xf32>\n}";
  };
  Tensors rows = evaluate(text("1"), inputs(wave({2, 3}, 0)));
  Tensors columns = evaluate(text("0"), inputs(wave({2, 3}, 0)));
  ASSERT_EQ(rows.size(), 1u);
  ASSERT_EQ(columns.size(), 1u);
  expectValues(rows[0], {0.11271920470830459, 0.6486542370516473, 0.23862655824004825,
                         0.6652409557748218, 0.24472847105479764, 0.09003057317038046});
  expectValues(columns[0], {0.07585818002124356, 0.5621765008857981, 0.5621765008857981,
                            0.9241418199787566, 0.4378234991142019, 0.4378234991142019});
}
