//===- DeviceToNVVM.cpp - kernels to the LLVM and NVVM dialects -----------===//
//
// Gives kernels the form that LLVM's NVPTX backend takes.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/DeviceToLLVM/DeviceCode.h"
#include "compiler/Conversion/DeviceToNVVM/Passes.h"
#include "compiler/Conversion/DeviceToNVVM/Patterns.h"
#include "compiler/Conversion/KernelToLLVM/CodeToLLVM.h"

#include "mlir/Conversion/GPUToNVVM/GPUToNVVMPass.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Transforms/DialectConversion.h"

namespace fovea {
#define GEN_PASS_DEF_DEVICETONVVM
#include "compiler/Conversion/DeviceToNVVM/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

/// Where every place in the memory of a block can start, in bytes.
static constexpr int64_t kSharedAlignment = 1024;

namespace {

struct DeviceToNVVM : fovea::impl::DeviceToNVVMBase<DeviceToNVVM> {
  void runOnOperation() override {
    bool hasKernels = false;
    for (auto kernel : llvm::make_early_inc_range(getOperation().getOps<gpu::GPUFuncOp>())) {
      if (!factsOf(kernel)) {
        kernel.emitOpError("expected shared memory to be placed: run fovea-place-shared before");
        return signalPassFailure();
      }
      LLVM::LLVMFuncOp function = outline(kernel);
      if (failed(convert(function)))
        return signalPassFailure();
      relaxAtomics(function);
      ++numKernels;
      hasKernels = true;
    }
    if (hasKernels)
      declareShared();
  }

  void declareShared() {
    OpBuilder builder = OpBuilder::atBlockBegin(getOperation().getBody());
    LLVM::GlobalOp::create(builder, getOperation().getLoc(),
                           LLVM::LLVMArrayType::get(builder.getI8Type(), 0), /*isConstant=*/false,
                           LLVM::Linkage::External, kSharedSymbol, Attribute(), kSharedAlignment,
                           unsigned(NVVM::NVVMMemorySpace::Shared));
  }

  /// The function that takes the kernel's place, with its body not converted yet.
  LLVM::LLVMFuncOp outline(gpu::GPUFuncOp kernel) {
    OpBuilder builder(kernel);
    auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(&getContext()),
                                            kernel.getArgumentTypes());
    auto function = LLVM::LLVMFuncOp::create(builder, kernel.getLoc(), kernel.getName(), type);
    KernelFacts facts = *factsOf(kernel);
    setFacts(function, facts);
    function->setAttr(NVVM::NVVMDialect::getKernelFuncAttrName(), builder.getUnitAttr());
    function->setAttr(NVVM::NVVMDialect::getReqntidAttrName(),
                      builder.getDenseI32ArrayAttr({int32_t(facts.threads)}));
    // ptxas, which would spill for room for more blocks, is told that one on a multiprocessor is
    // enough: blocks that stay for a whole loop are as many as run at once, and of threads with
    // memory of their own that memory is what room is needed for.
    WalkResult found = kernel.walk([](memref::AllocaOp) { return WalkResult::interrupt(); });
    if (facts.cooperative || found.wasInterrupted())
      function->setAttr(NVVM::NVVMDialect::getMinctasmAttrName(), builder.getI32IntegerAttr(1));
    if (ArrayAttr attributes = kernel.getArgAttrsAttr())
      function.setArgAttrsAttr(attributes);
    moveBody(kernel, function, [&](OpBuilder &) {
      return SmallVector<Value>(function.getArguments().begin(), function.getArguments().end());
    });
    return function;
  }

  LogicalResult convert(LLVM::LLVMFuncOp function) {
    LowerToLLVMOptions options(&getContext());
    LLVMTypeConverter converter(&getContext(), options);
    addMemorySpaces(converter);
    RewritePatternSet patterns(&getContext());
    populateDeviceToLLVM(converter, patterns);
    // What LLVM has an intrinsic for is no call of libdevice.
    populateGpuToNVVMConversionPatterns(converter, patterns, /*benefit=*/0);
    populateWarpToNVVM(converter, patterns);
    populateWarpToInlinePtx(converter, patterns);
    LLVMConversionTarget target(getContext());
    target.addLegalDialect<NVVM::NVVMDialect>();
    if (failed(applyFullConversion(function, target, std::move(patterns))))
      return failure();
    takeLoopAnnotations(function);
    return success();
  }
};

} // namespace
