//===- HostileModelTest.cpp - models that are wrong on purpose ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Onnx/OnnxFile.h"
#include "test/Compiler/Frontends/Onnx/Models.h"

using namespace fovea;
using namespace fovea::test;

namespace {
class HostileModel : public OnnxModel {};
} // namespace

TEST_F(HostileModel, ReportsAllUnsupportedNodesAtOnce) {
  input("x", {4});
  node("Nonsense", {"x"}, {"a"});
  node("Relu", {"a"}, {"b"});
  node("Attention", {"b", "b", "b"}, {"c"});
  node("Relu", {"c"}, {"d"}).set_domain("com.example");
  output("d");
  EXPECT_FALSE(import());
  EXPECT_NE(problems.find("node 'a' (Nonsense-21): error[FV0101]"), std::string::npos) << problems;
  EXPECT_NE(problems.find("node 'c' (Attention-21): error[FV0102]"), std::string::npos);
  EXPECT_NE(problems.find("node 'd' (Relu-21): error[FV0101]: operator of domain com.example"),
            std::string::npos);
}

TEST_F(HostileModel, RefusesFilesThatAreNoModels) {
  for (const std::string &bytes :
       {std::string(), std::string("version https://git-lfs"), std::string(1000, '\xff'),
        std::string("\x3a\xff\xff\xff\x0f")}) {
    folder.write("m.onnx", bytes);
    EXPECT_FALSE(importFile());
    EXPECT_NE(problems.find("error[FV0002]"), std::string::npos) << problems;
  }
}

TEST_F(HostileModel, RefusesOpsetsOutOfRange) {
  input("x", {4});
  node("Relu", {"x"}, {"y"});
  output("y");
  for (int64_t version : {int64_t(6), int64_t(1000), int64_t(-1), INT64_MAX}) {
    model.mutable_opset_import(0)->set_version(version);
    EXPECT_TRUE(refused("error[FV0102]"));
  }
}

TEST_F(HostileModel, RefusesDeepGraphs) {
  input("c", {}, onnx::TensorProto::BOOL);
  onnx::GraphProto *inner = &graph();
  auto deepen = [&] {
    onnx::AttributeProto &attribute = *node(*inner, "If", {"c"}, {"y"}).add_attribute();
    attribute.set_name("then_branch");
    inner = attribute.mutable_g();
  };
  for (int depth = 1; depth < onnx_frontend::kMaxGraphDepth; ++depth)
    deepen();
  EXPECT_TRUE(refused("error[FV0104]")) << problems;
  EXPECT_EQ(problems.find("error[FV0003]"), std::string::npos) << problems;
  deepen();
  EXPECT_TRUE(refused("error[FV0003]: graphs are nested more than")) << problems;
  // What nests deeper still, the parser does not read.
  for (int depth = 0; depth < 40; ++depth)
    deepen();
  EXPECT_TRUE(refused("error[FV0002]")) << problems;
}

TEST_F(HostileModel, RefusesUndefinedAndRepeatedNames) {
  input("x", {4});
  node("Add", {"x", "absent"}, {"y"});
  output("y");
  EXPECT_TRUE(refused("input 'absent' is not defined before the node"));
  graph().clear_node();
  node("Relu", {"x"}, {"y"});
  node("Relu", {"x"}, {"y"});
  EXPECT_TRUE(refused("output 'y' is defined twice"));
}

TEST_F(HostileModel, RefusesWrongNumbersOfInputsAndTypes) {
  input("x", {4});
  input("i", {4}, onnx::TensorProto::INT64);
  output("y");
  node("Add", {"x"}, {"y"});
  EXPECT_TRUE(refused("error[FV0104]: input 1 is missing"));
  graph().clear_node();
  node("Add", {"x", "i"}, {"y"});
  EXPECT_TRUE(refused("error[FV0202]"));
  graph().clear_node();
  node("Erf", {"i"}, {"y"});
  EXPECT_TRUE(refused("error[FV0202]"));
}

TEST_F(HostileModel, RefusesAttributesOfTheWrongType) {
  input("x", {4, 4});
  output("y");
  onnx::AttributeProto &attribute = *node("Softmax", {"x"}, {"y"}).add_attribute();
  attribute.set_name("axis");
  attribute.set_type(onnx::AttributeProto::STRING);
  attribute.set_s("1");
  EXPECT_TRUE(refused("attribute 'axis'"));
}

TEST_F(HostileModel, RefusesSizeBombs) {
  input("x", {1});
  output("y");
  integers("shape", {int64_t(1) << 31, int64_t(1) << 31});
  node("Expand", {"x", "shape"}, {"y"});
  EXPECT_TRUE(refused("error[FV0203]"));
  graph().clear_node();
  node("ConstantOfShape", {"shape"}, {"y"});
  EXPECT_TRUE(refused("error[FV0203]"));
  graph().clear_node();
  graph().mutable_initializer(0)->clear_dims();
  graph().mutable_initializer(0)->clear_int64_data();
  graph().mutable_initializer(0)->add_dims(1);
  graph().mutable_initializer(0)->add_int64_data(INT64_MAX);
  node("Tile", {"x", "shape"}, {"y"});
  EXPECT_TRUE(refused("error[FV0203]"));
}

TEST_F(HostileModel, RefusesInitializersWhoseSizeIsWrong) {
  input("x", {4});
  onnx::TensorProto &tensor = *graph().add_initializer();
  tensor.set_name("w");
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  node("Add", {"x", "w"}, {"y"});
  output("y");
  for (std::vector<int64_t> shape : {std::vector<int64_t>{5},
                                     {-4},
                                     {int64_t(1) << 62, 4},
                                     {int64_t(1) << 32, int64_t(1) << 32, 0}}) {
    tensor.clear_dims();
    for (int64_t extent : shape)
      tensor.add_dims(extent);
    tensor.set_raw_data(std::string(16, '\0'));
    EXPECT_TRUE(refused("error[FV0004]"));
  }
}

TEST_F(HostileModel, RefusesAxesOutOfRange) {
  input("x", {4, 4});
  output("y");
  for (int64_t axis : {int64_t(2), int64_t(-3), INT64_MIN, INT64_MAX}) {
    graph().clear_node();
    attribute(node("Softmax", {"x"}, {"y"}), "axis", axis);
    EXPECT_TRUE(refused("error[FV0201]"));
  }
}

TEST_F(HostileModel, RefusesChainsOfSizesThatNestWithoutEnd) {
  input("x", {"n"});
  integers("two", {2});
  node("Shape", {"x"}, {"s0"});
  for (int i = 0; i < 2000; ++i) {
    std::string from = "s" + std::to_string(i), half = "h" + std::to_string(i);
    node("Div", {from, "two"}, {half});
    node("Max", {half, "two"}, {"s" + std::to_string(i + 1)});
  }
  output("s2000");
  EXPECT_TRUE(refused("error[FV0203]"));
}
