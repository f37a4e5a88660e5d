//===- TensorOpsTest.cpp - tensor, scf and calls in the oracle ------------===//
//
// Shapes, slices and loops over tensors.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Compiler/Targets/Reference/Evaluate.h"

using namespace fovea;
using namespace fovea::reference;

TEST(TensorOps, take_and_put_slices) {
  Tensors results =
      evaluate(R"(
    func.func @main(%x: tensor<3x4xi32>) -> (tensor<2x2xi32>, tensor<2xi32>, tensor<3x4xi32>) {
      %a = tensor.extract_slice %x[0, 1] [2, 2] [2, 2] : tensor<3x4xi32> to tensor<2x2xi32>
      %b = tensor.extract_slice %x[1, 2] [1, 2] [1, 1] : tensor<3x4xi32> to tensor<2xi32>
      %c = tensor.insert_slice %b into %x[2, 0] [1, 2] [1, 2] : tensor<2xi32> into tensor<3x4xi32>
      return %a, %b, %c : tensor<2x2xi32>, tensor<2xi32>, tensor<3x4xi32>
    })",
               inputs(Tensor::of(DType::I32, {3, 4}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11})));
  ASSERT_EQ(results.size(), 3u);
  expectValues(results[0], {1, 3, 9, 11});
  expectValues(results[1], {6, 7});
  expectValues(results[2], {0, 1, 2, 3, 4, 5, 6, 7, 6, 9, 7, 11});
}

TEST(TensorOps, refuse_a_slice_that_leaves_its_tensor) {
  const char *text = R"(
    func.func @main(%x: tensor<4xi32>, %n: tensor<i64>) -> tensor<?xi32> {
      %v = tensor.extract %n[] : tensor<i64>
      %i = arith.index_cast %v : i64 to index
      %r = tensor.extract_slice %x[1] [%i] [1] : tensor<4xi32> to tensor<?xi32>
      return %r : tensor<?xi32>
    })";
  for (double size : {4.0, -1.0, 9e18}) {
    Tensors operands = inputs(Tensor::zeros(DType::I32, {4}), Tensor::of(DType::I64, {}, {size}));
    EXPECT_EQ(evaluateFailing(text, operands).kind, RunError::Kind::Invalid);
  }
}

TEST(TensorOps, pad_with_a_constant_and_by_position) {
  Tensors results = evaluate(R"(
    func.func @main(%x: tensor<1x2xi64>) -> (tensor<2x4xi64>, tensor<2x3xi64>) {
      %k = arith.constant 9 : i64
      %a = tensor.pad %x low[1, 0] high[0, 2] {
      ^bb0(%i: index, %j: index):
        tensor.yield %k : i64
      } : tensor<1x2xi64> to tensor<2x4xi64>
      %b = tensor.pad %x low[0, 1] high[1, 0] {
      ^bb0(%i: index, %j: index):
        %s = arith.addi %i, %j : index
        %v = arith.index_cast %s : index to i64
        tensor.yield %v : i64
      } : tensor<1x2xi64> to tensor<2x3xi64>
      return %a, %b : tensor<2x4xi64>, tensor<2x3xi64>
    })",
                             inputs(Tensor::of(DType::I64, {1, 2}, {5, 6})));
  ASSERT_EQ(results.size(), 2u);
  expectValues(results[0], {9, 9, 9, 9, 5, 6, 9, 9});
  expectValues(results[1], {0, 5, 6, 1, 2, 3});
}

TEST(TensorOps, reshape_join_and_build) {
  Tensors results = evaluate(R"(
    func.func @main(%x: tensor<?x2xf32>) -> (tensor<2x1x2xf32>, tensor<4xf32>, tensor<3x2xf32>,
                                             tensor<2xf32>, tensor<2xf32>) {
      %c1 = arith.constant 1 : index
      %y = tensor.cast %x : tensor<?x2xf32> to tensor<2x2xf32>
      %a = tensor.expand_shape %y [[0, 1], [2]] output_shape [2, 1, 2]
          : tensor<2x2xf32> into tensor<2x1x2xf32>
      %b = tensor.collapse_shape %y [[0, 1]] : tensor<2x2xf32> into tensor<4xf32>
      %r = tensor.extract_slice %y[1, 0] [1, 2] [1, 1] : tensor<2x2xf32> to tensor<1x2xf32>
      %c = tensor.concat dim(0) %y, %r : (tensor<2x2xf32>, tensor<1x2xf32>) -> tensor<3x2xf32>
      %e = tensor.extract %y[%c1, %c1] : tensor<2x2xf32>
      %s = tensor.splat %e : tensor<2xf32>
      %k = arith.constant 0.5 : f32
      %f = tensor.from_elements %e, %k : tensor<2xf32>
      return %a, %b, %c, %s, %f : tensor<2x1x2xf32>, tensor<4xf32>, tensor<3x2xf32>,
                                  tensor<2xf32>, tensor<2xf32>
    })",
                             inputs(Tensor::of(DType::F32, {2, 2}, {1, 2, 3, 4})));
  ASSERT_EQ(results.size(), 5u);
  EXPECT_EQ(results[0].shape(), llvm::ArrayRef<int64_t>({2, 1, 2}));
  expectValues(results[1], {1, 2, 3, 4});
  expectValues(results[2], {1, 2, 3, 4, 3, 4});
  expectValues(results[3], {4, 4});
  expectValues(results[4], {4, 0.5});
}

TEST(Control, scatters_in_a_loop_without_touching_the_source) {
  Tensors results = evaluate(
      R"(
    func.func @main(%x: tensor<4xf32>, %at: tensor<3xi64>) -> (tensor<4xf32>, tensor<4xf32>) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c3 = arith.constant 3 : index
      %c4 = arith.constant 4 : index
      %r = scf.for %i = %c0 to %c3 step %c1 iter_args(%t = %x) -> (tensor<4xf32>) {
        %k = tensor.extract %at[%i] : tensor<3xi64>
        %j = fovea.checked_index %k in %c4 node "Scatter" : i64
        %old = tensor.extract %t[%j] : tensor<4xf32>
        %new = arith.addf %old, %old : f32
        %u = tensor.insert %new into %t[%j] : tensor<4xf32>
        scf.yield %u : tensor<4xf32>
      }
      return %r, %x : tensor<4xf32>, tensor<4xf32>
    })",
      inputs(Tensor::of(DType::F32, {4}, {1, 2, 3, 4}), Tensor::of(DType::I64, {3}, {3, 1, 3})));
  ASSERT_EQ(results.size(), 2u);
  expectValues(results[0], {1, 4, 3, 16});
  expectValues(results[1], {1, 2, 3, 4});
}

TEST(Control, loops_until_a_condition_and_calls) {
  Tensors results = evaluate(R"(
    func.func private @fibonacci(%n: i64) -> i64 {
      %c0 = arith.constant 0 : i64
      %c1 = arith.constant 1 : i64
      %r:3 = scf.while (%a = %c0, %b = %c1, %k = %n) : (i64, i64, i64) -> (i64, i64, i64) {
        %p = arith.cmpi sgt, %k, %c0 : i64
        scf.condition(%p) %a, %b, %k : i64, i64, i64
      } do {
      ^bb0(%a: i64, %b: i64, %k: i64):
        %s = arith.addi %a, %b : i64
        %m = arith.subi %k, %c1 : i64
        scf.yield %b, %s, %m : i64, i64, i64
      }
      return %r#0 : i64
    }
    func.func @main(%n: tensor<i64>) -> tensor<2xi64> {
      %v = tensor.extract %n[] : tensor<i64>
      %a = func.call @fibonacci(%v) : (i64) -> i64
      %b = func.call @fibonacci(%a) : (i64) -> i64
      %t = tensor.from_elements %a, %b : tensor<2xi64>
      return %t : tensor<2xi64>
    })",
                             inputs(Tensor::of(DType::I64, {}, {7})));
  ASSERT_EQ(results.size(), 1u);
  expectValues(results[0], {13, 233});
}

TEST(Control, leaves_a_loop_with_the_values_of_the_steps_start) {
  // Until the sum of all numbers up to i is at least n.
  for (auto [n, sum] : {std::pair(7, 10), {0, 0}, {1000, 45}}) {
    Tensors results = evaluate(R"(
    func.func @main(%n: tensor<i64>) -> tensor<1xi64> {
      %v = tensor.extract %n[] : tensor<i64>
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c10 = arith.constant 10 : index
      %zero = arith.constant dense<0> : tensor<1xi64>
      %r = scf.for %i = %c0 to %c10 step %c1 iter_args(%t = %zero) -> tensor<1xi64> {
        %s = tensor.extract %t[%c0] : tensor<1xi64>
        %go = arith.cmpi slt, %s, %v : i64
        fovea.proceed_if %go
        %k = arith.index_cast %i : index to i64
        %sum = arith.addi %s, %k : i64
        %u = tensor.insert %sum into %t[%c0] : tensor<1xi64>
        scf.yield %u : tensor<1xi64>
      }
      return %r : tensor<1xi64>
    })",
                               inputs(Tensor::of(DType::I64, {}, {double(n)})));
    ASSERT_EQ(results.size(), 1u);
    expectValues(results[0], {double(sum)});
  }
}

TEST(Control, refuses_endless_recursion_and_steps_of_zero) {
  EXPECT_EQ(
      evaluateFailing("func.func @main() {\nfunc.call @main() : () -> ()\nreturn\n}", {}).kind,
      RunError::Kind::Unsupported);
  const char *loop = R"(
    func.func @main(%n: tensor<i64>) {
      %v = tensor.extract %n[] : tensor<i64>
      %s = arith.index_cast %v : i64 to index
      %c0 = arith.constant 0 : index
      %c9 = arith.constant 9 : index
      scf.for %i = %c0 to %c9 step %s {
      }
      return
    })";
  EXPECT_EQ(evaluateFailing(loop, inputs(Tensor::zeros(DType::I64, {}))).kind,
            RunError::Kind::Invalid);
}
