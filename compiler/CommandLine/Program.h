//===- Program.h - a loaded artefact that runs ----------------------------===//
//
// The runtime's C interface with owned handles and the compiler's tensors.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_COMMANDLINE_PROGRAM_H
#define FOVEA_COMPILER_COMMANDLINE_PROGRAM_H

#include "compiler/CommandLine/Signature.h"
#include "fovea_runtime.h"

#include <memory>

namespace fovea::cli {

/// An error of the runtime; frees the status. Damaged and unfit artefacts are kInput, faults of the
/// compiled code itself kBug, the rest kRun.
llvm::Error toError(fovea_status *status, const llvm::Twine &about);

/// How a program runs: fields of fovea_context_options.
struct RunOptions {
  int threads = 0;
  uint32_t emulateSeed = 0;
};

/// A module of the runtime with one context.
class Program {
public:
  static llvm::Expected<Program> load(const std::string &path, RunOptions options);
  static llvm::Expected<Program> load(llvm::ArrayRef<std::byte> bytes, RunOptions options);

  /// The entry's interface; the first entry for "".
  llvm::Expected<Signature> signature(const std::string &entry) const;

  /// Runs an entry and copies its outputs.
  llvm::Expected<std::vector<Tensor>> run(const Signature &signature,
                                          llvm::ArrayRef<Tensor> inputs);

  /// Whether kernels find tensors in the memory of a device.
  bool onDevice() const;

  /// The inputs where kernels find them: on a device copies, which live as long as the program, but
  /// for those that the host reads.
  llvm::Expected<std::vector<fovea_tensor>> place(const Signature &signature,
                                                  std::vector<fovea_tensor> tensors);

  /// Milliseconds of `runs` runs one behind the other, with the outputs left where kernels write
  /// them. On a device by its clock, from the first launch to the end of the last run.
  llvm::Expected<double> time(const Signature &signature, llvm::ArrayRef<fovea_tensor> inputs,
                              int64_t runs);

  /// Bytes of one run with these inputs.
  llvm::Expected<int64_t> peakBytes(const Signature &signature,
                                    llvm::ArrayRef<fovea_tensor> inputs) const;
  int threads() const { return fovea_context_threads(context.get()); }
  const char *ledger() const { return fovea_module_ledger(module.get()); }

private:
  static llvm::Expected<Program> with(fovea_module *module, RunOptions options);
  llvm::Error runOnly(const Signature &signature, llvm::ArrayRef<fovea_tensor> inputs,
                      fovea_stream *stream);

  std::unique_ptr<fovea_module, decltype(&fovea_module_free)> module{nullptr, fovea_module_free};
  std::unique_ptr<fovea_context, decltype(&fovea_context_free)> context{nullptr,
                                                                        fovea_context_free};
  std::vector<fovea_tensor> outputs;
  std::vector<std::unique_ptr<fovea_buffer, decltype(&fovea_buffer_free)>> uploaded;
};

/// Views of tensors, in the runtime's terms; borrow the tensors.
std::vector<fovea_tensor> viewsOf(llvm::ArrayRef<Tensor> tensors);

} // namespace fovea::cli

#endif // FOVEA_COMPILER_COMMANDLINE_PROGRAM_H
