//===- ModelWeights.h - the tensors a graph needs -------------------------===//
//
// Checks the presence and shape of every tensor before the graph is built, then declares them as
// fovea.weight.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_FRONTENDS_HUGGINGFACE_MODELWEIGHTS_H
#define FOVEA_COMPILER_FRONTENDS_HUGGINGFACE_MODELWEIGHTS_H

#include "compiler/Frontends/SafeTensors/SafeTensorsModel.h"
#include "dialects/Fovea/FoveaDialect.h"

namespace fovea {

/// A tensor that a graph uses, under the name that the graph uses for it.
struct NeededTensor {
  std::string name;
  llvm::SmallVector<int64_t, 2> shape;
};

/// Declares tensors of one folder as weights of f32. f16 and bf16 are converted when declared.
class ModelWeights {
public:
  /// `prefix` stands in front of graph names in the file ("bert."), `symbolPrefix` in front of them
  /// in the module.
  ModelWeights(SafeTensorsModel model, std::string prefix, std::string symbolPrefix)
      : model(std::move(model)), prefix(std::move(prefix)), symbolPrefix(std::move(symbolPrefix)) {}

  /// True when the file has the tensor (a layer norm's weight and bias also as gamma and beta).
  bool has(llvm::StringRef name) const { return find(name) != nullptr; }

  /// Reports every tensor that is missing or has another shape or dtype than needed.
  bool check(llvm::StringRef folder, llvm::ArrayRef<NeededTensor> needed, Problems &problems) const;

  /// Reports tensors of the parts `parts` ("encoder.") that are not in `needed`: a model that has
  /// more than its configuration says computes something else.
  bool checkNothingElse(llvm::StringRef folder, llvm::ArrayRef<NeededTensor> needed,
                        llvm::ArrayRef<llvm::StringRef> parts, Problems &problems) const;

  /// Creates the weight symbols, moves the files to `store` and returns the bytes declared.
  uint64_t declare(mlir::OpBuilder &builder, llvm::ArrayRef<NeededTensor> needed,
                   WeightStore &store);

  /// Symbol of a declared tensor.
  std::string symbolOf(llvm::StringRef name) const { return symbolPrefix + name.str(); }

private:
  const LocatedTensor *find(llvm::StringRef name) const;

  SafeTensorsModel model;
  std::string prefix, symbolPrefix;
};

} // namespace fovea

#endif // FOVEA_COMPILER_FRONTENDS_HUGGINGFACE_MODELWEIGHTS_H
