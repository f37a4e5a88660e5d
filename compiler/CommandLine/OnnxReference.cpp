//===- OnnxReference.cpp - what the onnx package computes -----------------===//
//
// Inputs and outputs go by way of .npz files in a folder of their own.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/CommandLine/OnnxReference.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"

using namespace fovea;
using namespace fovea::cli;
namespace sys = llvm::sys;

/// The last lines of a file, for messages.
static std::string tailOf(const std::string &path) {
  auto file = llvm::MemoryBuffer::getFile(path);
  return file ? (*file)->getBuffer().rtrim().take_back(800).str() : "";
}

llvm::Expected<std::vector<NamedTensor>> cli::runOnnxReference(const Invocation &invocation,
                                                               const Signature &signature,
                                                               llvm::ArrayRef<Tensor> inputs) {
  if (sys::path::extension(invocation.input) != ".onnx")
    return failure(kUsage, "--ref=onnx needs an .onnx file");
  llvm::ErrorOr<std::string> python = sys::findProgramByName(invocation.environment.python);
  if (!python)
    return failure(kRun, "there is no '" + invocation.environment.python + "' to run",
                   "set FOVEA_PYTHON to a Python with the package onnx");
  llvm::SmallString<128> folder;
  if (std::error_code error = sys::fs::createUniqueDirectory("fovea-onnx", folder))
    return failure(kRun, "no temporary folder can be made: " + error.message());
  llvm::scope_exit cleanUp([&] { sys::fs::remove_directories(folder); });
  std::string given = (folder + "/inputs.npz").str(), wanted = (folder + "/outputs.npz").str(),
              log = (folder + "/log.txt").str();
  std::vector<NamedTensor> named;
  for (auto [tensor, declared] : llvm::zip(inputs, signature.inputs)) {
    llvm::Expected<Tensor> copy = tensor.clone();
    if (!copy)
      return failure(kRun, declared.name, copy.takeError());
    named.push_back({declared.name, std::move(*copy)});
  }
  if (llvm::Error error = writeNpz(given, named))
    return failure(kRun, "inputs", std::move(error));
  std::string script = invocation.environment.shareFolder + "/onnx_reference.py";
  llvm::StringRef arguments[] = {*python, script, invocation.input, given, wanted};
  std::string message;
  int exit = sys::ExecuteAndWait(*python, arguments, std::nullopt,
                                 {llvm::StringRef(""), llvm::StringRef(log), llvm::StringRef(log)},
                                 /*SecondsToWait=*/0, /*MemoryLimit=*/0, &message);
  if (exit != 0)
    return failure(kRun, "the onnx package's evaluator failed: " + message + tailOf(log),
                   "set FOVEA_PYTHON to a Python with the package onnx, or use --ref=reference");
  llvm::Expected<std::vector<NamedTensor>> outputs = readNpz(wanted);
  if (!outputs)
    return failure(kRun, "outputs", outputs.takeError());
  return std::move(*outputs);
}
