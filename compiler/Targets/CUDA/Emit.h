//===- Emit.h - device code of an artefact --------------------------------===//
//
// Declares the emission of kernels as PTX and cubins, beside the host code that launches them.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_CUDA_EMIT_H
#define FOVEA_COMPILER_TARGETS_CUDA_EMIT_H

#include "compiler/Targets/CPU/Capabilities.h"
#include "compiler/Targets/CUDA/Ptxas.h"
#include "compiler/Targets/Target.h"

namespace fovea::cuda {

/// Architectures that a target may name, the oldest first.
llvm::ArrayRef<llvm::StringLiteral> knownArchitectures();

/// Whether `options` name a ptxas, which then has to be one.
bool namesAssembler(const EmissionOptions &options);

/// ptxas as `options` name it ("none" for none), else in the CUDA toolkit's usual folder, else on
/// the path. The error says what to install.
llvm::Expected<Assembler> assemblerOf(const EmissionOptions &options);

/// Host code for `host` as the section "cpu"; of the kernels PTX for the oldest of `architectures`
/// as "compute_<number>" and, where there is a ptxas, a cubin for each as "sm_<number>". The PTX is
/// what keepAssembly keeps. `module` is behind the last phase and stays as it is. A ptxas that
/// `options` name has been found good before (CudaTarget::refuses).
llvm::Expected<Emission> emit(mlir::ModuleOp module, const cpu::Capabilities &host,
                              llvm::ArrayRef<std::string> architectures,
                              const EmissionOptions &options);

} // namespace fovea::cuda

#endif // FOVEA_COMPILER_TARGETS_CUDA_EMIT_H
