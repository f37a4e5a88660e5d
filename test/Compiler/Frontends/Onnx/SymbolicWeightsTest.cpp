//===- SymbolicWeightsTest.cpp - weights that are inputs ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Compiler/Frontends/Onnx/Models.h"

using namespace fovea;
using namespace fovea::test;
using namespace mlir;

namespace {
class SymbolicWeights : public OnnxModel {
protected:
  SymbolicWeights() { model.mutable_opset_import(0)->set_version(23); }

  static void integerList(onnx::NodeProto &node, const std::string &name,
                          std::vector<int64_t> values) {
    onnx::AttributeProto &attribute = *node.add_attribute();
    attribute.set_name(name);
    attribute.set_type(onnx::AttributeProto::INTS);
    for (int64_t value : values)
      attribute.add_ints(value);
  }

  onnx::NodeProto &convolution(std::vector<Dim> x, std::vector<Dim> weights,
                               std::vector<Dim> bias) {
    input("x", x);
    input("w", weights);
    input("b", bias);
    output("y");
    return node("Conv", {"x", "w", "b"}, {"y"});
  }

  onnx::NodeProto &lstm(std::vector<Dim> w, std::vector<Dim> r) {
    input("x", {"steps", "batch", "width"});
    input("w", w);
    input("r", r);
    output("y");
    return node("LSTM", {"x", "w", "r"}, {"y"});
  }

  onnx::NodeProto &rotary(std::vector<Dim> x, std::vector<Dim> cache) {
    input("x", x);
    input("cos", cache);
    input("sin", cache);
    output("y");
    return node("RotaryEmbedding", {"x", "cos", "sin"}, {"y"});
  }

  RopeOp rope() {
    RopeOp found;
    module->walk([&](RopeOp op) { found = op; });
    return found;
  }
};
} // namespace

TEST_F(SymbolicWeights, ConvRequiresNothingOfEqualNames) {
  convolution({"n", "c", 8}, {"m", "c", 3}, {"m"});
  ASSERT_TRUE(import()) << problems;
  EXPECT_EQ(results(), "tensor<?x?x6xf32>");
  EXPECT_EQ(count<RequireOp>(), 0);
}

TEST_F(SymbolicWeights, ConvTakesSizesFromAttributeBiasAndInput) {
  onnx::NodeProto &node = convolution({"n", 4, 8, 8}, {"m", "c", "p", "q"}, {6});
  integerList(node, "kernel_shape", {3, 2});
  attribute(node, "group", 2);
  ASSERT_TRUE(import()) << problems;
  EXPECT_EQ(results(), "tensor<?x6x6x7xf32>");
  // That the weights are [6, 2, 3, 2].
  EXPECT_EQ(count<RequireOp>(), 4);
}

TEST_F(SymbolicWeights, ConvRefusesWhatContradicts) {
  integerList(convolution({"n", "c", 8}, {"m", "c", 3}, {"m"}), "kernel_shape", {5});
  EXPECT_TRUE(refused("error[FV0201]: kernel_shape: size 3 where 5 is needed")) << problems;
}

TEST_F(SymbolicWeights, ConvRefusesGroupsThatDoNotFit) {
  attribute(convolution({"n", 9, 8}, {"m", "c", "k"}, {"m"}), "group", 2);
  EXPECT_TRUE(refused("error[FV0201]: channels: size 9 where 8 is needed")) << problems;
}

TEST_F(SymbolicWeights, ConvRefusesWindowsOfNothing) {
  integerList(convolution({"n", "c", 8}, {"m", "c", "k"}, {"m"}), "kernel_shape", {-3});
  EXPECT_TRUE(refused("error[FV0104]: attribute 'kernel_shape'")) << problems;
}

TEST_F(SymbolicWeights, LstmTakesTheHiddenSizeOfTheAttribute) {
  attribute(lstm({"d", "4h", "width"}, {"d", "4h", "h"}), "hidden_size", 5);
  ASSERT_TRUE(import()) << problems;
  EXPECT_EQ(results(), "tensor<?x1x?x5xf32>");
}

TEST_F(SymbolicWeights, LstmTakesTheHiddenSizeOfTheWeights) {
  lstm({"d", 20, "width"}, {"d", "4h", "h"});
  ASSERT_TRUE(import()) << problems;
  EXPECT_EQ(results(), "tensor<?x1x?x5xf32>");
}

TEST_F(SymbolicWeights, LstmLeavesTheHiddenSizeToTheRun) {
  lstm({"d", "4h", "width"}, {"d", "4h", "h"});
  ASSERT_TRUE(import()) << problems;
  EXPECT_EQ(results(), "tensor<?x1x?x?xf32>");
}

TEST_F(SymbolicWeights, LstmRefusesAnotherHiddenSize) {
  for (int64_t size : {6, -5}) {
    graph().Clear();
    attribute(lstm({"d", "4h", "width"}, {"d", "4h", 5}), "hidden_size", size);
    EXPECT_TRUE(refused("hidden_size is not the size of the recurrent weights")) << problems;
  }
}

TEST_F(SymbolicWeights, LstmRefusesWeightsBeyondAnyMemory) {
  attribute(lstm({"d", "4h", "width"}, {"d", "4h", "h"}), "hidden_size", int64_t(1) << 40);
  EXPECT_TRUE(refused("error[FV0203]: the weights are too large")) << problems;
}

TEST_F(SymbolicWeights, RotaryTakesTheWidthOfACache) {
  rotary({"n", "a", "s", "d"}, {"n", "s", 4});
  ASSERT_TRUE(import()) << problems;
  EXPECT_EQ(results(), "tensor<?x?x?x8xf32>");
  EXPECT_EQ(rope().getRotaryDim(), 8);
}

TEST_F(SymbolicWeights, RotaryLeavesTheWidthToTheRun) {
  rotary({"n", "a", "s", "d"}, {"n", "s", "half"});
  ASSERT_TRUE(import()) << problems;
  EXPECT_EQ(results(), "tensor<?x?x?x?xf32>");
  EXPECT_EQ(rope().getRotaryDim(), 0);
  // That the width is twice the half.
  EXPECT_EQ(count<RequireOp>(), 1);
}

TEST_F(SymbolicWeights, RotaryRefusesAnOddWidth) {
  attribute(rotary({"n", "a", "s", "d"}, {"n", "s", "half"}), "rotary_embedding_dim", 5);
  EXPECT_TRUE(refused("rotary_embedding_dim 5 does not fit heads of any width")) << problems;
}
