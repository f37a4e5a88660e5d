//===- Emit.cpp - device code of an artefact ------------------------------===//
//
// One PTX text of all kernels; cubins are assembled from the same text.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CUDA/Emit.h"

#include "compiler/Targets/CPU/Emit.h"
#include "compiler/Targets/CUDA/Ptx.h"

using namespace fovea;

llvm::ArrayRef<llvm::StringLiteral> cuda::knownArchitectures() {
  // Those that the PTX ISA 8.0 has, which is what is emitted.
  static constexpr llvm::StringLiteral known[] = {"sm_80", "sm_86", "sm_87", "sm_89", "sm_90"};
  return known;
}

/// What stands for no ptxas, although there may be one.
static constexpr llvm::StringLiteral kNone = "none";

bool cuda::namesAssembler(const EmissionOptions &options) {
  return !options.ptxas.empty() && options.ptxas != kNone;
}

llvm::Expected<cuda::Assembler> cuda::assemblerOf(const EmissionOptions &options) {
  if (options.ptxas == kNone)
    return llvm::createStringError("ptxas is not used, as FOVEA_PTXAS or the option ptxas asks");
  return findPtxas(options.ptxas, {"/usr/local/cuda/bin"});
}

/// The program to run. One that is named has said its version before the first phase.
static llvm::Expected<std::string> programOf(const EmissionOptions &options) {
  if (cuda::namesAssembler(options))
    return options.ptxas;
  llvm::Expected<cuda::Assembler> found = cuda::assemblerOf(options);
  if (!found)
    return found.takeError();
  return std::move(found->path);
}

static CodeSection section(std::string target, llvm::StringRef content) {
  CodeSection section;
  section.target = std::move(target);
  section.memory = fvm::MemorySpace::Device;
  section.bytes.assign(content.begin(), content.end());
  return section;
}

static llvm::Expected<std::string> ptxOf(mlir::ModuleOp module, const std::string &arch,
                                         const EmissionOptions &options) {
  auto devices = module.getOps<mlir::gpu::GPUModuleOp>();
  if (!llvm::hasSingleElement(devices))
    return llvm::createStringError("expected one module of device code");
  cuda::PtxOptions ptx;
  ptx.arch = arch;
  ptx.optimization = options.optimization == 0 ? 0 : 3;
  return cuda::emitPtx(*devices.begin(), ptx);
}

llvm::Expected<Emission> cuda::emit(mlir::ModuleOp module, const cpu::Capabilities &host,
                                    llvm::ArrayRef<std::string> architectures,
                                    const EmissionOptions &options) {
  llvm::Expected<Emission> out = cpu::emit(module, host, options);
  if (!out)
    return out;
  const std::string &oldest = architectures.front();
  llvm::Expected<std::string> ptx = ptxOf(module, oldest, options);
  if (!ptx)
    return ptx.takeError();
  llvm::Expected<std::string> ptxas = programOf(options);
  // Without any the driver assembles the PTX.
  if (ptxas)
    for (const std::string &arch : architectures) {
      llvm::Expected<Cubin> cubin = assemble(*ptx, arch, *ptxas);
      if (!cubin)
        return cubin.takeError();
      out->sections.push_back(section(arch, {cubin->bytes.data(), cubin->bytes.size()}));
    }
  else
    out->notes.push_back("no cubins, the driver assembles the PTX: " +
                         llvm::toString(ptxas.takeError()));
  out->sections.push_back(section("compute" + oldest.substr(oldest.find('_')), *ptx));
  if (options.keepAssembly)
    out->assembly = std::move(*ptx);
  return out;
}
