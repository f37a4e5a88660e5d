//===- InterpreterTest.cpp - the oracle's interface -----------------------===//
//
// Inputs that do not fit, weights, the module's own checks, limits, and unknown operations.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Compiler/Targets/Reference/Evaluate.h"

#include <cstring>

using namespace fovea;
using namespace fovea::reference;
using Kind = RunError::Kind;

static const char *const identity = R"(
  func.func @main(
      %x: tensor<?x3xf32> {fovea.name = "x", fovea.shape = ["n", ""]},
      %y: tensor<?xi8> {fovea.name = "y", fovea.shape = ["n"], fovea.dtype = "u8"})
      -> (tensor<?x3xf32>, tensor<?xi8> {fovea.dtype = "u8"}) attributes {fovea.entry} {
    return %x, %y : tensor<?x3xf32>, tensor<?xi8>
  })";

TEST(Interpreter, passes_tensors_through) {
  Tensors results = evaluate(
      identity, inputs(wave({2, 3}, 0), Tensor::of(DType::U8, {2}, {255, 1})), Mode::Plain);
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[0].dtype(), DType::F32);
  EXPECT_EQ(results[1].dtype(), DType::U8);
  expectValues(results[1], {255, 1});
}

TEST(Interpreter, refuses_inputs_that_do_not_fit) {
  auto messageFor = [](Tensors tensors) {
    RunError error = evaluateFailing(identity, tensors);
    EXPECT_EQ(error.kind, Kind::Invalid);
    return error.message;
  };
  Tensor bytes = Tensor::zeros(DType::U8, {2});
  EXPECT_NE(messageFor({}).find("expected 2 inputs, got 0"), std::string::npos);
  EXPECT_NE(messageFor(inputs(wave({2, 4}, 0), Tensor::zeros(DType::U8, {2})))
                .find("expected f32[?x3], got f32[2x4]"),
            std::string::npos);
  EXPECT_NE(messageFor(inputs(wave({2, 3}, 0), Tensor::zeros(DType::I8, {2})))
                .find("expected u8[?], got i8[2]"),
            std::string::npos);
  EXPECT_NE(messageFor(inputs(wave({2, 3}, 0), Tensor::zeros(DType::U8, {3})))
                .find("dimension 'n' is 3, but 2"),
            std::string::npos);
}

TEST(Interpreter, names_an_operation_without_a_rule) {
  RunError error = evaluateFailing(R"(
    func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
      %r = tensor.generate {
      ^bb0(%i: index):
        %c = arith.constant 0.0 : f32
        tensor.yield %c : f32
      } : tensor<2xf32> loc("enc/gen")
      return %r : tensor<2xf32>
    })",
                                   inputs(wave({2}, 0)));
  EXPECT_EQ(error.kind, Kind::Unsupported);
  EXPECT_EQ(error.node, "enc/gen");
  EXPECT_NE(error.message.find("'tensor.generate'"), std::string::npos);
}

TEST(Interpreter, require_stops_with_node_value_and_limit) {
  RunError error = evaluateFailing(R"(
    func.func @main(%x: tensor<?xf32>) -> tensor<?xf32> {
      %c0 = arith.constant 0 : index
      %c4 = arith.constant 4 : index
      %d = tensor.dim %x, %c0 : tensor<?xf32>
      %ok = arith.cmpi ule, %d, %c4 : index
      fovea.require %ok, %d, %c4 fault length node "Reshape_3"
      return %x : tensor<?xf32>
    })",
                                   inputs(wave({5}, 0)));
  EXPECT_EQ(error.kind, Kind::Length);
  EXPECT_EQ(error.node, "Reshape_3");
  EXPECT_EQ(error.value, 5);
  EXPECT_EQ(error.limit, 4);
}

TEST(Interpreter, keeps_within_its_memory) {
  const char *square = R"(
    func.func @main(%n: tensor<i64>) -> tensor<?x?xf32> {
      %v = tensor.extract %n[] : tensor<i64>
      %i = arith.index_cast %v : i64 to index
      %r = tensor.empty(%i, %i) : tensor<?x?xf32>
      return %r : tensor<?x?xf32>
    })";
  EvaluateOptions options;
  options.memoryLimit = 1000;
  auto kindFor = [&](double n) {
    return evaluateFailing(square, inputs(Tensor::of(DType::I64, {}, {n})), options).kind;
  };
  EXPECT_EQ(kindFor(12), Kind::Memory);
  EXPECT_EQ(kindFor(0x1p40), Kind::Memory);
  EXPECT_EQ(kindFor(-1), Kind::Invalid);
}

static const char *const weighted = R"(
  fovea.weight @w from "w.bin" offset 4 : tensor<2xf32>
  func.func @main() -> (tensor<2xf32>, tensor<2xf32>) {
    %c0 = arith.constant 0 : index
    %x = arith.constant 9.0 : f32
    %a = fovea.get_weight @w : tensor<2xf32>
    %b = tensor.insert %x into %a[%c0] : tensor<2xf32>
    %c = fovea.get_weight @w : tensor<2xf32>
    return %b, %c : tensor<2xf32>, tensor<2xf32>
  })";

TEST(Interpreter, reads_weights_and_never_writes_them) {
  float values[] = {1, 2, 3};
  std::vector<uint8_t> bytes(sizeof(values));
  std::memcpy(bytes.data(), values, sizeof(values));
  WeightStore weights;
  weights.add("w.bin", bytes);
  RunError error;
  mlir::FailureOr<Tensors> results = evaluate(weighted, {}, {}, weights, error);
  ASSERT_TRUE(succeeded(results)) << error.message;
  expectValues((*results)[0], {9, 3});
  expectValues((*results)[1], {2, 3});
}

TEST(Interpreter, refuses_weights_that_are_not_there) {
  EXPECT_EQ(evaluateFailing(weighted, {}).kind, Kind::Invalid);
}
