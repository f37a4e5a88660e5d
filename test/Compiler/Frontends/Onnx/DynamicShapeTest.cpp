//===- DynamicShapeTest.cpp - models with dynamic axes --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Compiler/Frontends/Onnx/Models.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace fovea;
using namespace fovea::test;
using namespace mlir;

static void addBranch(onnx::NodeProto &node, const std::string &name, const std::string &op,
                      std::vector<std::string> inputs) {
  onnx::AttributeProto &attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::GRAPH);
  onnx::NodeProto &inner = *attribute.mutable_g()->add_node();
  inner.set_op_type(op);
  for (const std::string &input : inputs)
    inner.add_input(input);
  inner.add_output(name + "_out");
  attribute.mutable_g()->add_output()->set_name(name + "_out");
}

namespace {
class DynamicShape : public OnnxModel {
protected:
  /// What exporters write for a squeeze of dimension 1, whatever its size.
  void squeezeWhereOne(std::vector<Dim> shape) {
    input("x", std::move(shape));
    integers("one", {1});
    node("Shape", {"x"}, {"shape"});
    node("Gather", {"shape", "one"}, {"size"});
    node("Equal", {"size", "one"}, {"condition"});
    onnx::NodeProto &branch = node("If", {"condition"}, {"y"});
    addBranch(branch, "then_branch", "Squeeze", {"x", "one"});
    addBranch(branch, "else_branch", "Identity", {"x"});
    output("y");
  }
};
} // namespace

TEST_F(DynamicShape, ArgumentsAndResultsCarryNames) {
  input("x", {"batch", 4, ""});
  node("Relu", {"x"}, {"y"});
  output("y");
  ASSERT_TRUE(import()) << problems;
  Builder builder(&context);
  EXPECT_EQ(entry().getArgAttr(0, kShapeAttr), builder.getStrArrayAttr({"batch", "", "x.2"}));
  EXPECT_EQ(entry().getResultAttr(0, kShapeAttr), builder.getStrArrayAttr({"batch", "", "x.2"}));
  EXPECT_EQ(entry().getResultAttr(0, kNameAttr), builder.getStringAttr("y"));
}

TEST_F(DynamicShape, OptionsFixDimensions) {
  input("x", {"batch", "seq"});
  node("Relu", {"x"}, {"y"});
  output("y");
  options.dims["seq"] = 7;
  ASSERT_TRUE(import()) << problems;
  EXPECT_EQ(results(), "tensor<?x7xf32>");
  options.dims["length"] = 7;
  EXPECT_TRUE(refused("error[FV0301]: no dynamic dimension 'length'"));
}

/// The heads of an attention as exporters write them: sizes from Shape, put together by Concat.
TEST_F(DynamicShape, FollowsShapesThroughReshape) {
  input("x", {"batch", "seq", 768});
  integers("zero", {0});
  integers("one", {1});
  integers("heads", {12, 64});
  node("Shape", {"x"}, {"shape"});
  node("Gather", {"shape", "zero"}, {"b"});
  node("Gather", {"shape", "one"}, {"s"});
  attribute(node("Concat", {"b", "s", "heads"}, {"split"}), "axis", 0);
  node("Reshape", {"x", "split"}, {"y"});
  integers("flat", {0, -1, 768});
  node("Reshape", {"y", "flat"}, {"z"});
  output("y");
  output("z");
  ASSERT_TRUE(import()) << problems;
  EXPECT_EQ(results(), "tensor<?x?x12x64xf32>, tensor<?x?x768xf32>");
  EXPECT_EQ(entry().getResultAttr(1, kShapeAttr),
            Builder(&context).getStrArrayAttr({"batch", "seq", ""}));
  EXPECT_EQ(count<RequireOp>(), 0);
}

TEST_F(DynamicShape, RequiresWhatItCannotProve) {
  input("x", {"n", 4});
  input("y", {"m", 4});
  node("Add", {"x", "y"}, {"z"});
  output("z");
  ASSERT_TRUE(import()) << problems;
  // Each size is 1 or the common one, and where it is 1 its tensor is expanded.
  EXPECT_EQ(count<RequireOp>(), 2);
  EXPECT_EQ(count<scf::IfOp>(), 2);
}

TEST_F(DynamicShape, ExpandsATensorOnce) {
  input("x", {"n", 4});
  input("y", {"m", 4});
  node("Add", {"x", "y"}, {"z"});
  node("Mul", {"z", "y"}, {"w"});
  output("w");
  ASSERT_TRUE(import()) << problems;
  EXPECT_EQ(count<scf::IfOp>(), 2);
}

TEST_F(DynamicShape, ExpandsATensorOnceBelowWhatItMovesOver) {
  input("x", {"n", 4});
  input("y", {"m", 4});
  node("Relu", {"x"}, {"r"});
  node("Sigmoid", {"x"}, {"s"});
  node("Add", {"r", "y"}, {"z"});
  node("Mul", {"z", "s"}, {"w"});
  output("w");
  ASSERT_TRUE(import()) << problems;
  EXPECT_EQ(count<scf::IfOp>(), 2);
}

TEST_F(DynamicShape, RequiresNothingOfEqualNames) {
  input("x", {"n", 4});
  input("y", {"n", 4});
  node("Add", {"x", "y"}, {"z"});
  output("z");
  ASSERT_TRUE(import()) << problems;
  EXPECT_EQ(count<RequireOp>(), 0);
  EXPECT_EQ(count<scf::IfOp>(), 0);
}

TEST_F(DynamicShape, GuardsSizesThatComeFromData) {
  input("x", {6, 4});
  input("shape", {2}, onnx::TensorProto::INT64);
  node("Reshape", {"x", "shape"}, {"y"});
  output("y");
  ASSERT_TRUE(import()) << problems;
  EXPECT_EQ(results(), "tensor<?x?xf32>");
  EXPECT_GE(count<RequireOp>(), 1);
}

TEST_F(DynamicShape, FoldsIfWithKnownCondition) {
  squeezeWhereOne({"n", 1});
  ASSERT_TRUE(import()) << problems;
  EXPECT_EQ(results(), "tensor<?xf32>");
  EXPECT_EQ(count<RequireOp>(), 0);
}

TEST_F(DynamicShape, TakesTheSqueezingBranchUnderARequirement) {
  squeezeWhereOne({"n", "m"});
  ASSERT_TRUE(import()) << problems;
  EXPECT_EQ(results(), "tensor<?xf32>");
  EXPECT_GE(count<RequireOp>(), 1);
  EXPECT_NE(summary.text.find("takes only the then branch of 'y'"), std::string::npos);
}

TEST_F(DynamicShape, KeepsIfOnData) {
  input("c", {}, onnx::TensorProto::BOOL);
  input("x", {"n"});
  onnx::NodeProto &branch = node("If", {"c"}, {"y"});
  addBranch(branch, "then_branch", "Relu", {"x"});
  addBranch(branch, "else_branch", "Exp", {"x"});
  output("y");
  ASSERT_TRUE(import()) << problems;
  EXPECT_EQ(count<scf::IfOp>(), 1);
  EXPECT_EQ(entry().getResultAttr(0, kShapeAttr), Builder(&context).getStrArrayAttr({"n"}));
}

TEST_F(DynamicShape, ReadsAxesAtRunTime) {
  input("x", {2, 3, 4});
  input("axes", {1}, onnx::TensorProto::INT64);
  node("ReduceSum", {"x", "axes"}, {"y"});
  output("y");
  ASSERT_TRUE(import()) << problems;
  // One branch for each of three axes, the last one being the else.
  EXPECT_EQ(count<scf::IfOp>(), 2);
  EXPECT_EQ(results(), "tensor<?x?x?xf32>");
}

TEST_F(DynamicShape, RefusesTooManyAxesOfTheRun) {
  input("x", {2, 3, 4, 5, 6, 7});
  input("axes", {3}, onnx::TensorProto::INT64);
  node("ReduceSum", {"x", "axes"}, {"y"});
  output("y");
  EXPECT_TRUE(refused("error[FV0103]: input 1 must be a constant"));
}
