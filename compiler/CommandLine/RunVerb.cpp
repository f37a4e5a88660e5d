//===- RunVerb.cpp - fovea run --------------------------------------------===//
//
// Runs once and describes the outputs.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/CommandLine/Build.h"
#include "compiler/CommandLine/TextTable.h"
#include "compiler/CommandLine/Verbs.h"
#include "compiler/Data/Npy.h"

#include <cmath>

using namespace fovea;
using namespace fovea::cli;

namespace {
/// What the table says of an output. Over the elements that are no NaN.
struct Summary {
  double least = 0, most = 0, mean = 0;
  int64_t numNan = 0;
};
} // namespace

static Summary summarize(const Tensor &tensor) {
  Summary summary;
  int64_t seen = 0;
  for (int64_t index = 0; index < tensor.count(); ++index) {
    double value = tensor.real(index);
    if (std::isnan(value)) {
      ++summary.numNan;
      continue;
    }
    summary.least = seen ? std::min(summary.least, value) : value;
    summary.most = seen ? std::max(summary.most, value) : value;
    summary.mean += (value - summary.mean) / double(++seen);
  }
  return summary;
}

static llvm::Expected<std::vector<Tensor>> runEvaluated(const Invocation &invocation,
                                                        Signature &signature) {
  Build build(invocation);
  if (llvm::Error error = build.read())
    return error;
  llvm::Expected<Signature> found = signatureOf(build.imported(), invocation.entry);
  if (!found)
    return found.takeError();
  signature = std::move(*found);
  auto inputs = makeInputs(signature, invocation);
  if (!inputs)
    return inputs.takeError();
  return evaluate(build, invocation.target(), signature, *inputs, Rounding::Storage);
}

static llvm::Expected<std::vector<Tensor>> runCompiled(const Invocation &invocation,
                                                       Signature &signature) {
  llvm::Expected<Loaded> loaded = load(invocation);
  if (!loaded)
    return loaded.takeError();
  llvm::Expected<Signature> found = loaded->program->signature(invocation.entry);
  if (!found)
    return found.takeError();
  signature = std::move(*found);
  auto inputs = makeInputs(signature, invocation);
  if (!inputs)
    return inputs.takeError();
  return loaded->program->run(signature, *inputs);
}

llvm::Expected<Exit> cli::runModel(const Invocation &invocation) {
  Signature signature;
  bool compiles = invocation.isArtifact() || invocation.target().makesArtifacts();
  auto outputs =
      compiles ? runCompiled(invocation, signature) : runEvaluated(invocation, signature);
  if (!outputs)
    return outputs.takeError();
  TextTable table({"output", "dtype", "shape", "min", "max", "mean", "NaN"});
  llvm::json::Array list;
  std::vector<NamedTensor> named;
  for (auto [tensor, declared] : llvm::zip(*outputs, signature.outputs)) {
    Summary summary = summarize(tensor);
    std::string shape = describe(tensor.dtype(), tensor.shape());
    table.add({declared.name, nameOf(tensor.dtype()).str(),
               shape.substr(nameOf(tensor.dtype()).size()), shortNumber(summary.least),
               shortNumber(summary.most), shortNumber(summary.mean),
               std::to_string(summary.numNan)});
    list.push_back(llvm::json::Object{{"name", declared.name},
                                      {"dtype", nameOf(tensor.dtype())},
                                      {"shape", llvm::json::Array(tensor.shape())},
                                      {"min", jsonNumber(summary.least)},
                                      {"max", jsonNumber(summary.most)},
                                      {"mean", jsonNumber(summary.mean)},
                                      {"nan", summary.numNan}});
    named.push_back({declared.name, std::move(tensor)});
  }
  if (!invocation.outFile.empty())
    if (llvm::Error error = writeNpz(invocation.outFile, named))
      return failure(kInput, "--out", std::move(error));
  if (!invocation.json)
    table.print();
  if (llvm::Error error = invocation.report(llvm::json::Object{{"outputs", std::move(list)}}))
    return error;
  return kOk;
}
