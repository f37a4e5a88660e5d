//===- Ptx.cpp - from the NVVM dialect to PTX text ------------------------===//
//
// Runs LLVM's optimizer and its NVPTX backend in this process.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CUDA/Ptx.h"

#include "compiler/Targets/Optimizer.h"

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/NVVM/NVVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/ModuleTranslation.h"
#include "llvm/Config/Targets.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/DiagnosticPrinter.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Verifier.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"

#include <mutex>

using namespace fovea;

static llvm::Error failure(const llvm::Twine &what) { return llvm::createStringError(what); }

static void initializeTarget() {
#if LLVM_HAS_NVPTX_TARGET
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeNVPTXTargetInfo();
    LLVMInitializeNVPTXTarget();
    LLVMInitializeNVPTXTargetMC();
    LLVMInitializeNVPTXAsmPrinter();
  });
#endif
}

static llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
machineFor(const cuda::PtxOptions &options) {
  initializeTarget();
  llvm::Triple triple("nvptx64-nvidia-cuda");
  std::string error;
  const llvm::Target *target = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!target)
    return failure("this LLVM was built without its NVPTX backend: " + error);
  // Asked first: a machine of an unknown architecture would print warnings.
  std::unique_ptr<llvm::MCSubtargetInfo> known(target->createMCSubtargetInfo(triple, "", ""));
  if (!known->isCPUStringValid(options.arch))
    return failure("LLVM does not know the architecture '" + options.arch +
                   "': name one as sm_80 or sm_90");
  llvm::TargetOptions settings;
  settings.AllowFPOpFusion = llvm::FPOpFusion::Standard;
  auto level =
      options.optimization == 0 ? llvm::CodeGenOptLevel::None : llvm::CodeGenOptLevel::Aggressive;
  std::unique_ptr<llvm::TargetMachine> machine(
      target->createTargetMachine(triple, options.arch, "+ptx" + std::to_string(options.version),
                                  settings, std::nullopt, std::nullopt, level));
  return machine;
}

/// LLVM 22.1 takes products of a warp for functions of one thread, and moves them into branches in
/// which threads differ.
static void keepProductsTogether(llvm::Module &module) {
  for (llvm::Function &function : module)
    if (function.getName().starts_with("llvm.nvvm.mma."))
      function.addFnAttr(llvm::Attribute::Convergent);
}

/// Kernels are scheduled: registers of a thread are no vectors.
static void optimize(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::PipelineTuningOptions tuning;
  tuning.SLPVectorization = false;
  tuning.LoopVectorization = false;
  runOptimizer(module, machine, tuning, /*level=*/3);
}

/// What the backend reports as an error, which it would print otherwise.
namespace {
struct BackendErrors : llvm::DiagnosticHandler {
  explicit BackendErrors(std::string &text) : text(text) {}

  bool handleDiagnostics(const llvm::DiagnosticInfo &info) override {
    if (info.getSeverity() != llvm::DS_Error)
      return true;
    llvm::raw_string_ostream stream(text);
    llvm::DiagnosticPrinterRawOStream printer(stream);
    info.print(printer);
    stream << "\n";
    return true;
  }

  std::string &text;
};
} // namespace

llvm::Expected<std::string> fovea::cuda::emitPtx(mlir::gpu::GPUModuleOp device,
                                                 const PtxOptions &options) {
  mlir::DialectRegistry registry;
  mlir::registerBuiltinDialectTranslation(registry);
  mlir::registerLLVMDialectTranslation(registry);
  mlir::registerNVVMDialectTranslation(registry);
  device.getContext()->appendDialectRegistry(registry);
  auto machine = machineFor(options);
  if (!machine)
    return machine.takeError();
  // The backend takes a module of its own.
  mlir::OwningOpRef<mlir::ModuleOp> code = mlir::ModuleOp::create(device.getLoc());
  for (mlir::Operation &op : *device.getBody())
    code->push_back(op.clone());
  llvm::LLVMContext context;
  std::string errors;
  context.setDiagnosticHandler(std::make_unique<BackendErrors>(errors));
  std::unique_ptr<llvm::Module> ir = mlir::translateModuleToLLVMIR(*code, context, "fovea");
  if (!ir)
    return failure("the device code cannot be translated to LLVM IR");
  ir->setTargetTriple((*machine)->getTargetTriple());
  ir->setDataLayout((*machine)->createDataLayout());
  if (llvm::verifyModule(*ir))
    return failure("the generated LLVM IR of device code is not valid");
  keepProductsTogether(*ir);
  if (options.optimization > 0)
    optimize(*ir, **machine);
  llvm::SmallString<0> text;
  llvm::raw_svector_ostream stream(text);
  llvm::legacy::PassManager manager;
  if ((*machine)->addPassesToEmitFile(manager, stream, nullptr,
                                      llvm::CodeGenFileType::AssemblyFile))
    return failure("the NVPTX backend cannot write PTX");
  manager.run(*ir);
  if (!errors.empty())
    return failure("the NVPTX backend refuses the device code: " + llvm::StringRef(errors).rtrim());
  return std::string(text);
}
