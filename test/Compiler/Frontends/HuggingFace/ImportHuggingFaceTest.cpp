//===- ImportHuggingFaceTest.cpp - folders of small made models -----------===//
//
// What is emitted, and what is refused. That the numbers are right is checked by the example
// models.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Import.h"
#include "dialects/Fovea/FoveaDialect.h"
#include "test/Compiler/Frontends/SafeTensors/Files.h"

#include "llvm/Support/JSON.h"

#include <map>

using namespace fovea;
using namespace fovea::test;
using namespace mlir;

namespace {
using Shape = std::vector<int64_t>;

/// A BERT of one layer, width 8, two heads; tests change it before it is written.
class ImportHuggingFace : public ::testing::Test {
protected:
  ImportHuggingFace() {
    config = llvm::json::Object{{"model_type", "bert"},
                                {"hidden_size", 8},
                                {"num_attention_heads", 2},
                                {"num_hidden_layers", 1},
                                {"intermediate_size", 16},
                                {"max_position_embeddings", 12},
                                {"type_vocab_size", 2},
                                {"vocab_size", 30},
                                {"layer_norm_eps", 1e-12},
                                {"hidden_act", "gelu"},
                                {"architectures", llvm::json::Array{"BertModel"}}};
    add("embeddings.word_embeddings.weight", {30, 8});
    add("embeddings.position_embeddings.weight", {12, 8});
    add("embeddings.token_type_embeddings.weight", {2, 8});
    addPair("embeddings.LayerNorm", {8});
    std::string layer = "encoder.layer.0.";
    for (std::string part : {"query", "key", "value"})
      addPair(layer + "attention.self." + part, {8, 8});
    addPair(layer + "attention.output.dense", {8, 8});
    addPair(layer + "attention.output.LayerNorm", {8});
    addPair(layer + "intermediate.dense", {16, 8});
    addPair(layer + "output.dense", {8, 16});
    addPair(layer + "output.LayerNorm", {8});
  }

  void add(const std::string &name, const Shape &shape) { tensors[name] = shape; }
  void addPair(const std::string &name, const Shape &shape) {
    add(name + ".weight", shape);
    add(name + ".bias", {shape.front()});
  }

  static std::string file(const std::map<std::string, Shape> &tensors, const std::string &prefix,
                          const std::string &dtype) {
    std::string header = "{";
    uint64_t end = 0, element = dtype == "F32" ? 4 : dtype == "I64" ? 8 : 2;
    for (const auto &[name, shape] : tensors) {
      uint64_t begin = end, count = 1;
      std::string sizes = "[";
      for (int64_t size : shape) {
        sizes += (sizes.size() > 1 ? "," : "") + std::to_string(size);
        count *= size;
      }
      end += count * element;
      header +=
          (header.size() > 1 ? "," : "") + entry(prefix + name, dtype, sizes + "]", begin, end);
    }
    return fileWith(header + "}", end);
  }

  bool import(const std::string &prefix = "", const std::string &dtype = "F32") {
    folder.write("config.json",
                 llvm::formatv("{0}", llvm::json::Value(llvm::json::Object(config))));
    folder.write("model.safetensors", file(tensors, prefix, dtype));
    return importFolder();
  }

  bool importFolder() {
    Problems found;
    module = importHuggingFace(context, folder.path(), options, weights, summary, found);
    problems.clear();
    for (const Problem &problem : found)
      problems += format(problem) + "\n";
    EXPECT_EQ(static_cast<bool>(module), found.empty()) << problems;
    return static_cast<bool>(module);
  }

  bool refused(const std::string &part) {
    return !import() && problems.find(part) != std::string::npos;
  }

  void pool(const std::string &mode) {
    folder.write("modules.json", R"([{"type":"sentence_transformers.models.Transformer","path":""},
      {"type":"sentence_transformers.models.Pooling","path":"1_Pooling"},
      {"type":"sentence_transformers.models.Normalize","path":"2_Normalize"}])");
    folder.write("1_Pooling/config.json", "{\"word_embedding_dimension\":8,\"" + mode + "\":true}");
  }

  std::vector<std::string> resultNames() {
    func::FuncOp function = *module->getOps<func::FuncOp>().begin();
    std::vector<std::string> names;
    for (unsigned index = 0; index < function.getNumResults(); ++index)
      names.push_back(cast<StringAttr>(function.getResultAttr(index, kNameAttr)).str());
    return names;
  }

  template <typename OpTy> unsigned count() {
    unsigned found = 0;
    module->walk([&](OpTy) { ++found; });
    return found;
  }

  MLIRContext context;
  Folder folder;
  llvm::json::Object config;
  std::map<std::string, Shape> tensors;
  ImportOptions options;
  WeightStore weights;
  ImportSummary summary;
  OwningOpRef<ModuleOp> module;
  std::string problems;
};
} // namespace

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

TEST_F(ImportHuggingFace, RunsEveryPoolingInsideTheEntry) {
  for (std::string mode : {"cls_token", "max_tokens", "mean_tokens", "mean_sqrt_len_tokens"}) {
    pool("pooling_mode_" + mode);
    ASSERT_TRUE(import()) << problems;
    EXPECT_EQ(resultNames(), (Names{"sentence_embedding", "last_hidden_state"})) << mode;
  }
}

TEST_F(ImportHuggingFace, RunsADenseModule) {
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

TEST_F(ImportHuggingFace, RefusesPoolingsItDoesNotSupport) {
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
