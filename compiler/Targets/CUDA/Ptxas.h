//===- Ptxas.h - from PTX text to a cubin ---------------------------------===//
//
// Declares NVIDIA's assembler as a child process: where it is, and what it says of kernels.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_CUDA_PTXAS_H
#define FOVEA_COMPILER_TARGETS_CUDA_PTXAS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace fovea::cuda {

/// What ptxas says of one kernel with `-v`. Sizes are bytes; shared memory is the static part.
struct KernelUsage {
  std::string name;
  int64_t registers = 0, stack = 0, spillStores = 0, spillLoads = 0, shared = 0;
};

struct Cubin {
  llvm::SmallVector<char, 0> bytes;
  std::vector<KernelUsage> kernels;
  /// All that ptxas has said.
  std::string report;
};

/// Of the CUDA toolkit that a ptxas came with: major, minor.
using Release = std::pair<unsigned, unsigned>;

/// The first release whose ptxas compiles asynchronous products (wgmma) soundly.
inline constexpr Release kSoundForAsynchronousProducts = {13, 3};

/// "13.3".
std::string textOf(Release release);

/// A ptxas that is taken: its path, and what it has said its release is.
struct Assembler {
  std::string path;
  Release release;
};

/// A ptxas: `named` unless empty (what FOVEA_PTXAS or the option ptxas says), else the
/// first in `folders`, else on the path. It is asked for its version, that of the CUDA toolkit it
/// came with: from 12.0 on it is taken, as that knows PTX 8.0. Those that are not yet sound for
/// asynchronous products are taken, too, as none is generated here. The error says what to install.
llvm::Expected<Assembler> findPtxas(llvm::StringRef named,
                                    llvm::ArrayRef<std::string> folders = {});

/// Assembles `ptx` for `arch`, e.g. "sm_90". Warnings and remarks are no errors: `report` has them.
llvm::Expected<Cubin> assemble(llvm::StringRef ptx, llvm::StringRef arch, llvm::StringRef ptxas);

/// The usage of each kernel in what `ptxas -v` has printed.
std::vector<KernelUsage> readUsage(llvm::StringRef report);

} // namespace fovea::cuda

#endif // FOVEA_COMPILER_TARGETS_CUDA_PTXAS_H
