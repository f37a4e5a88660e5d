//===- ConstantFolderTest.cpp - what is computed at import ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Compiler/Frontends/Onnx/Models.h"

using namespace fovea;
using namespace fovea::test;
using namespace mlir;

namespace {
class ConstantFolder : public OnnxModel {
protected:
  /// An f32 initializer 0, 1, 2, ...
  void counting(const std::string &name, std::vector<int64_t> shape) {
    onnx::TensorProto &tensor = *graph().add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(onnx::TensorProto::FLOAT);
    int64_t count = 1;
    for (int64_t extent : shape) {
      tensor.add_dims(extent);
      count *= extent;
    }
    for (int64_t i = 0; i < count; ++i)
      tensor.add_float_data(i);
  }

  /// Bytes of the only weight.
  std::vector<float> weight() {
    std::vector<float> values;
    module->walk([&](WeightOp op) {
      auto type = cast<RankedTensorType>(op.getType());
      auto bytes = weights.lookup(op.getSource(), op.getOffset(), type.getNumElements() * 4);
      ASSERT_TRUE(bytes);
      values.resize(type.getNumElements());
      std::memcpy(values.data(), bytes->data(), bytes->size());
    });
    return values;
  }
};
} // namespace

TEST_F(ConstantFolder, TransposesWeights) {
  counting("w", {3, 8});
  node("Transpose", {"w"}, {"t"});
  input("x", {8, 3});
  node("Add", {"x", "t"}, {"y"});
  output("y");
  ASSERT_TRUE(import()) << problems;
  EXPECT_EQ(count<WeightOp>(), 1);
  std::vector<float> values = weight();
  ASSERT_EQ(values.size(), 24u);
  EXPECT_EQ(values[1], 8.0f);
  EXPECT_EQ(values[3], 1.0f);
}

TEST_F(ConstantFolder, DropsUnusedWeights) {
  counting("unused", {100});
  counting("w", {30});
  input("x", {30});
  node("Add", {"x", "w"}, {"y"});
  node("Mul", {"x", "w"}, {"dead"});
  output("y");
  ASSERT_TRUE(import()) << problems;
  EXPECT_EQ(count<WeightOp>(), 1);
  EXPECT_EQ(summary.weightBytes, 120u);
}

TEST_F(ConstantFolder, SmallConstantsStayInline) {
  counting("w", {16});
  input("x", {16});
  node("Add", {"x", "w"}, {"y"});
  output("y");
  ASSERT_TRUE(import()) << problems;
  EXPECT_EQ(count<WeightOp>(), 0);
}

TEST_F(ConstantFolder, ReversesByNegativeSteps) {
  counting("w", {20});
  integers("start", {-1});
  integers("end", {INT64_MIN});
  integers("axis", {0});
  integers("step", {-1});
  node("Slice", {"w", "start", "end", "axis", "step"}, {"reversed"});
  input("x", {20});
  node("Add", {"x", "reversed"}, {"y"});
  output("y");
  ASSERT_TRUE(import()) << problems;
  EXPECT_EQ(weight()[0], 19.0f);
  EXPECT_EQ(weight()[19], 0.0f);
}
