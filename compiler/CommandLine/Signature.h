//===- Signature.h - an entry's interface, and inputs for it --------------===//
//
// One form for entries of artefacts and of modules, and the tensors that --input, --dim and --size
// ask for.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_COMMANDLINE_SIGNATURE_H
#define FOVEA_COMPILER_COMMANDLINE_SIGNATURE_H

#include "compiler/CommandLine/Invocation.h"
#include "compiler/Data/Tensor.h"

#include "mlir/IR/BuiltinOps.h"

namespace fovea::cli {

/// One input or output.
struct TensorSignature {
  std::string name;
  DType dtype = DType::F32;
  /// -1 where the size is symbolic or depends on data; `symbols` has "" where there is none.
  std::vector<int64_t> shape;
  std::vector<std::string> symbols;
  /// Of an artefact's inputs: true when they must be in the host's memory.
  bool onHost = false;

  /// "f32[batch x 384]".
  std::string text() const;
};

struct Signature {
  std::string entry;
  std::vector<TensorSignature> inputs, outputs;
};

/// The interface of an entry; the first entry for "". Fails for a module behind a phase that leaves
/// no tensors.
llvm::Expected<Signature> signatureOf(mlir::ModuleOp module, const std::string &entry);

/// Tensors for all inputs: those of --input by their fills, others random. Symbols that neither a
/// file nor --dim nor --size gives a size are 5; `invocation` says so.
llvm::Expected<std::vector<Tensor>> makeInputs(const Signature &signature,
                                               const Invocation &invocation);

} // namespace fovea::cli

#endif // FOVEA_COMPILER_COMMANDLINE_SIGNATURE_H
