//===- fovea-ptx.cpp - PTX and cubins of kernels in text form -------------===//
//
// For tests and researchers: takes a module of kernels, as functions without a form or in a
// gpu.module, through the device's passes and LLVM. Prints PTX, or writes a cubin and prints what
// ptxas says of each kernel.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/DeviceToLLVM/DeviceCode.h"
#include "compiler/Driver/Dialects.h"
#include "compiler/Pipelines/CUDA.h"
#include "compiler/Pipelines/DeviceCode.h"
#include "compiler/Targets/CUDA/Ptx.h"
#include "compiler/Targets/CUDA/Ptxas.h"

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/Process.h"

using namespace fovea;
namespace cl = llvm::cl;

static int fail(const llvm::Twine &what) {
  llvm::errs() << "fovea-ptx: error: " << what << "\n";
  return EXIT_FAILURE;
}

/// Writes the cubin, and prints what each kernel of `device` needs; warnings and remarks of ptxas
/// go to stderr.
static llvm::Error writeCubin(mlir::gpu::GPUModuleOp device, llvm::StringRef ptx,
                              llvm::StringRef arch, llvm::StringRef path) {
  std::string named = llvm::sys::Process::GetEnv("FOVEA_PTXAS").value_or("");
  std::vector<std::string> folders;
  if (auto home = llvm::sys::Process::GetEnv("CUDA_HOME"))
    folders.push_back(*home + "/bin");
  folders.push_back("/usr/local/cuda/bin");
  auto ptxas = cuda::findPtxas(named, folders);
  if (!ptxas)
    return ptxas.takeError();
  auto cubin = cuda::assemble(ptx, arch, ptxas->path);
  if (!cubin)
    return cubin.takeError();
  std::error_code error;
  llvm::raw_fd_ostream file(path, error);
  if (!error) {
    file.write(cubin->bytes.data(), cubin->bytes.size());
    file.close();
    error = file.error();
    file.clear_error();
  }
  if (error)
    return llvm::createStringError("cannot write " + path + ": " + error.message());
  llvm::SmallVector<llvm::StringRef> lines;
  llvm::StringRef(cubin->report).split(lines, '\n');
  for (llvm::StringRef line : lines)
    if (line.contains("warning") || line.contains("(C7"))
      llvm::errs() << line << "\n";
  for (const cuda::KernelUsage &kernel : cubin->kernels) {
    auto facts = factsOf(mlir::SymbolTable::lookupSymbolIn(device, kernel.name));
    llvm::outs() << kernel.name << ": " << kernel.registers << " registers, "
                 << kernel.spillStores + kernel.spillLoads << " spilled, " << kernel.stack
                 << " stack, " << kernel.shared << " static and " << facts->sharedBytes
                 << " dynamic shared\n";
  }
  return llvm::Error::success();
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  cl::opt<std::string> input(cl::Positional, cl::desc("FILE"), cl::Required);
  cl::opt<std::string> arch("arch", cl::desc("architecture of the PTX"), cl::init("sm_80"));
  cl::opt<std::string> gpu("gpu", cl::desc("architecture of the cubin (default: --arch)"));
  cl::opt<std::string> cubin("cubin", cl::desc("write a cubin to this file"));
  cl::opt<bool> tf32("tf32", cl::desc("round f32 operands of products to tf32"));
  cl::ParseCommandLineOptions(argc, argv, "PTX of kernels\n");
  mlir::DialectRegistry registry;
  addDialects(registry);
  registry.insert<mlir::NVVM::NVVMDialect>();
  mlir::MLIRContext context(registry);
  auto module = mlir::parseSourceFile<mlir::ModuleOp>(input, &context);
  if (!module)
    return EXIT_FAILURE;
  mlir::PassManager manager(&context);
  if (module->getOps<mlir::gpu::GPUModuleOp>().empty())
    addKernelsAlone(manager, tf32 ? Products::Tf32 : Products::Exact);
  addDeviceCode(manager, /*emulated=*/false);
  if (failed(manager.run(*module)))
    return EXIT_FAILURE;
  for (auto device : module->getOps<mlir::gpu::GPUModuleOp>()) {
    auto ptx = cuda::emitPtx(device, cuda::PtxOptions{arch});
    if (!ptx)
      return fail(toString(ptx.takeError()));
    if (cubin.empty())
      llvm::outs() << *ptx;
    else if (llvm::Error error = writeCubin(device, *ptx, gpu.empty() ? arch : gpu, cubin))
      return fail(toString(std::move(error)));
  }
  return EXIT_SUCCESS;
}
