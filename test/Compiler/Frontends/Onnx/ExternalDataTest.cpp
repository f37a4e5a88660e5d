//===- ExternalDataTest.cpp - tensors in other files ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Compiler/Frontends/Onnx/Models.h"

using namespace fovea;
using namespace fovea::test;
using namespace mlir;

namespace {
class ExternalData : public OnnxModel {
protected:
  /// y = x + w with 32 elements of w in another file.
  ExternalData() {
    input("x", {32});
    tensor = graph().add_initializer();
    tensor->set_name("w");
    tensor->set_data_type(onnx::TensorProto::FLOAT);
    tensor->add_dims(32);
    tensor->set_data_location(onnx::TensorProto::EXTERNAL);
    node("Add", {"x", "w"}, {"y"});
    output("y");
    std::string bytes(256, '\0');
    bytes[128] = 1;
    folder.write("w.bin", bytes);
  }

  void entry(const std::string &key, const std::string &value) {
    auto *pair = tensor->add_external_data();
    pair->set_key(key);
    pair->set_value(value);
  }

  /// True when the model is refused with this location.
  bool refusesLocation(const std::string &location) {
    tensor->clear_external_data();
    entry("location", location);
    return refused("error[FV0004]");
  }

  onnx::TensorProto *tensor;
};
} // namespace

TEST_F(ExternalData, ReadsAtTheOffset) {
  entry("location", "w.bin");
  entry("offset", "128");
  entry("length", "128");
  ASSERT_TRUE(import()) << problems;
  WeightOp op = *module->getOps<WeightOp>().begin();
  auto bytes = weights.lookup(op.getSource(), op.getOffset(), 128);
  ASSERT_TRUE(bytes);
  EXPECT_EQ((*bytes)[0], 1);
}

TEST_F(ExternalData, RefusesPathsOutOfTheFolder) {
  Folder other;
  other.write("secret.bin", std::string(256, 's'));
  EXPECT_TRUE(refusesLocation((other / "secret.bin").string()));
  std::string name = std::filesystem::path(other.path()).filename().string();
  EXPECT_TRUE(refusesLocation("../" + name + "/secret.bin"));
  EXPECT_TRUE(refusesLocation("./../" + name + "/secret.bin"));
  EXPECT_TRUE(refusesLocation("sub/../../" + name + "/secret.bin"));
  EXPECT_TRUE(refusesLocation(""));
  EXPECT_TRUE(refusesLocation("absent.bin"));
}

TEST_F(ExternalData, RefusesLinks) {
  Folder other;
  other.write("secret.bin", std::string(256, 's'));
  std::filesystem::create_symlink(other / "secret.bin", folder / "link.bin");
  std::filesystem::create_directory_symlink(other.path(), folder / "sub");
  std::filesystem::create_hard_link(folder / "w.bin", folder / "hard.bin");
  EXPECT_TRUE(refusesLocation("link.bin"));
  EXPECT_TRUE(refusesLocation("sub/secret.bin"));
  EXPECT_TRUE(refusesLocation("hard.bin"));
}

TEST_F(ExternalData, RefusesWhatIsNoFile) {
  std::filesystem::create_directory(folder / "folder");
  EXPECT_TRUE(refusesLocation("folder"));
}

TEST_F(ExternalData, RefusesRangesOutsideTheFile) {
  for (auto [offset, length] :
       {std::pair("192", "128"), std::pair("129", "128"), std::pair("18446744073709551615", "128"),
        std::pair("18446744073709551488", "128"), std::pair("0", "256"), std::pair("-1", "128"),
        std::pair("0", "-1"), std::pair("0", "18446744073709551615")}) {
    tensor->clear_external_data();
    entry("location", "w.bin");
    entry("offset", offset);
    entry("length", length);
    EXPECT_TRUE(refused("error[FV0004]")) << offset << " " << length;
  }
}

TEST_F(ExternalData, RefusesUnknownKeys) {
  entry("location", "w.bin");
  entry("basepath", "/etc");
  EXPECT_TRUE(refused("unknown key 'basepath'"));
}
