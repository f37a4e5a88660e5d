//===- SentenceModules.cpp - modules.json of sentence encoders ------------===//
//
// The steps that the sentence-transformers library runs behind an encoder.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/HuggingFace/ModelConfig.h"
#include "compiler/Frontends/SafeTensors/BoundedJson.h"
#include "compiler/Frontends/SafeTensors/OpenBeneath.h"

using namespace fovea;

static constexpr llvm::StringLiteral kModules = "modules.json";
static constexpr size_t kMaxModules = 64;
static constexpr int64_t kMaxWidth = int64_t(1) << 24;

/// The class name behind the last dot of "sentence_transformers.models.Pooling".
static llvm::StringRef className(llvm::StringRef type) { return type.rsplit('.').second; }

static bool readPooling(llvm::StringRef folder, int64_t width, SentenceModule &module,
                        Problems &problems) {
  std::string path = module.path + "/config.json", file = (folder + "/" + path).str();
  auto object = readConfigObject(folder, path, problems);
  if (!object)
    return false;
  using Kind = SentenceModule::Kind;
  const std::pair<llvm::StringRef, Kind> modes[] = {
      {"pooling_mode_cls_token", Kind::PoolCls},
      {"pooling_mode_max_tokens", Kind::PoolMax},
      {"pooling_mode_mean_tokens", Kind::PoolMean},
      {"pooling_mode_mean_sqrt_len_tokens", Kind::PoolMeanSqrtLen}};
  const llvm::json::Value *dimension = object->get("word_embedding_dimension");
  if (dimension && dimension->getAsInteger() != width) {
    reportConfigValue(problems, file, "word_embedding_dimension", dimension,
                      "the encoder's width, " + std::to_string(width));
    return false;
  }
  unsigned chosen = 0;
  for (auto &[key, value] : *object) {
    llvm::StringRef name(key);
    if (!name.starts_with("pooling_mode_") || value.getAsBoolean() == false)
      continue;
    const auto *mode = llvm::find_if(modes, [&](auto &known) { return known.first == name; });
    if (value.getAsBoolean() != true || mode == std::end(modes) || ++chosen > 1) {
      reportConfigValue(problems, file, name, &value,
                        "one of pooling_mode_{cls_token, max_tokens, mean_tokens, "
                        "mean_sqrt_len_tokens} that is true, all others false");
      return false;
    }
    module.kind = mode->second;
  }
  if (chosen == 1)
    return true;
  reportConfigValue(problems, file, "pooling_mode_*", nullptr, "exactly one mode that is true");
  return false;
}

static bool readDense(llvm::StringRef folder, int64_t width, SentenceModule &module,
                      Problems &problems) {
  std::string path = module.path + "/config.json", file = (folder + "/" + path).str();
  auto object = readConfigObject(folder, path, problems);
  if (!object)
    return false;
  size_t before = problems.size();
  module.kind = SentenceModule::Kind::Dense;
  module.inputs = object->getInteger("in_features").value_or(0);
  module.outputs = object->getInteger("out_features").value_or(0);
  module.bias = object->getBoolean("bias").value_or(true);
  if (module.inputs != width)
    reportConfigValue(problems, file, "in_features", object->get("in_features"),
                      "the width of what comes before, " + std::to_string(width));
  if (module.outputs < 1 || module.outputs > kMaxWidth)
    reportConfigValue(problems, file, "out_features", object->get("out_features"),
                      "an integer from 1 to " + std::to_string(kMaxWidth));
  llvm::StringRef activation =
      className(object->getString("activation_function").value_or("torch.Tanh"));
  if (activation == "Tanh")
    module.activation = HfActivation::Tanh;
  else if (activation == "ReLU")
    module.activation = HfActivation::Relu;
  else if (activation == "GELU")
    module.activation = HfActivation::Gelu;
  else if (activation != "Identity")
    reportConfigValue(problems, file, "activation_function", object->get("activation_function"),
                      "Identity, Tanh, ReLU, GELU of torch.nn");
  return problems.size() == before;
}

static std::optional<llvm::json::Value> readModuleList(llvm::StringRef folder, bool &missing,
                                                       Problems &problems) {
  JsonLimits limits;
  limits.bytes = 1u << 20;
  std::string why;
  if (auto buffer = openBeneath(folder, kModules, Links::HubCache, why, &missing)) {
    auto value = parseBoundedJson(buffer->getBuffer(), limits, why);
    if (value && value->getAsArray() && value->getAsArray()->size() <= kMaxModules)
      return value;
    if (value)
      why = "expected an array of at most 64 modules";
  }
  if (!missing) {
    Problem problem;
    problem.code = "FV0050";
    problem.file = (folder + "/" + kModules).str();
    problem.what = "cannot be read as a list of modules";
    problem.why = why;
    problems.push_back(std::move(problem));
  }
  return std::nullopt;
}

std::optional<std::vector<SentenceModule>>
fovea::readSentenceModules(llvm::StringRef folder, int64_t width, Problems &problems) {
  std::vector<SentenceModule> modules;
  bool missing = false;
  auto list = readModuleList(folder, missing, problems);
  if (!list)
    return missing ? std::optional(modules) : std::nullopt;
  std::string file = (folder + "/" + kModules).str();
  size_t before = problems.size();
  for (auto [index, value] : llvm::enumerate(*list->getAsArray())) {
    const llvm::json::Object *object = value.getAsObject();
    const llvm::json::Value *type = object ? object->get("type") : nullptr;
    llvm::StringRef name = className(type ? type->getAsString().value_or("") : "");
    SentenceModule module;
    module.path = object ? object->getString("path").value_or("").str() : "";
    bool pooled = modules.size() > 0;
    if (index == 0 && name == "Transformer" && module.path.empty())
      continue;
    bool known =
        (name == "Pooling" && !pooled) || ((name == "Dense" || name == "Normalize") && pooled);
    if (index == 0 || !known || (name != "Normalize" && !isPlainPath(module.path))) {
      reportConfigValue(problems, file, "module " + std::to_string(index), &value,
                        "Transformer in the folder itself, then Pooling, then Dense and Normalize");
      return std::nullopt;
    }
    if (name == "Pooling" && !readPooling(folder, width, module, problems))
      return std::nullopt;
    if (name == "Dense") {
      if (!readDense(folder, width, module, problems))
        return std::nullopt;
      width = module.outputs;
    }
    modules.push_back(std::move(module));
  }
  if (problems.size() != before)
    return std::nullopt;
  return modules;
}
