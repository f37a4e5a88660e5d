//===- Emit.cpp - from the LLVM dialect to a shared object ----------------===//
//
// Runs LLVM's optimizer and code generator and the linker in this process.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CPU/Emit.h"
#include "compiler/Base/TemporaryFile.h"
#include "compiler/Targets/CPU/MaskedAccesses.h"
#include "compiler/Targets/CPU/ProductRows.h"
#include "compiler/Targets/CPU/ShortFloats.h"
#include "compiler/Targets/Optimizer.h"

#include "lld/Common/Driver.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/ModuleTranslation.h"
#include "llvm/Config/Targets.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Verifier.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/Transforms/Instrumentation/AddressSanitizer.h"
#include "llvm/Transforms/Utils/Cloning.h"

#include <mutex>

LLD_HAS_DRIVER(elf)

using namespace fovea;
using namespace fovea::cpu;

static llvm::Error failure(const llvm::Twine &what) { return llvm::createStringError(what); }

/// This machine's instructions, and those of the other architectures that Fovea compiles for.
static void initializeTargets() {
  static std::once_flag once;
  std::call_once(once, [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    llvm::InitializeNativeTargetAsmParser();
#if LLVM_HAS_AARCH64_TARGET
    LLVMInitializeAArch64TargetInfo();
    LLVMInitializeAArch64Target();
    LLVMInitializeAArch64TargetMC();
    LLVMInitializeAArch64AsmPrinter();
#endif
  });
}

/// The machine's own triple where its architecture is the one compiled for.
static llvm::Triple tripleFor(const Capabilities &cpu) {
  llvm::Triple own(llvm::sys::getDefaultTargetTriple());
  return own.getArchName() == cpu.arch ? own : llvm::Triple(cpu.arch + "-unknown-linux-gnu");
}

static std::unique_ptr<llvm::TargetMachine> machineFor(const Capabilities &cpu, llvm::Triple triple,
                                                       bool optimizes, std::string &error) {
  initializeTargets();
  const llvm::Target *target = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!target)
    return nullptr;
  llvm::TargetOptions settings;
  settings.AllowFPOpFusion = llvm::FPOpFusion::Standard;
  return std::unique_ptr<llvm::TargetMachine>(target->createTargetMachine(
      triple, cpu.cpu, "", settings, llvm::Reloc::PIC_, llvm::CodeModel::Small,
      optimizes ? llvm::CodeGenOptLevel::Default : llvm::CodeGenOptLevel::None));
}

/// Features that the code needs beyond the level's: those of the rows of products that it uses.
static std::vector<std::string> featuresOfRows(const llvm::Module &module) {
  std::vector<std::string> features;
  for (const ProductRow &row : productRows())
    for (const llvm::Function &function : module)
      if (llvm::any_of(row.intrinsics, [&](llvm::StringRef start) {
            return function.getName().starts_with(start);
          }))
        for (llvm::StringRef feature : row.features)
          if (!llvm::is_contained(features, feature))
            features.push_back(feature.str());
  return features;
}

/// Everything but the exported entries is internal; kernels may use the widest vectors.
static void prepare(llvm::Module &module, const Capabilities &cpu,
                    llvm::ArrayRef<std::string> features, const EmissionOptions &options) {
  std::string added;
  for (const std::string &feature : features)
    added += (added.empty() ? "+" : ",+") + feature;
  for (llvm::Function &function : module) {
    if (function.isDeclaration())
      continue;
    bool exported = function.getName().starts_with("fovea_run_") ||
                    function.getName().starts_with("fovea_plan_");
    if (!function.hasHiddenVisibility())
      function.setLinkage(exported ? llvm::GlobalValue::ExternalLinkage
                                   : llvm::GlobalValue::InternalLinkage);
    function.addFnAttr(llvm::Attribute::NoUnwind);
    function.addFnAttr("target-cpu", cpu.cpu);
    function.addFnAttr("tune-cpu", cpu.tune);
    if (!added.empty())
      function.addFnAttr("target-features", added);
    function.addFnAttr("prefer-vector-width", std::to_string(cpu.lanes * 32));
    if (function.getName().ends_with(".body"))
      function.addFnAttr(llvm::Attribute::NoInline);
    if (options.addressSanitizer)
      function.addFnAttr(llvm::Attribute::SanitizeAddress);
  }
}

/// Explicit vectors need no SLP, and unrolled row code gives it much to search.
static void optimize(llvm::Module &module, llvm::TargetMachine &machine,
                     const EmissionOptions &options) {
  llvm::PipelineTuningOptions tuning;
  tuning.SLPVectorization = false;
  runOptimizer(module, machine, tuning, options.optimization, [&](llvm::ModulePassManager &last) {
    if (options.addressSanitizer)
      last.addPass(llvm::AddressSanitizerPass(llvm::AddressSanitizerOptions()));
  });
}

static llvm::Error generate(llvm::Module &module, llvm::TargetMachine &machine,
                            llvm::CodeGenFileType kind, llvm::SmallVectorImpl<char> &out) {
  llvm::raw_svector_ostream stream(out);
  llvm::legacy::PassManager manager;
  if (machine.addPassesToEmitFile(manager, stream, nullptr, kind))
    return failure("the code generator cannot write this kind of file");
  manager.run(module);
  return llvm::Error::success();
}

static llvm::Error link(llvm::ArrayRef<char> object, llvm::SmallVectorImpl<char> &shared) {
  TemporaryFile input("o"), output("so");
  if (output.error)
    return failure("cannot make a temporary file: " + output.error.message());
  if (llvm::Error failed = input.write({object.data(), object.size()}))
    return failed;
  const char *arguments[] = {
      "ld.lld",      "-shared", "--build-id=none",   "--hash-style=gnu", "-s", "-z",
      "noexecstack", "-o",      output.path.c_str(), input.path.c_str()};
  static std::mutex linker;
  std::lock_guard<std::mutex> lock(linker);
  std::string text;
  llvm::raw_string_ostream stream(text);
  lld::Result result = lld::lldMain(arguments, stream, stream, {{lld::Gnu, &lld::elf::link}});
  if (result.retCode != 0)
    return failure("the linker failed: " + text);
  auto file = llvm::MemoryBuffer::getFile(output.path);
  if (!file)
    return failure("cannot read the linked code: " + file.getError().message());
  shared.assign((*file)->getBufferStart(), (*file)->getBufferEnd());
  return llvm::Error::success();
}

llvm::Expected<Emission> fovea::cpu::emit(mlir::ModuleOp module, const Capabilities &cpu,
                                          const EmissionOptions &options) {
  mlir::DialectRegistry registry;
  mlir::registerBuiltinDialectTranslation(registry);
  mlir::registerLLVMDialectTranslation(registry);
  module.getContext()->appendDialectRegistry(registry);
  // Weights live outside the code; the artefact's writer reads their declarations.
  mlir::OwningOpRef<mlir::ModuleOp> code(module.clone());
  for (mlir::Operation &op : llvm::make_early_inc_range(code->getOps()))
    if (!mlir::isa<mlir::LLVM::LLVMDialect>(op.getDialect()))
      op.erase();
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> ir = mlir::translateModuleToLLVMIR(*code, context, "fovea");
  if (!ir)
    return failure("the module cannot be translated to LLVM IR");
  Emission out;
  llvm::Triple triple = tripleFor(cpu);
  out.machine = {triple.str(), cpu.cpu, cpu.features};
  std::string error;
  std::vector<std::string> features = featuresOfRows(*ir);
  // LLVM's fast register allocator cannot carry tiles around a loop.
  bool optimizes = options.optimization > 0 || llvm::is_contained(features, "amx-tile");
  auto machine = machineFor(cpu, triple, optimizes, error);
  if (!machine)
    return failure(error);
  ir->setTargetTriple(triple);
  ir->setDataLayout(machine->createDataLayout());
  addShortFloatConversions(*ir);
  llvm::append_range(out.machine.features, features);
  prepare(*ir, cpu, features, options);
  if (llvm::verifyModule(*ir))
    return failure("the generated LLVM IR is not valid");
  optimize(*ir, *machine, options);
  selectBFloatsAsBits(*ir);
  if (!cpu.maskedAccesses)
    branchWhereMasksAreWhole(*ir);
  if (options.keepLlvmIr) {
    llvm::raw_string_ostream stream(out.llvmIr);
    ir->print(stream, nullptr);
  }
  if (options.keepAssembly) {
    llvm::SmallVector<char, 0> text;
    auto copy = llvm::CloneModule(*ir);
    if (llvm::Error failed = generate(*copy, *machine, llvm::CodeGenFileType::AssemblyFile, text))
      return std::move(failed);
    out.assembly.assign(text.begin(), text.end());
  }
  if (llvm::Error failed = generate(*ir, *machine, llvm::CodeGenFileType::ObjectFile, out.object))
    return std::move(failed);
  if (llvm::Error failed = link(out.object, out.sections.emplace_back().bytes))
    return std::move(failed);
  out.sections.front().target = "cpu";
  return out;
}
