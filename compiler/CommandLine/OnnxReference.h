//===- OnnxReference.h - what the onnx package computes -------------------===//
//
// Evaluates an ONNX model by onnx.reference in a child process.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_COMMANDLINE_ONNXREFERENCE_H
#define FOVEA_COMPILER_COMMANDLINE_ONNXREFERENCE_H

#include "compiler/CommandLine/Signature.h"
#include "compiler/Data/Npy.h"

namespace fovea::cli {

/// Outputs by name. Fails when Python or the package is missing, or the model has a node that the
/// package cannot evaluate.
llvm::Expected<std::vector<NamedTensor>> runOnnxReference(const Invocation &invocation,
                                                          const Signature &signature,
                                                          llvm::ArrayRef<Tensor> inputs);

} // namespace fovea::cli

#endif // FOVEA_COMPILER_COMMANDLINE_ONNXREFERENCE_H
