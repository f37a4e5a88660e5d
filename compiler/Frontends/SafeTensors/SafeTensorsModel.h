//===- SafeTensorsModel.h - the weights of a model folder -----------------===//
//
// A model's tensors by name, whether they lie in one safetensors file or in shards that an index
// lists.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_FRONTENDS_SAFETENSORS_SAFETENSORSMODEL_H
#define FOVEA_COMPILER_FRONTENDS_SAFETENSORS_SAFETENSORSMODEL_H

#include "compiler/Base/Problem.h"
#include "compiler/Base/WeightStore.h"
#include "compiler/Frontends/SafeTensors/SafeTensors.h"

#include <map>

namespace fovea {

/// A tensor and the file (its name in the model's folder) that holds it.
struct LocatedTensor {
  std::string file;
  TensorEntry entry;
};

/// Tensors of a folder with model.safetensors or model.safetensors.index.json.
class SafeTensorsModel {
public:
  /// Opens and checks the files of `folder` / `part` ("" or a plain path of a part of the model).
  /// Reports to `problems` and gives nothing on failure.
  static std::optional<SafeTensorsModel> open(llvm::StringRef folder, llvm::StringRef part,
                                              Problems &problems);

  /// Null when the model has no such tensor.
  const LocatedTensor *find(llvm::StringRef name) const;

  /// All names, sorted.
  std::vector<std::string> names() const;

  /// The bytes of a tensor, valid until moveFilesTo.
  llvm::ArrayRef<uint8_t> bytes(const LocatedTensor &tensor) const;

  /// Gives the mapped files to the store, each under its name in the folder.
  void moveFilesTo(WeightStore &weights);

private:
  bool addFile(llvm::StringRef folder, const std::string &path, Problems &problems);
  bool addShards(llvm::StringRef folder, llvm::StringRef part, llvm::StringRef index,
                 Problems &problems);

  std::map<std::string, LocatedTensor> tensors;
  std::map<std::string, std::unique_ptr<llvm::MemoryBuffer>> files;
};

} // namespace fovea

#endif // FOVEA_COMPILER_FRONTENDS_SAFETENSORS_SAFETENSORSMODEL_H
