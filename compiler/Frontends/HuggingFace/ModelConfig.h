//===- ModelConfig.h - what a Hugging Face folder describes ---------------===//
//
// The checked contents of config.json and, for sentence encoders, of modules.json and the
// configurations of the modules it lists.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_FRONTENDS_HUGGINGFACE_MODELCONFIG_H
#define FOVEA_COMPILER_FRONTENDS_HUGGINGFACE_MODELCONFIG_H

#include "compiler/Base/Problem.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/JSON.h"

#include <optional>
#include <string>
#include <vector>

namespace fovea {

/// GeluTanh is the approximation by tanh ("gelu_new").
enum class HfActivation { Identity, Gelu, GeluTanh, Relu, Tanh };

/// An encoder of the BERT family with learned absolute positions.
struct BertConfig {
  int64_t hidden = 0, heads = 0, layers = 0, intermediate = 0;
  int64_t positions = 0, types = 0, vocabulary = 0;
  double epsilon = 0;
  HfActivation activation = HfActivation::Gelu;
};

/// One step behind the encoder of a sentence embedding model.
struct SentenceModule {
  enum class Kind { PoolCls, PoolMax, PoolMean, PoolMeanSqrtLen, Dense, Normalize };
  Kind kind = Kind::Normalize;
  /// Folder of the module within the model ("1_Pooling").
  std::string path;
  /// Dense only.
  int64_t inputs = 0, outputs = 0;
  bool bias = true;
  HfActivation activation = HfActivation::Identity;
};

/// Reads and checks `folder`/config.json; every unsupported value is reported.
std::optional<BertConfig> readBertConfig(llvm::StringRef folder, Problems &problems);

/// Reads modules.json and what it lists; empty when the folder has none. `width` is the encoder's
/// output width; every unsupported module or value is reported.
std::optional<std::vector<SentenceModule>> readSentenceModules(llvm::StringRef folder,
                                                               int64_t width, Problems &problems);

/// Reads a JSON object beneath `folder`. Reports and gives nothing on failure.
std::optional<llvm::json::Object> readConfigObject(llvm::StringRef folder, llvm::StringRef path,
                                                   Problems &problems);

/// Appends a problem with one configuration value: "hidden_act is "swish"; supported: ...".
void reportConfigValue(Problems &problems, const llvm::Twine &file, llvm::StringRef key,
                       const llvm::json::Value *value, llvm::StringRef supported);

} // namespace fovea

#endif // FOVEA_COMPILER_FRONTENDS_HUGGINGFACE_MODELCONFIG_H
