//===- SafeTensorsModelTest.cpp - one file or shards ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/SafeTensors/SafeTensorsModel.h"
#include "test/Compiler/Frontends/SafeTensors/Files.h"

using namespace fovea;
using namespace fovea::test;

static constexpr char kIndex[] = "model.safetensors.index.json";

static std::string oneTensor(const std::string &name) {
  return fileWith("{" + entry(name, "F32", "[1]", 0, 4) + "}", 4);
}

/// The code of the only problem, with what and why behind it; "" when the model opens.
static std::string problemOf(const Folder &folder, const std::string &part = "") {
  Problems problems;
  auto model = SafeTensorsModel::open(folder.path(), part, problems);
  EXPECT_EQ(model.has_value(), problems.empty());
  if (problems.empty())
    return "";
  return problems[0].code + " " + problems[0].what + " " + problems[0].why + " " +
         problems[0].remedy;
}

static bool has(const std::string &text, const std::string &part) {
  return text.find(part) != std::string::npos;
}

TEST(SafeTensorsModel, OpensOneFileAndGivesItToTheStore) {
  Folder folder;
  folder.write("2_Dense/model.safetensors", oneTensor("w"));
  Problems problems;
  auto model = SafeTensorsModel::open(folder.path(), "2_Dense", problems);
  ASSERT_TRUE(model.has_value());
  const LocatedTensor *tensor = model->find("w");
  ASSERT_NE(tensor, nullptr);
  EXPECT_EQ(model->find("v"), nullptr);
  EXPECT_EQ(tensor->file, "2_Dense/model.safetensors");
  EXPECT_EQ(model->bytes(*tensor).size(), 4u);
  WeightStore weights;
  model->moveFilesTo(weights);
  EXPECT_TRUE(weights.lookup(tensor->file, tensor->entry.offset, 4).has_value());
  EXPECT_FALSE(weights.lookup(tensor->file, tensor->entry.offset, 5).has_value());
}

TEST(SafeTensorsModel, JoinsShards) {
  Folder folder;
  folder.write("a.safetensors", oneTensor("x"));
  folder.write("b.safetensors", oneTensor("y"));
  folder.write(kIndex, R"({"metadata":{},"weight_map":{"x":"a.safetensors","y":"b.safetensors"}})");
  Problems problems;
  auto model = SafeTensorsModel::open(folder.path(), "", problems);
  ASSERT_TRUE(model.has_value());
  EXPECT_EQ(model->names(), (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(model->find("y")->file, "b.safetensors");
}

TEST(SafeTensorsModel, RefusesShardNamesThatAreNoPlainFile) {
  Folder folder;
  folder.write("a.safetensors", oneTensor("x"));
  for (std::string name :
       {"../a.safetensors", "/a.safetensors", "sub/a.safetensors", "a.bin", ""}) {
    folder.write(kIndex, R"({"weight_map":{"x":")" + name + "\"}}");
    EXPECT_TRUE(has(problemOf(folder), "FV0042")) << name;
  }
  folder.write(kIndex, R"({"weight_map":{"x":7}})");
  EXPECT_TRUE(has(problemOf(folder), "no plain file name"));
}

TEST(SafeTensorsModel, RefusesShardsThatAreLinks) {
  Folder folder, other;
  other.write("a.safetensors", oneTensor("x"));
  std::filesystem::create_symlink(other / "a.safetensors", folder / "a.safetensors");
  folder.write(kIndex, R"({"weight_map":{"x":"a.safetensors"}})");
  EXPECT_TRUE(has(problemOf(folder), "symbolic links"));
}

TEST(SafeTensorsModel, RefusesAnIndexThatDisagreesWithItsShards) {
  Folder folder;
  folder.write("a.safetensors", oneTensor("x"));
  folder.write("b.safetensors", oneTensor("x"));
  folder.write(kIndex, R"({"weight_map":{"z":"a.safetensors"}})");
  EXPECT_TRUE(has(problemOf(folder), "as the index says"));
  folder.write(kIndex, R"({"weight_map":{"x":"a.safetensors","y":"b.safetensors"}})");
  EXPECT_TRUE(has(problemOf(folder), "stands in two files"));
  folder.write(kIndex, R"({"weight_map":{"x":"none.safetensors"}})");
  EXPECT_TRUE(has(problemOf(folder), "FV0040"));
}

TEST(SafeTensorsModel, RefusesAnIndexWithoutAMap) {
  Folder folder;
  for (std::string text : {"[]", "{}", R"({"weight_map":[]})", "{", R"({"weight_map":{}})"}) {
    folder.write(kIndex, text);
    EXPECT_TRUE(has(problemOf(folder), "FV0042")) << text;
  }
}

TEST(SafeTensorsModel, RefusesDamagedFiles) {
  Folder folder;
  folder.write("model.safetensors", oneTensor("x") + "y");
  EXPECT_TRUE(has(problemOf(folder), "FV0041"));
}

TEST(SafeTensorsModel, SaysWhatToDoWithAPickle) {
  Folder folder;
  EXPECT_TRUE(has(problemOf(folder), "FV0043"));
  EXPECT_FALSE(has(problemOf(folder), "safe_serialization"));
  folder.write("pytorch_model.bin", "x");
  EXPECT_TRUE(has(problemOf(folder), "save_pretrained(folder, safe_serialization=True)"));
}
