//===- ModelConfig.cpp - config.json of the BERT family -------------------===//
//
// Absent keys have the defaults of the model's configuration class; a value that changes what the
// model computes and is not supported is a problem.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/HuggingFace/ModelConfig.h"
#include "compiler/Frontends/SafeTensors/BoundedJson.h"
#include "compiler/Frontends/SafeTensors/OpenBeneath.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/raw_ostream.h"

using namespace fovea;

static constexpr llvm::StringLiteral kConfig = "config.json";
/// Bounds that keep every product of two sizes far below 2^63.
static constexpr int64_t kMaxSize = int64_t(1) << 24;
static constexpr int64_t kMaxLayers = 4096;

void fovea::reportConfigValue(Problems &problems, const llvm::Twine &file, llvm::StringRef key,
                              const llvm::json::Value *value, llvm::StringRef supported) {
  Problem problem;
  problem.code = "FV0150";
  problem.file = file.str();
  llvm::raw_string_ostream text(problem.what);
  text << key << " is ";
  if (value)
    text << *value;
  else
    text << "absent";
  text << "; supported: " << supported;
  problems.push_back(std::move(problem));
}

std::optional<llvm::json::Object>
fovea::readConfigObject(llvm::StringRef folder, llvm::StringRef path, Problems &problems) {
  JsonLimits limits;
  limits.bytes = 16u << 20;
  std::string why;
  if (auto buffer = openBeneath(folder, path, Links::HubCache, why)) {
    if (auto value = parseBoundedJson(buffer->getBuffer(), limits, why)) {
      if (llvm::json::Object *object = value->getAsObject())
        return std::move(*object);
      why = "expected an object";
    }
  }
  Problem problem;
  problem.code = "FV0050";
  problem.file = (folder + "/" + path).str();
  problem.what = "cannot be read as a configuration";
  problem.why = why;
  problems.push_back(std::move(problem));
  return std::nullopt;
}

namespace {
/// Reads values of one configuration and reports those that do not fit.
class Reader {
public:
  Reader(const llvm::json::Object &object, std::string file, Problems &problems)
      : object(object), file(std::move(file)), problems(problems) {}

  int64_t size(llvm::StringRef key, int64_t absent, int64_t most = kMaxSize) {
    const llvm::json::Value *value = present(key);
    if (!value)
      return absent;
    std::optional<int64_t> number = value->getAsInteger();
    if (number && *number >= 1 && *number <= most)
      return *number;
    report(key, "an integer from 1 to " + std::to_string(most));
    return 1;
  }

  double positive(llvm::StringRef key, double absent) {
    const llvm::json::Value *value = present(key);
    if (!value)
      return absent;
    std::optional<double> number = value->getAsNumber();
    if (number && *number >= 0 && *number < 1)
      return *number;
    report(key, "a number from 0 to 1");
    return 0;
  }

  /// The string at `key`, which must be one of `supported` (the first is the default).
  std::string oneOf(llvm::StringRef key, llvm::ArrayRef<llvm::StringRef> supported) {
    const llvm::json::Value *value = present(key);
    if (!value)
      return supported.front().str();
    std::optional<llvm::StringRef> text = value->getAsString();
    if (text && llvm::is_contained(supported, *text))
      return text->str();
    report(key, llvm::join(supported, ", "));
    return supported.front().str();
  }

  /// A key whose only supported value is false (or absent).
  void falseOnly(llvm::StringRef key) {
    const llvm::json::Value *value = present(key);
    if (value && value->getAsBoolean() != false)
      report(key, "false");
  }

  void absentOnly(llvm::StringRef key) {
    if (present(key))
      report(key, "a folder without it");
  }

  void report(llvm::StringRef key, llvm::StringRef supported) {
    reportConfigValue(problems, file, key, object.get(key), supported);
  }

private:
  /// Null when the key is absent or null.
  const llvm::json::Value *present(llvm::StringRef key) const {
    const llvm::json::Value *value = object.get(key);
    return value && value->kind() != llvm::json::Value::Null ? value : nullptr;
  }

  const llvm::json::Object &object;
  std::string file;
  Problems &problems;
};
} // namespace

/// The body is the same in both classes; the head of the second is not imported.
static void checkArchitectures(const llvm::json::Object &object, Reader &reader) {
  const llvm::json::Array *names = object.getArray("architectures");
  if (!names)
    return;
  for (const llvm::json::Value &name : *names) {
    std::optional<llvm::StringRef> text = name.getAsString();
    if (text != llvm::StringRef("BertModel") && text != llvm::StringRef("BertForMaskedLM"))
      return reader.report("architectures", "BertModel, BertForMaskedLM (its body)");
  }
}

std::optional<BertConfig> fovea::readBertConfig(llvm::StringRef folder, Problems &problems) {
  auto object = readConfigObject(folder, kConfig, problems);
  if (!object)
    return std::nullopt;
  size_t before = problems.size();
  Reader reader(*object, (folder + "/" + kConfig).str(), problems);
  std::optional<llvm::StringRef> type = object->getString("model_type");
  if (type != llvm::StringRef("bert")) {
    // Further keys of another family mean something else: nothing more to say about them.
    reader.report("model_type", "bert");
    return std::nullopt;
  }
  checkArchitectures(*object, reader);
  BertConfig config;
  config.hidden = reader.size("hidden_size", 768);
  config.heads = reader.size("num_attention_heads", 12);
  config.layers = reader.size("num_hidden_layers", 12, kMaxLayers);
  config.intermediate = reader.size("intermediate_size", 3072);
  config.positions = reader.size("max_position_embeddings", 512);
  config.types = reader.size("type_vocab_size", 2);
  config.vocabulary = reader.size("vocab_size", 30522);
  config.epsilon = reader.positive("layer_norm_eps", 1e-12);
  reader.oneOf("position_embedding_type", {"absolute"});
  config.activation =
      llvm::StringSwitch<HfActivation>(
          reader.oneOf("hidden_act", {"gelu", "gelu_new", "gelu_pytorch_tanh", "relu"}))
          .Case("gelu", HfActivation::Gelu)
          .Case("relu", HfActivation::Relu)
          .Default(HfActivation::GeluTanh);
  reader.falseOnly("is_decoder");
  reader.falseOnly("add_cross_attention");
  reader.absentOnly("quantization_config");
  if (config.hidden % config.heads != 0)
    reader.report("num_attention_heads", "a divisor of hidden_size");
  if (problems.size() != before)
    return std::nullopt;
  return config;
}
