//===- MadeModel.h - folders of small made models -------------------------===//
//
// A BERT of one layer, width 8 and two heads, whose weights are 0.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_TEST_COMPILER_FRONTENDS_HUGGINGFACE_MADEMODEL_H
#define FOVEA_TEST_COMPILER_FRONTENDS_HUGGINGFACE_MADEMODEL_H

#include "compiler/Frontends/Import.h"
#include "dialects/Fovea/FoveaDialect.h"
#include "test/Compiler/Frontends/SafeTensors/Files.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"

#include <map>

namespace fovea::test {

using Shape = std::vector<int64_t>;

/// Tests change `config` and `tensors`, then import.
class MadeModel : public ::testing::Test {
protected:
  MadeModel() {
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
    mlir::func::FuncOp function = *module->getOps<mlir::func::FuncOp>().begin();
    std::vector<std::string> names;
    for (unsigned index = 0; index < function.getNumResults(); ++index)
      names.push_back(mlir::cast<mlir::StringAttr>(function.getResultAttr(index, kNameAttr)).str());
    return names;
  }

  template <typename OpTy> unsigned count() {
    unsigned found = 0;
    module->walk([&](OpTy) { ++found; });
    return found;
  }

  mlir::MLIRContext context;
  Folder folder;
  llvm::json::Object config;
  std::map<std::string, Shape> tensors;
  ImportOptions options;
  WeightStore weights;
  ImportSummary summary;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::string problems;
};

} // namespace fovea::test

#endif // FOVEA_TEST_COMPILER_FRONTENDS_HUGGINGFACE_MADEMODEL_H
