//===- DeviceToEmulator.cpp - kernels to functions of the host ------------===//
//
// Gives kernels the calling convention of fovea_emulated_kernel.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/DeviceToEmulator/EmulatedKernel.h"
#include "compiler/Conversion/DeviceToEmulator/Passes.h"
#include "compiler/Conversion/KernelToLLVM/CodeToLLVM.h"
#include "fovea_device_abi.h"

#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Transforms/DialectConversion.h"

namespace fovea {
#define GEN_PASS_DEF_DEVICETOEMULATOR
#include "compiler/Conversion/DeviceToEmulator/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

namespace {

struct DeviceToEmulator : fovea::impl::DeviceToEmulatorBase<DeviceToEmulator> {
  using DeviceToEmulatorBase::DeviceToEmulatorBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    for (auto device : llvm::make_early_inc_range(module.getOps<gpu::GPUModuleOp>())) {
      for (auto kernel : llvm::make_early_inc_range(device.getOps<gpu::GPUFuncOp>()))
        if (failed(convert(kernel)))
          return signalPassFailure();
      device.erase();
    }
  }

  LogicalResult convert(gpu::GPUFuncOp kernel) {
    std::optional<KernelFacts> facts = factsOf(kernel);
    if (!facts)
      return kernel.emitOpError(
          "expected shared memory to be placed: run fovea-place-shared before");
    if (SymbolTable::lookupSymbolIn(getOperation(), kernel.getNameAttr()))
      return kernel.emitOpError(
          "expected a name that nothing beside the module of device code has");
    EmulatedKernel emulated(outline(kernel, *facts), *facts);
    if (failed(convertBody(emulated)))
      return failure();
    relaxAtomics(emulated.function);
    FailureOr<int64_t> told = checkAccesses(emulated, checks);
    if (failed(told))
      return failure();
    Builder builder(&getContext());
    SmallVector<StringRef> sites(emulated.sites.begin(), emulated.sites.end());
    emulated.function->setAttr(warp::kSitesAttr, builder.getStrArrayAttr(sites));
    numChecks += *told;
    ++numKernels;
    return success();
  }

  /// `@NAME(thread, args)` with the kernel's body, in which parameters are loads.
  LLVM::LLVMFuncOp outline(gpu::GPUFuncOp kernel, const KernelFacts &facts) {
    OpBuilder builder(kernel->getParentOp());
    Location loc = kernel.getLoc();
    Type pointer = LLVM::LLVMPointerType::get(&getContext());
    auto type =
        LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(&getContext()), {pointer, pointer});
    auto function = LLVM::LLVMFuncOp::create(builder, loc, kernel.getName(), type);
    setFacts(function, facts);
    SmallVector<Type> types = llvm::to_vector(kernel.getArgumentTypes());
    moveBody(kernel, function, [&](OpBuilder &body) {
      SmallVector<Value> values;
      for (auto [place, type] : llvm::enumerate(ArrayRef(types).drop_back()))
        values.push_back(loadUnchecked(body, loc, type, function.getArgument(1), 8 * place));
      values.push_back(loadUnchecked(body, loc, pointer, function.getArgument(0),
                                     offsetof(fovea_thread, fault)));
      return values;
    });
    return function;
  }

  LogicalResult convertBody(EmulatedKernel &kernel) {
    LowerToLLVMOptions options(&getContext());
    LLVMTypeConverter converter(&getContext(), options);
    addMemorySpaces(converter);
    RewritePatternSet patterns(&getContext());
    populateDeviceToLLVM(converter, patterns);
    populateGpuToEmulator(converter, kernel, patterns);
    populateWarpToEmulator(converter, kernel, patterns);
    LLVMConversionTarget target(getContext());
    if (failed(applyFullConversion(kernel.function, target, std::move(patterns))))
      return failure();
    takeLoopAnnotations(kernel.function);
    return success();
  }
};

} // namespace
