//===- ImportHuggingFaceTest.cpp - encoders of the BERT family ----------===//
//
// What is emitted, and what is refused. That the numbers are right is checked by the examples.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Compiler/Frontends/HuggingFace/MadeModel.h"

using namespace fovea;
using namespace fovea::test;
using namespace mlir;

using ImportHuggingFace = MadeModel;
using Names = std::vector<std::string>;

TEST_F(ImportHuggingFace, KeepsAttentionAndProductsWhole) {
  ASSERT_TRUE(import()) << problems;
  EXPECT_EQ(count<AttentionOp>(), 1u);
  EXPECT_EQ(count<ContractOp>(), 6u);
  EXPECT_EQ(count<LayerNormOp>(), 3u);
  EXPECT_EQ(count<CheckedIndexOp>(), 2u);
  EXPECT_EQ(count<RequireOp>(), 1u);
  EXPECT_EQ(resultNames(), Names{"last_hidden_state"});
  EXPECT_EQ(summary.text, "bert, 1 layers");
}

TEST_F(ImportHuggingFace, TakesNamesWithAPrefixAndOldNormNames) {
  for (std::string norm : {"embeddings.LayerNorm", "encoder.layer.0.output.LayerNorm"}) {
    tensors.erase(norm + ".weight");
    tensors.erase(norm + ".bias");
    add(norm + ".gamma", {8});
    add(norm + ".beta", {8});
  }
  EXPECT_TRUE(import("bert.")) << problems;
}

TEST_F(ImportHuggingFace, AddsThePoolerWhenItIsThere) {
  addPair("pooler.dense", {8, 8});
  ASSERT_TRUE(import()) << problems;
  EXPECT_EQ(resultNames(), (Names{"last_hidden_state", "pooler_output"}));
}

TEST_F(ImportHuggingFace, WidensHalfPrecisionWeights) {
  for (std::string dtype : {"F16", "BF16"}) {
    ASSERT_TRUE(import("", dtype)) << problems;
    module->walk([&](WeightOp weight) {
      uint64_t bytes = cast<RankedTensorType>(weight.getType()).getNumElements() * 4;
      EXPECT_TRUE(weights.lookup(weight.getSource(), weight.getOffset(), bytes).has_value());
    });
  }
  EXPECT_FALSE(import("", "I64"));
  EXPECT_NE(problems.find("dtype I64"), std::string::npos);
}

TEST_F(ImportHuggingFace, FixesDimensions) {
  options.dims["batch"] = 2;
  options.dims["seq"] = 12;
  ASSERT_TRUE(import()) << problems;
  EXPECT_EQ(count<tensor::DimOp>(), 0u);
  EXPECT_EQ(count<RequireOp>(), 0u);
  options.dims["seq"] = 13;
  EXPECT_TRUE(refused("'seq' cannot be 13"));
  options.dims["sequence"] = 1;
  EXPECT_TRUE(refused("no dimension 'sequence'"));
}

TEST_F(ImportHuggingFace, RefusesConfigurationsItDoesNotSupport) {
  const std::tuple<const char *, llvm::json::Value, const char *> cases[] = {
      {"position_embedding_type", "relative_key", "supported: absolute"},
      {"hidden_act", "swish", "supported: gelu, gelu_new"},
      {"hidden_size", 0, "hidden_size is 0"},
      {"hidden_size", "8", "hidden_size is \"8\""},
      {"num_attention_heads", 3, "a divisor of hidden_size"},
      {"num_hidden_layers", 1e12, "num_hidden_layers is 1"},
      {"layer_norm_eps", -1, "layer_norm_eps is -1"},
      {"is_decoder", true, "is_decoder is true"},
      {"quantization_config", llvm::json::Object{}, "quantization_config is {}"},
      {"architectures", llvm::json::Array{"BertForSequenceClassification"}, "BertForMaskedLM"},
      {"model_type", "roberta", "model_type is \"roberta\"; supported: bert"}};
  llvm::json::Object sound = config;
  for (const auto &[key, value, part] : cases) {
    config = sound;
    config[key] = value;
    EXPECT_TRUE(refused(part)) << key << "\n" << problems;
  }
}

TEST_F(ImportHuggingFace, ListsEveryTensorThatIsWrong) {
  tensors.erase("encoder.layer.0.output.dense.bias");
  add("embeddings.word_embeddings.weight", {31, 8});
  add("encoder.layer.1.output.dense.bias", {8});
  EXPECT_FALSE(import());
  EXPECT_NE(problems.find("'encoder.layer.0.output.dense.bias' is missing"), std::string::npos);
  EXPECT_NE(problems.find("has shape [31, 8], the configuration asks for [30, 8]"),
            std::string::npos);
  EXPECT_NE(problems.find("'encoder.layer.1.output.dense.bias' is not used"), std::string::npos);
}

TEST_F(ImportHuggingFace, SaysWhatToDoWithAPickle) {
  ASSERT_TRUE(import());
  std::filesystem::rename(folder / "model.safetensors", folder / "pytorch_model.bin");
  EXPECT_FALSE(importFolder());
  EXPECT_NE(problems.find("safe_serialization=True"), std::string::npos) << problems;
}

TEST_F(ImportHuggingFace, RefusesFoldersWithoutAConfiguration) {
  EXPECT_FALSE(importFolder());
  EXPECT_NE(problems.find("FV0050"), std::string::npos);
  folder.write("config.json", "[]");
  EXPECT_FALSE(importFolder());
  EXPECT_NE(problems.find("expected an object"), std::string::npos);
}
