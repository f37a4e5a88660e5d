//===- SentenceModulesTest.cpp - what stands behind an encoder ----------===//
//
// modules.json and the modules it lists.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Compiler/Frontends/HuggingFace/MadeModel.h"

using namespace fovea;
using namespace fovea::test;
using namespace mlir;

using SentenceModules = MadeModel;
using Names = std::vector<std::string>;

TEST_F(SentenceModules, RunsEveryPoolingInsideTheEntry) {
  for (std::string mode : {"cls_token", "max_tokens", "mean_tokens", "mean_sqrt_len_tokens"}) {
    pool("pooling_mode_" + mode);
    ASSERT_TRUE(import()) << problems;
    EXPECT_EQ(resultNames(), (Names{"sentence_embedding", "last_hidden_state"})) << mode;
  }
}

TEST_F(SentenceModules, RunsADenseModule) {
  pool("pooling_mode_cls_token");
  folder.write("modules.json", R"([{"type":"sentence_transformers.models.Transformer","path":""},
    {"type":"sentence_transformers.models.Pooling","path":"1_Pooling"},
    {"type":"sentence_transformers.models.Dense","path":"2_Dense"}])");
  folder.write("2_Dense/config.json", R"({"in_features":8,"out_features":5,"bias":true,
    "activation_function":"torch.nn.modules.activation.Tanh"})");
  folder.write("2_Dense/model.safetensors",
               file({{"linear.bias", {5}}, {"linear.weight", {5, 8}}}, "", "F32"));
  ASSERT_TRUE(import()) << problems;
  EXPECT_EQ(count<ContractOp>(), 7u);
  folder.write("2_Dense/model.safetensors", file({{"linear.weight", {5, 9}}}, "", "F32"));
  EXPECT_TRUE(refused("has shape [5, 9]"));
  EXPECT_NE(problems.find("linear.bias' is missing"), std::string::npos);
}

TEST_F(SentenceModules, RefusesPoolingsItDoesNotSupport) {
  pool("pooling_mode_lasttoken");
  EXPECT_TRUE(refused("pooling_mode_lasttoken is true"));
  folder.write("1_Pooling/config.json", "{}");
  EXPECT_TRUE(refused("exactly one mode"));
  folder.write("1_Pooling/config.json",
               R"({"pooling_mode_cls_token":true,"pooling_mode_max_tokens":true})");
  EXPECT_TRUE(refused("all others false"));
  folder.write("1_Pooling/config.json",
               R"({"word_embedding_dimension":9,"pooling_mode_cls_token":true})");
  EXPECT_TRUE(refused("the encoder's width, 8"));
  folder.write("modules.json",
               R"([{"type":"x.Transformer","path":""},{"type":"x.LSTM","path":"1"}])");
  EXPECT_TRUE(refused("module 1 is"));
}
